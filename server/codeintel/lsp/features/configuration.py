"""Settings from the editor: initialization options, workspace/configuration and its change notification."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.lsp.opening import open_workspace

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)

SECTION: Final = "codeintel"

ANSWER_TIMEOUT_S: Final = 3.0
"""How long the client may take to tell its configuration; the workspace opens without it then. A guess."""


def register(server: CodeIntelServer) -> None:
    """Register the notification."""
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(configuration_changed)


async def configuration_changed(ls: CodeIntelServer, params: types.DidChangeConfigurationParams) -> None:
    """Take the settings over, and open the workspace again if they are different now."""
    before = ls.options
    pushed = params.settings.get(SECTION) if isinstance(params.settings, dict) else None
    if not await ask_for_options(ls):
        take_options(ls, pushed)
    if ls.options != before:
        await open_workspace(ls)


async def ask_for_options(ls: CodeIntelServer) -> bool:
    """Take over what the client has configured; whether it could be asked."""
    workspace = ls.client_capabilities.workspace
    if not (workspace and workspace.configuration):
        return False
    items = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        answer = await asyncio.wait_for(ls.workspace_configuration_async(items), ANSWER_TIMEOUT_S)
    except (JsonRpcException, TimeoutError) as error:
        log.info("the client did not tell its configuration: %r", error)
    else:
        take_options(ls, answer[0] if answer else None)
    return True


async def ask_to_be_told(ls: CodeIntelServer) -> None:
    """Register for change notifications, where the client wants that to be asked for."""
    workspace = ls.client_capabilities.workspace
    support = workspace.did_change_configuration if workspace else None
    if not (support and support.dynamic_registration):
        return
    registration = types.Registration(
        id=SECTION,
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
    )
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        log.info("the client will not tell when its configuration changes: %s", error)


def take_options(ls: CodeIntelServer, configured: Any) -> None:
    """Lay the configured options, which may be null, over those of initialization."""
    ls.options = (ls.options[0], configured)
