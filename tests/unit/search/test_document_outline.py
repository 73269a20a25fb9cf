"""The outline of a document from rows made by hand: what nests where, and what is left out."""

from __future__ import annotations

from codeintel.catalog.occurrence_rows import OccurrenceRow, SymbolRow
from codeintel.search.document_outline import OutlineSymbol, document_outline, flattened

PREFIX = "scip-python python p 0.0.0 `m`/"


def row(
    symbol: str, start: int, end: int, enclosing: tuple[int, int] | None = None, roles: int = 1
) -> OccurrenceRow:
    symbol = symbol if symbol.startswith("local ") else PREFIX + symbol
    first, last = enclosing or (None, None)
    name = symbol.rstrip("#.()").rpartition("/")[2].rpartition("#")[2]
    return OccurrenceRow("m.py", symbol, "", name, roles, 0, start, 0, end, start, end, first, last, "fast")


def tree(symbols: tuple[OutlineSymbol, ...]) -> list[object]:
    return [(one.name, tree(one.children)) if one.children else one.name for one in symbols]


def test_members_nest_by_their_symbols_and_functions_by_where_they_lie() -> None:
    rows = [
        row("Till#", 6, 10, (0, 90)),
        row("Till#ring().", 20, 24, (16, 60)),
        row("Till#total.", 30, 35),  # set in the method, a field of the class
        row("Till#ring().inner().", 42, 47, (40, 58)),
        row("after().", 104, 109, (100, 120)),
    ]
    assert tree(document_outline(rows, [])) == [
        ("Till", [("ring", ["inner"]), "total"]),
        "after",
    ]


def test_references_locals_parameters_and_modules_are_no_part_of_it() -> None:
    rows = [
        row("__init__:", 0, 0),
        row("f().", 4, 5, (0, 30)),
        row("f().(x)", 6, 7),
        row("local 0", 12, 13),
        row("g().", 20, 21, roles=8),
    ]
    assert tree(document_outline(rows, [])) == ["f"]


def test_a_value_is_shown_where_it_is_first_assigned_and_an_overload_each_time() -> None:
    rows = [
        row("LIMIT.", 0, 5),
        row("LIMIT.", 10, 15),
        row("f().", 24, 25, (20, 29)),
        row("f().", 34, 35, (30, 39)),
    ]
    found = document_outline(rows, [])
    assert [(one.name, one.start_byte) for one in found] == [("LIMIT", 0), ("f", 20), ("f", 30)]


def test_a_range_holds_its_name_whatever_the_rows_say() -> None:
    (found,) = document_outline([row("f().", 4, 9, (6, 8))], [])
    assert (found.start_byte, found.end_byte) == (4, 9)


def test_what_a_symbol_s_row_says_comes_first() -> None:
    described = SymbolRow(PREFIX + "f().", "macro", "f!", "macro f!(x)\nmore")
    (found,) = flattened(document_outline([row("f().", 0, 1)], [described]))
    assert (found.name, found.kind, found.signature) == ("f!", "macro", "macro f!(x)")
