"""textDocument/references, behind a setting, and the command that a lens runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError, WorkspaceError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(types.TEXT_DOCUMENT_REFERENCES)(references)


async def references(ls: CodeIntelServer, params: types.ReferenceParams) -> list[types.Location] | None:
    """The references; None where it is switched off, or the document is none of the workspace's."""
    if not (await ls.session.opened()).settings.navigation.references:
        return None
    try:
        path = path_of(params.text_document.uri, "textDocument.uri")
        return await places(ls, path, params.position, with_definitions=params.context.include_declaration)
    except (UsageError, WorkspaceError):
        return None


async def references_command(ls: CodeIntelServer, params: protocol.SymbolParams) -> protocol.ReferencesResult:
    """The same for clients' own code, whatever the setting."""
    at = types.Position(params.line, params.character)
    found = await places(ls, path_of(params.uri, "uri"), at, with_definitions=False)
    return protocol.ReferencesResult(
        references=[protocol.Reference(uri=one.uri, range=one.range) for one in found]
    )


async def places(
    ls: CodeIntelServer, path: Path, position: types.Position, *, with_definitions: bool
) -> list[types.Location]:
    """Where the symbol at a position is named."""
    at, encoding = (position.line, position.character), ls.encoding

    def question(service: Service, cancelled: CancelCheck) -> list[types.Location]:
        found = service.references(path, at, encoding, cancelled, with_definitions=with_definitions)
        return [conversion.place(one) for one in found]

    return await ls.session.ask(question)
