"""workspace/didChangeWorkspaceFolders: the index follows the folders of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.lsp.opening import open_workspace

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer


def register(server: CodeIntelServer) -> None:
    """Register the notification."""
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(folders_changed)


async def folders_changed(ls: CodeIntelServer, _: types.DidChangeWorkspaceFoldersParams) -> None:
    """Open the folders that there are now; pygls keeps the list."""
    await open_workspace(ls)
