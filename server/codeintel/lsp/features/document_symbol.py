"""textDocument/documentSymbol: what a document defines, behind a setting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError, WorkspaceError
from codeintel.lsp.features.workspace_symbol import SYMBOL_KINDS
from codeintel.lsp.locations import path_of, uri_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.document_outline import OutlineSymbol
    from codeintel.search.positions import Positions
    from codeintel.service import Service
    from codeintel.workspace.roots import Root

Symbols = list[types.DocumentSymbol] | list[types.SymbolInformation]


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(document_symbol)


async def document_symbol(ls: CodeIntelServer, params: types.DocumentSymbolParams) -> Symbols | None:
    """The definitions as a tree, or for a client that takes none as a list; None where it is switched off."""
    if not (await ls.session.opened()).settings.navigation.document_symbol:
        return None
    encoding, is_tree = ls.encoding, takes_trees(ls.client_capabilities)

    def question(service: Service, _: CancelCheck) -> Symbols:
        root, uri, found = service.document_symbols(path)
        translated = _Translated(root, uri, service.positions(encoding))
        tree = [translated.symbol(one) for one in found]
        return tree if is_tree else list(_listed(tree, uri_of(root.path / uri), None))

    try:
        path: Path = path_of(params.text_document.uri, "textDocument.uri")
        return await ls.session.ask(question)
    except (UsageError, WorkspaceError):
        return None


def takes_trees(capabilities: types.ClientCapabilities) -> bool:
    """Whether the client can show symbols within symbols."""
    support = capabilities.text_document.document_symbol if capabilities.text_document else None
    return bool(support and support.hierarchical_document_symbol_support)


class _Translated:
    """Symbols of one document in the client's positions."""

    def __init__(self, root: Root, uri: str, positions: Positions) -> None:
        self._root, self._uri, self._positions = root, uri, positions

    def symbol(self, found: OutlineSymbol) -> types.DocumentSymbol:
        """A definition and what is in it."""
        return types.DocumentSymbol(
            name=found.name,
            kind=SYMBOL_KINDS.get(found.kind, types.SymbolKind.Variable),
            range=self._range(found.start_byte, found.end_byte),
            selection_range=self._range(found.name_start_byte, found.name_end_byte),
            detail=found.signature or None,
            children=[self.symbol(child) for child in found.children],
        )

    def _range(self, start_byte: int, end_byte: int) -> types.Range:
        start, end = (
            self._positions.position(self._root, self._uri, byte) for byte in (start_byte, end_byte)
        )
        return types.Range(types.Position(*start), types.Position(*end))


def _listed(
    tree: Iterable[types.DocumentSymbol], uri: str, container: str | None
) -> Iterable[types.SymbolInformation]:
    for one in tree:
        yield types.SymbolInformation(
            types.Location(uri, one.range), name=one.name, kind=one.kind, container_name=container
        )
        yield from _listed(one.children or (), uri, one.name)
