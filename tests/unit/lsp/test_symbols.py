"""Hits as symbols of a picker."""

from __future__ import annotations

import pytest
from lsprotocol import types

from codeintel.analysis.kinds import KINDS
from codeintel.lsp import protocol
from codeintel.lsp.features.workspace_symbol import SYMBOL_KINDS, symbol


def hit(
    kind: str = "function", symbols: tuple[str, ...] = (), breadcrumb: str = "", preview: str = ""
) -> protocol.Hit:
    return protocol.Hit(
        uri="file:///w/a.py", range=types.Range(types.Position(0, 0), types.Position(1, 0)), path="a.py", root="w",
        kind=kind, lang="python", breadcrumb=breadcrumb, symbols=list(symbols), preview=preview, score=1.0,
        freshness="saved", contributions=[],
    )  # fmt: skip


def test_every_kind_of_chunk_but_a_plain_block_has_a_symbol_kind() -> None:
    assert KINDS - set(SYMBOL_KINDS) == {"block"}
    assert set(SYMBOL_KINDS) <= KINDS
    assert symbol(hit("block")).kind is types.SymbolKind.File


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (hit(symbols=("take", "put"), breadcrumb="Queue > take", preview="def take"), "take"),
        (hit(breadcrumb="Queue > take", preview="return self.jobs"), "Queue > take"),
        (hit(preview="import os"), "import os"),
        (hit(), "a.py"),
    ],
)
def test_a_symbol_has_the_most_telling_name_that_there_is(found: protocol.Hit, name: str) -> None:
    assert symbol(found).name == name
    assert symbol(found).container_name == "a.py"
