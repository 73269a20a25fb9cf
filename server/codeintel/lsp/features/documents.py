"""textDocument/didSave: a saved file is indexed at once.

Unsaved text is not indexed, so the server asks for no changes; pygls itself takes note of what is open.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.errors import CodeIntelError, IndexTrouble, UsageError
from codeintel.lsp.locations import path_of
from codeintel.lsp.opening import made_anew

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)


def register(server: CodeIntelServer) -> None:
    """Register the notification."""
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(saved)


async def saved(ls: CodeIntelServer, params: types.DidSaveTextDocumentParams) -> None:
    """Index the file; saves that come before it is read are one job."""
    try:
        path = path_of(params.text_document.uri, "textDocument.uri")
    except UsageError:
        return  # a document that is no file, such as an untitled one
    try:
        opened = await ls.session.opened()
        if not opened.readonly:
            await ls.session.indexing.files(opened.service, [path])
    except CodeIntelError as error:
        if isinstance(error, IndexTrouble) and await made_anew(ls):
            return  # all files were read again, this one too
        log.info("%s was saved but not indexed: %s", params.text_document.uri, error)
