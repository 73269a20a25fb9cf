"""The table of occurrences against the obvious one: a list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codeintel.symbol_table import LEAST_FOLDED, DocumentSymbols, Occurrence, SymbolTable, occurrences

NAMES = ("retry", "Session", "send", "x")
NORMS = ("", "pkg.retry", "other.retry", "pkg.Session")
URIS = ("a.py", "b.py", "c/d.py")

rows = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NORMS), st.integers(0, 50), st.booleans()),
    max_size=6,
    unique_by=lambda row: row[2],
)


@st.composite
def documents(draw: st.DrawFn) -> DocumentSymbols:
    found = sorted(draw(rows), key=lambda row: row[2])
    columns = tuple(zip(*found, strict=True)) if found else ((), (), (), ())
    return DocumentSymbols(draw(st.integers(0, 2**64 - 1)), *columns)


changes = st.lists(
    st.dictionaries(st.sampled_from(URIS), st.one_of(st.none(), documents()), max_size=3), max_size=5
)


def listed(held: Mapping[str, DocumentSymbols], name: str) -> list[Occurrence]:
    found = (one for uri, symbols in held.items() for one in occurrences(uri, symbols) if one.name == name)
    return sorted(found, key=lambda one: (one.uri, one.start_byte))


def of_documents(held: Mapping[str, DocumentSymbols]) -> SymbolTable:
    """The same as arrays, as they come from the tables on disk."""
    every = [one for uri, symbols in held.items() for one in occurrences(uri, symbols)]
    uris = list(held)
    return SymbolTable.of_columns(
        NAMES,
        NORMS,
        uris,
        [symbols.content_hash for symbols in held.values()],
        (
            np.array([NAMES.index(one.name) for one in every], np.int32),
            np.array([NORMS.index(one.norm) for one in every], np.int32),
            np.array([uris.index(one.uri) for one in every], np.int32),
        ),
        np.array([one.start_byte for one in every], np.int64),
        np.array([one.is_definition for one in every], np.bool_),
    )


def agrees(table: SymbolTable, held: Mapping[str, DocumentSymbols]) -> None:
    assert len(table) == len(held)
    assert sorted(table.uris()) == sorted(held)
    for uri in URIS:
        assert table.of(uri) == held.get(uri)
        found = occurrences(uri, held[uri]) if uri in held else ()
        defined = [one for one in found if one.is_definition and 10 <= one.start_byte < 40]
        assert table.definitions(uri, 10, 40) == defined
        assert table.content_hash(uri) == (held[uri].content_hash if uri in held else None)
    for name in NAMES:
        found = listed(held, name)
        assert table.find(name) == found
        assert not found or name in set(table.names())
        references = [one for one in found if not one.is_definition]
        assert table.references(name) == len(references)
        for norm in NORMS[1:]:
            assert table.references(name, norm) == sum(one.norm in ("", norm) for one in references)
    every = [one for uri, symbols in held.items() for one in occurrences(uri, symbols)]
    for norm in NORMS:
        meant = [one for one in every if norm and one.norm == norm]
        assert table.documents(norm) == {one.uri for one in meant}
        defining = {one.uri for one in meant if one.is_definition}
        assert table.documents(norm, only_definitions=True) == defining


@given(st.dictionaries(st.sampled_from(URIS), documents(), max_size=3), changes)
def test_a_table_is_what_its_changes_made_of_it(
    first: dict[str, DocumentSymbols], steps: list[dict[str, DocumentSymbols | None]]
) -> None:
    held, table = dict(first), of_documents(first)
    agrees(table, held)
    for step in steps:
        table = table.changed(step)
        for uri, symbols in step.items():
            held.pop(uri, None)
            if symbols is not None:
                held[uri] = symbols
        agrees(table, held)
        agrees(table.folded(), held)


@given(st.dictionaries(st.sampled_from(URIS), documents(), max_size=3), changes)
def test_folding_changes_nothing(
    first: dict[str, DocumentSymbols], steps: list[dict[str, DocumentSymbols | None]]
) -> None:
    held, table = dict(first), of_documents(first)
    padding = {f"z{number}.py": DocumentSymbols(number) for number in range(LEAST_FOLDED + 1)}
    for step in steps:
        table = table.changed(step)
        held = {uri: one for uri, one in {**held, **step}.items() if one is not None}
    folded = table.changed(dict(padding))
    agrees(folded.changed(dict.fromkeys(padding)), held)


def test_an_older_table_stays_as_it_was() -> None:
    before = SymbolTable().changed({"a.py": DocumentSymbols(1, ("retry",), ("",), (3,), (False,))})
    after = before.changed({"a.py": DocumentSymbols(2)})
    assert (before.references("retry"), after.references("retry")) == (1, 0)


def test_locals_and_nameless_occurrences_are_left_out_and_inferred_references_mean_no_symbol() -> None:
    symbols = DocumentSymbols.of(
        7,
        {
            "name": ["retry", "retry", "i", ""],
            "symbol": ["s p n 0 `m`/retry().", "s p n 0 retry.", "local 3", "s p n 0 `m`/__init__:"],
            "symbol_norm": ["m.retry", "retry", "", "m"],
            "start_byte": [4, 20, 30, 0],
            "roles": [1, 8, 1, 1],
            "origin": ["fast", "inferred", "fast", "fast"],
        },
    )
    assert symbols == DocumentSymbols(7, ("retry", "retry"), ("m.retry", ""), (4, 20), (True, False))
