"""workspace/symbol: the search itself, so that any editor's symbol picker is a search box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.lsp import conversion, protocol
from codeintel.lsp.locations import Ranges

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service

LIMIT: Final = 50
"""Hits in a picker: a few screens of them."""

SYMBOL_KINDS: Final = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "class": types.SymbolKind.Class,
    "interface": types.SymbolKind.Interface,
    "enum": types.SymbolKind.Enum,
    "struct": types.SymbolKind.Struct,
    "trait": types.SymbolKind.Interface,
    "impl": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "namespace": types.SymbolKind.Namespace,
    "type": types.SymbolKind.TypeParameter,
    "constant": types.SymbolKind.Constant,
    "field": types.SymbolKind.Field,
    "macro": types.SymbolKind.Function,
    "import": types.SymbolKind.Package,
    "test": types.SymbolKind.Function,
    "doc": types.SymbolKind.String,
    "text": types.SymbolKind.String,
}
"""What comes nearest to each kind of chunk; any other kind is shown as a file."""


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(types.WORKSPACE_SYMBOL)(workspace_symbol)


async def workspace_symbol(
    ls: CodeIntelServer, params: types.WorkspaceSymbolParams
) -> list[types.SymbolInformation]:
    """Search; pickers ask with an empty query when they open, which finds nothing."""
    if not params.query.strip():
        return []
    encoding = ls.encoding

    def question(service: Service, cancelled: CancelCheck) -> list[types.SymbolInformation]:
        from codeintel.service import SearchRequest  # loaded with the service, long after this module

        answer = service.search(SearchRequest(params.query, LIMIT, explain=False), cancelled)
        ranges = Ranges(service, encoding)
        return [symbol(conversion.hit(hit, ranges)) for hit in answer.hits]

    return await ls.session.ask(question)


def symbol(hit: protocol.Hit) -> types.SymbolInformation:
    """A hit as a symbol, named by what it defines, what encloses it, or its first telling line."""
    return types.SymbolInformation(
        name=(hit.symbols[0] if hit.symbols else hit.breadcrumb or hit.preview) or hit.path,
        kind=SYMBOL_KINDS.get(hit.kind, types.SymbolKind.File),
        location=types.Location(hit.uri, hit.range),
        container_name=hit.path,
    )
