"""textDocument/didOpen, didChange, didClose and didSave: what is typed is searched before it is saved."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.errors import CodeIntelError, IndexTrouble, UsageError
from codeintel.lsp.locations import path_of
from codeintel.lsp.open_documents import pass_on
from codeintel.lsp.opening import made_anew
from codeintel.workspace.documents import Change

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)


def register(server: CodeIntelServer) -> None:
    """Register the four."""
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=True))(saved)


def opened(ls: CodeIntelServer, params: types.DidOpenTextDocumentParams) -> None:
    """Take the text in; where it is the file's, nothing is to be done."""
    item = params.text_document
    ls.documents.open(item.uri, item.version, item.text, item.language_id)
    pass_on(ls, item.uri)


def changed(ls: CodeIntelServer, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the edits, all or none; a document that no longer follows them is searched as it is on disk."""
    uri, version = params.text_document.uri, params.text_document.version
    try:
        ls.documents.change(uri, version, [_change(one) for one in params.content_changes], ls.encoding)
    except UsageError as error:
        log.warning("an edit is ignored: %s", error)
    pass_on(ls, uri)


def closed(ls: CodeIntelServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget what was not saved."""
    ls.documents.close(params.text_document.uri)
    pass_on(ls, params.text_document.uri)


async def saved(ls: CodeIntelServer, params: types.DidSaveTextDocumentParams) -> None:
    """Read the file; saves that come before it is read are one job. The text that came along mends a lost step."""
    uri = params.text_document.uri
    if params.text is not None and ls.documents.get(uri) is not None:
        ls.documents.saved(uri, params.text)
        pass_on(ls, uri)
    try:
        path = path_of(uri, "textDocument.uri")
    except UsageError:
        return  # a document that is no file, such as an untitled one
    try:
        scheduler = (await ls.session.opened()).scheduler
        await asyncio.wrap_future(scheduler.touched([path]))
    except CodeIntelError as error:
        if isinstance(error, IndexTrouble) and await made_anew(ls):
            return  # all files were read again, this one too
        log.info("%s was saved but not indexed: %s", uri, error)


def _change(event: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(event, types.TextDocumentContentChangeWholeDocument):
        return Change(None, event.text)
    start, end = event.range.start, event.range.end
    return Change(((start.line, start.character), (end.line, end.character)), event.text)
