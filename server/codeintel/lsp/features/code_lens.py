"""textDocument/codeLens: how often a definition is referred to, and what is like it, each behind a setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from codeintel.analysis.kinds import CALLABLE_OR_TYPE, CONSTANT
from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError, WorkspaceError
from codeintel.lsp.features.references import places
from codeintel.lsp.locations import path_of

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.document_outline import OutlineSymbol
    from codeintel.search.positions import Position
    from codeintel.service import Service
    from codeintel.settings import CodeLensSettings

REFERENCES: Final = "codeintel.server.references"
SIMILAR: Final = "codeintel.server.similar"

COUNTED: Final = CALLABLE_OR_TYPE | {CONSTANT}
"""Of what references are counted: a field's lens would be noise."""


def register(server: CodeIntelServer) -> None:
    """Register both requests."""
    server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))(code_lens)
    server.feature(types.CODE_LENS_RESOLVE)(resolve)


async def code_lens(ls: CodeIntelServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """The lenses that the settings want; references are counted when a lens comes into sight."""
    wanted = (await ls.session.opened()).settings.code_lens
    encoding, uri = ls.encoding, params.text_document.uri
    if not (wanted.references or wanted.similar):
        return None

    def question(service: Service, _: CancelCheck) -> list[types.CodeLens]:
        from codeintel.search.document_outline import flattened  # loaded with the service

        root, inner, found = service.document_symbols(path)
        positions = service.positions(encoding)
        return [
            lens
            for one in flattened(found)
            for lens in _lenses(one, uri, positions.position(root, inner, one.name_start_byte), wanted)
        ]

    try:
        path: Path = path_of(uri, "textDocument.uri")
        return await ls.session.ask(question)
    except (UsageError, WorkspaceError):
        return None


async def resolve(ls: CodeIntelServer, lens: types.CodeLens) -> types.CodeLens:
    """The lens with the number of references; one that did not come from here stays as it is."""
    data: Any = lens.data
    if lens.command is not None or not isinstance(data, dict):
        return lens
    try:
        found = await places(
            ls, path_of(str(data.get("uri")), "data.uri"), lens.range.start, with_definitions=False
        )
    except (UsageError, WorkspaceError):
        return lens
    title = "1 reference" if len(found) == 1 else f"{len(found):,} references"
    return types.CodeLens(lens.range, types.Command(title, REFERENCES, arguments=[data]))


def _lenses(
    found: OutlineSymbol, uri: str, at: Position, wanted: CodeLensSettings
) -> Iterator[types.CodeLens]:
    line, character = at
    name = types.Range(types.Position(line, character), types.Position(line, character))
    if wanted.references and found.kind in COUNTED:
        yield types.CodeLens(name, data={"uri": uri, "line": line, "character": character})
    if wanted.similar and found.kind in CALLABLE_OR_TYPE:
        yield types.CodeLens(name, types.Command("similar", SIMILAR, arguments=[{"uri": uri, "line": line}]))
