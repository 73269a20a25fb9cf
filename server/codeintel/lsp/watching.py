"""Who watches the files: the client where it offers to, else a watcher of our own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:  # the server registers the features, which import this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)

REGISTRATION: Final = "codeintel-files"


async def watch(ls: CodeIntelServer) -> None:
    """Have somebody tell of files that change behind the editor's back."""
    opened = ls.session.now
    if opened is None or ls.client_watches:
        return
    if _offered(ls.client_capabilities) and await _asked(ls):
        ls.client_watches = True
        return
    opened.scheduler.watch()


def _offered(capabilities: types.ClientCapabilities) -> bool:
    workspace = capabilities.workspace
    support = workspace.did_change_watched_files if workspace else None
    return bool(support and support.dynamic_registration)


async def _asked(ls: CodeIntelServer) -> bool:
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    registration = types.Registration(REGISTRATION, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        log.info("the client will not tell of changed files: %s", error)
        return False
    return True
