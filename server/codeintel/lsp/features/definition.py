"""textDocument/definition: where the symbol at a position is defined, behind a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError, WorkspaceError
from codeintel.lsp import conversion
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(definition)


async def definition(ls: CodeIntelServer, params: types.DefinitionParams) -> list[types.Location] | None:
    """The definitions, best first; None where it is switched off, or the document is none of the workspace's."""
    if not (await ls.session.opened()).settings.navigation.definition:
        return None
    at, encoding = (params.position.line, params.position.character), ls.encoding

    def question(service: Service, cancelled: CancelCheck) -> list[types.Location]:
        found = service.definitions(path, at, encoding, cancelled)
        return [conversion.place(one) for one in found]

    try:
        path = path_of(params.text_document.uri, "textDocument.uri")
        return await ls.session.ask(question)
    except (UsageError, WorkspaceError):
        return None
