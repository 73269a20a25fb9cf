"""Two sets of occurrences compared: what counts as the same."""

from __future__ import annotations

import pytest
from benchmarks.scip_agreement import Agreement

from codeintel.analysis.columns import Columns

BASE = "scip-python python p 0.0.0 m/"


def rows(*found: tuple[int, str, int, str]) -> Columns:
    """Start, symbol, roles and origin; every name has one character."""
    starts, symbols, roles, origins = map(list, zip(*found, strict=True))
    ends = [start + 1 if start else 0 for start in starts]
    return {"start_byte": starts, "end_byte": ends, "symbol": symbols, "roles": roles, "origin": origins}


def agreement(theirs: Columns, ours: Columns) -> Agreement:
    made = Agreement()
    made.add(theirs, ours)
    return made


MODULE = (0, BASE + "__init__:", 1, "scip")


def test_a_row_agrees_by_place_and_symbol() -> None:
    theirs = rows(
        MODULE, (3, BASE + "f().", 1, "scip"), (5, BASE + "g().", 1, "scip"), (9, BASE + "h().", 1, "scip")
    )
    ours = rows((3, BASE + "f().", 1, "fast"), (5, BASE + "x.", 1, "fast"), (7, BASE + "h().", 1, "fast"))
    found = agreement(theirs, ours)
    assert found.share("placed", "definition") == pytest.approx(2 / 4)
    assert found.share("fast", "definition") == pytest.approx(1 / 4)
    assert (found.surplus, found.rows) == (1, 3)


def test_inferred_rows_count_apart() -> None:
    theirs = rows(MODULE, (3, BASE + "f().", 8, "scip"), (5, BASE + "f().", 8, "scip"))
    ours = rows((3, BASE + "f().", 8, "fast"), (5, BASE + "f().", 8, "inferred"))
    found = agreement(theirs, ours)
    assert found.share("fast", "reference") == pytest.approx(0.5)
    assert found.share("known", "reference") == 1.0


def test_local_symbols_stand_for_each_other_one_to_one() -> None:
    theirs = rows(MODULE, *((place, "local 0", 8, "scip") for place in (3, 5, 7)), (9, "local 1", 8, "scip"))
    ours = rows(*((place, "local 4", 8, "fast") for place in (3, 5, 9)), (7, "local 5", 8, "fast"))
    assert agreement(theirs, ours).share("fast", "reference", ["local"]) == pytest.approx(2 / 4)


def test_where_a_symbol_is_defined_tells_its_home() -> None:
    library = "scip-python python python-stdlib 3.11 os/__init__:"
    other = "scip-python python p 0.0.0 other/x."
    theirs = rows(MODULE, (3, library, 8, "scip"), (5, other, 8, "scip"), (7, BASE + "f().", 8, "scip"))
    wanted = agreement(theirs, theirs).wanted
    assert dict(wanted) == {
        ("definition", "document"): 1,
        ("reference", "library"): 1,
        ("reference", "project"): 1,
        ("reference", "document"): 1,
    }
