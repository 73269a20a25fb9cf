"""initialize, initialized and shutdown: from the first message of a client to the last but one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.lsp.features.configuration import ask_for_options, ask_to_be_told
from codeintel.lsp.opening import open_workspace

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer


def register(server: CodeIntelServer) -> None:
    """Register the three."""
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.SHUTDOWN)(shutdown)


def initialize(ls: CodeIntelServer, params: types.InitializeParams) -> None:
    """Keep the options; pygls keeps folders and capabilities and computes the answer."""
    ls.options = (params.initialization_options, None)
    ls.session.prepare()


async def initialized(ls: CodeIntelServer, _: types.InitializedParams) -> None:
    """Open the workspace and index it in the background."""
    await ask_for_options(ls)
    await asyncio.gather(ask_to_be_told(ls), open_workspace(ls))


async def shutdown(ls: CodeIntelServer, _: None = None) -> None:
    """Stop all work and close the index; the answer says that this is done."""
    await ls.session.close()
