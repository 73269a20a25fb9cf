"""textDocument/hover: why the last search hit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError
from codeintel.lsp.hover_text import markdown, plain_text
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.answers import Hit
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(types.TEXT_DOCUMENT_HOVER)(hover)


async def hover(ls: CodeIntelServer, params: types.HoverParams) -> types.Hover | None:
    """The contributions of the hit that covers the line; None where the last searches hit nothing."""
    try:
        path = path_of(params.text_document.uri, "textDocument.uri")
    except UsageError:
        return None  # a document that is no file is never a hit

    def question(service: Service, _: CancelCheck) -> tuple[str, Hit] | None:
        return service.last_hit_at(path, params.position.line)

    if not (await ls.session.opened()).settings.hover.enabled:
        return None
    found = await ls.session.ask(question)
    if found is None:
        return None
    kind = preferred_format(ls.client_capabilities)
    write = markdown if kind == types.MarkupKind.Markdown else plain_text
    return types.Hover(types.MarkupContent(kind, write(*found)))


def preferred_format(capabilities: types.ClientCapabilities) -> types.MarkupKind:
    """The first format that the client names; plain text where it names none."""
    text_document = capabilities.text_document
    support = text_document.hover if text_document else None
    formats = support.content_format if support else None
    return formats[0] if formats else types.MarkupKind.PlainText
