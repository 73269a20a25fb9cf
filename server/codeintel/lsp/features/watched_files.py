"""workspace/didChangeWatchedFiles: files that changed behind the editor's back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.errors import UsageError
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer


def register(server: CodeIntelServer) -> None:
    """Register the notification."""
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(files_changed)


def files_changed(ls: CodeIntelServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Compare them with the index; what kind of change the client saw does not matter."""
    paths = []
    for event in params.changes:
        with contextlib.suppress(UsageError):  # no file
            paths.append(path_of(event.uri, "changes.uri"))
    if paths and (opened := ls.session.now):
        opened.scheduler.noticed(paths)
