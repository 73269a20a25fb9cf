"""Which of the methods that are behind settings a client is told of: those that a language's own server has too.

An editor may ask only the first server that offers a method, so what is switched off is not offered at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:  # the server registers the features, which import this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.settings import Settings

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S: Final = 3.0
"""How long the client may take to register a method; the workspace is indexed meanwhile. A guess."""

PROVIDERS: Final[Mapping[str, str]] = {
    types.TEXT_DOCUMENT_DEFINITION: "definition",
    types.TEXT_DOCUMENT_REFERENCES: "references",
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: "document_symbol",
    types.TEXT_DOCUMENT_CODE_LENS: "code_lens",
}
"""The methods, and what capabilities call them: NAME on the client's side, NAME_provider on the server's."""


def wanted_by(settings: Settings) -> frozenset[str]:
    """The methods that are switched on."""
    navigation, lens = settings.navigation, settings.code_lens
    switches = {
        types.TEXT_DOCUMENT_DEFINITION: navigation.definition,
        types.TEXT_DOCUMENT_REFERENCES: navigation.references,
        types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: navigation.document_symbol,
        types.TEXT_DOCUMENT_CODE_LENS: lens.references or lens.similar,
    }
    return frozenset(method for method, is_on in switches.items() if is_on)


def withdraw(offered: types.ServerCapabilities, client: types.ClientCapabilities, settings: Settings) -> None:
    """Take out of what is offered at the start what is registered later, and what is switched off."""
    kept = wanted_by(settings) - registrable(client)
    for method, name in PROVIDERS.items():
        if method not in kept:
            setattr(offered, f"{name}_provider", None)


def registrable(client: types.ClientCapabilities) -> frozenset[str]:
    """The methods that the client lets a server register while it runs."""
    support = client.text_document
    return frozenset(
        method
        for method, name in PROVIDERS.items()
        if getattr(getattr(support, name, None), "dynamic_registration", False)
    )


class OptionalMethods:
    """Keeps what a client has registered as the settings want it; used on the event loop."""

    def __init__(self, server: CodeIntelServer) -> None:
        self._server = server
        self._registered: frozenset[str] = frozenset()
        self._changing = asyncio.Lock()
        self._refreshing: asyncio.Future[None] | None = None  # kept, or it could vanish before it is done

    async def follow(self, settings: Settings) -> None:
        """Register what is switched on and was not, and the other way round; a client that refuses goes without."""
        async with self._changing:
            wanted = wanted_by(settings) & registrable(self._server.client_capabilities)
            await self._unregister(self._registered - wanted)
            await self._register(wanted - self._registered)
            self._registered = wanted

    def refresh_lenses(self, settings: Settings) -> None:
        """Have the client ask again for lenses: what they count is known now, or is another number."""
        workspace = self._server.client_capabilities.workspace
        support = workspace.code_lens if workspace else None
        if support and support.refresh_support and types.TEXT_DOCUMENT_CODE_LENS in wanted_by(settings):
            self._refreshing = asyncio.ensure_future(
                _told(self._server.workspace_code_lens_refresh_async(None))
            )

    async def _register(self, methods: Iterable[str]) -> None:
        registrations = [
            types.Registration(_identifier(method), method, _options(method)) for method in sorted(methods)
        ]
        if registrations:
            params = types.RegistrationParams(registrations)
            await _told(self._server.client_register_capability_async(params))

    async def _unregister(self, methods: Iterable[str]) -> None:
        registrations = [types.Unregistration(_identifier(method), method) for method in sorted(methods)]
        if registrations:
            params = types.UnregistrationParams(registrations)
            await _told(self._server.client_unregister_capability_async(params))


async def _told(request: Any) -> None:
    try:
        await asyncio.wait_for(request, ANSWER_TIMEOUT_S)
    except (JsonRpcException, TimeoutError) as error:
        log.info("the client does not follow the settings: %r", error)


def _identifier(method: str) -> str:
    return f"codeintel-{method}"


def _options(method: str) -> Any:
    files = [types.TextDocumentFilterScheme(scheme="file")]
    if method == types.TEXT_DOCUMENT_CODE_LENS:
        return types.CodeLensRegistrationOptions(files, resolve_provider=True)
    return types.TextDocumentRegistrationOptions(files)
