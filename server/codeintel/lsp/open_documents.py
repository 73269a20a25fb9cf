"""What the editor has open, handed to the scheduler when it changes; edits are applied by workspace/documents.py."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.errors import UsageError
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # the server registers the features, which import this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)


def pass_on(ls: CodeIntelServer, uri: str) -> None:
    """Have the document searched as it is now; nothing happens while the workspace is being opened."""
    if (opened := ls.session.now) is None or (path := _path(uri)) is None:
        return
    document = ls.documents.get(uri)
    limit = opened.settings.index.max_file_bytes  # a text has at least as many bytes as characters
    if document is not None and document.in_step and document.characters <= limit:
        opened.scheduler.edited(path, document.text)
    else:  # closed, too large to be indexed, or not to be trusted: the file is nearer to the truth
        opened.scheduler.closed(path)


def reopen_documents(ls: CodeIntelServer) -> None:
    """Have everything searched that is open, by a scheduler that has just begun."""
    for uri in ls.documents.keys():  # noqa: SIM118 - a snapshot, not a mapping
        pass_on(ls, uri)


def _path(uri: str) -> Path | None:
    try:
        return path_of(uri, "textDocument.uri")
    except UsageError:  # a document that is no file, such as an untitled one
        return None
