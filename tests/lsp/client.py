"""A client for the real server over stdio, with the custom messages typed and partial results collected."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features
from pytest_lsp.protocol import LanguageClientProtocol

from codeintel.lsp import protocol

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "server")}
SERVER = [sys.executable, "-c", "import sys; from codeintel.entry import server; sys.exit(server())"]
EDITORS = ("visual-studio-code", "neovim@0.11", "emacs")

PATIENCE_S = 120
"""What a test waits for at most before it fails; nothing here takes more than seconds."""

TEXT_ONLY = {"index": {"tier": "text"}}
"""Options for tests that need no vectors: indexing takes a moment instead of seconds."""


@attrs.define
class StatusChangedNotification:
    """codeintel/statusChanged, as pygls wants it."""

    params: protocol.StatusChanged
    method: str = protocol.STATUS_CHANGED
    jsonrpc: str = "2.0"


class ClientProtocol(LanguageClientProtocol):
    """Knows the custom messages."""

    def get_message_type(self, method: str) -> type | None:
        if method in protocol.NOTIFICATIONS:
            return StatusChangedNotification
        known = protocol.MESSAGES.get(method)
        return known[0] if known else types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type | None:
        known = protocol.MESSAGES.get(method)
        return known[1] if known else types.METHOD_TO_TYPES.get(method, (None, None))[1]


class Client(LanguageClient):
    """pytest-lsp's client, plus the partial results and the wait for the end of indexing."""

    def __init__(self) -> None:
        super().__init__(protocol_cls=ClientProtocol, converter_factory=protocol.converter)
        self.partial_hits: dict[Any, list[list[protocol.Hit]]] = {}
        self.better_hits: dict[Any, list[list[protocol.Hit]]] = {}  # those that replace them
        self.server: types.ServerCapabilities
        self.registrations: list[types.Registration] = []
        # pytest-lsp's own handler of $/progress fails on values that are no work-done progress.
        features = {
            name: handler for name, handler in DEFAULT_CLIENT_FEATURES.items() if name != types.PROGRESS
        }
        register_lsp_features(self, features)
        self.feature(types.PROGRESS)(on_progress)
        self.feature(types.CLIENT_REGISTER_CAPABILITY)(on_registration)
        self.statuses: list[protocol.StatusChanged] = []
        self.feature(protocol.STATUS_CHANGED)(on_status)

    async def search(self, query: str, **params: Any) -> protocol.SearchResult:
        """codeintel/search."""
        return await self.ask(protocol.SEARCH, protocol.SearchParams(query=query, **params))

    async def ask(self, method: str, params: Any) -> Any:
        """Any custom request."""
        return await self.protocol.send_request_async(method, params)

    async def command(self, name: str, *arguments: Any) -> Any:
        """A command of the server, with its result as plain JSON."""
        params = types.ExecuteCommandParams(f"codeintel.server.{name}", list(arguments))
        return await self.workspace_execute_command_async(params)

    def save(self, path: Path, text: str) -> None:
        """Write a file and tell the server, as an editor does."""
        path.write_text(text, encoding="utf-8")
        document = types.TextDocumentIdentifier(path.as_uri())
        self.text_document_did_save(types.DidSaveTextDocumentParams(document))


def on_progress(client: Client, params: types.ProgressParams) -> None:
    """Keeps work-done progress as pytest-lsp does, and partial results apart."""
    if isinstance(params.value, dict) and "kind" in params.value:
        DEFAULT_CLIENT_FEATURES[types.PROGRESS](client, params)
    else:
        partial = client.protocol._converter.structure(params.value, protocol.PartialHits)
        better = partial.replaces or params.token in client.better_hits
        batches = client.better_hits if better else client.partial_hits
        batches.setdefault(params.token, []).append(partial.hits)


def on_registration(client: Client, params: types.RegistrationParams) -> None:
    """Keeps what the server asked to be told about."""
    client.registrations += params.registrations


def on_status(client: Client, params: protocol.StatusChanged) -> None:
    """Keeps what the server said of itself."""
    client.statuses.append(params)


@asynccontextmanager
async def connected(
    *folders: Path,
    editor: str = EDITORS[0],
    options: Any = None,
    configuration: dict[str, Any] | None = None,
    change: Callable[[types.ClientCapabilities], None] | None = None,
    indexed: bool = True,
    server: Sequence[str] = SERVER,
) -> AsyncIterator[Client]:
    """A session on the folders, shut down in the end; with `indexed` it begins when indexing has ended."""
    client = await ClientServerConfig(list(server), Client, ENVIRONMENT).start()
    assert isinstance(client, Client)
    client.set_configuration(configuration or {})
    capabilities = client_capabilities(editor)
    if change:
        change(capabilities)
    params = types.InitializeParams(
        capabilities=capabilities,
        initialization_options=options,
        workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders],
    )
    client.server = (await client.initialize_session(params)).capabilities
    try:
        if indexed:
            await until_indexed(client)
        yield client
    finally:
        await client.shutdown_session()
        await client.stop()


async def until_indexed(client: Client, runs: int = 1) -> None:
    """Wait for the end of so many progress bars."""
    await until(lambda: sum(ended(bar) for bar in client.progress_reports.values()) >= runs)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until what the server sends makes a condition true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


async def until_found(client: Client, phrase: str) -> protocol.Hit:
    """Wait until a phrase is found; saving has no answer that one could wait for."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(JsonRpcException):  # nothing is indexed yet
                if hits := (await client.search(f'"{phrase}"', limit=1)).hits:
                    return hits[0]
            await asyncio.sleep(0.05)


def ended(reports: Sequence[Any]) -> bool:
    """Whether a progress bar was closed."""
    return bool(reports) and isinstance(reports[-1], types.WorkDoneProgressEnd)
