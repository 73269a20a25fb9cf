"""Names that a Python document imports from a module of which its own text cannot tell whose it is.

Our analysis of one document gives such a name a local symbol, as scip-python does where it finds no such module. With
the other documents at hand, the import itself says what is meant: what stands before the name's first occurrence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable

from codeintel.catalog.occurrence_rows import OccurrenceRow, OccurrenceRows

_Key = tuple[str, str]
"""A document, and a local symbol of it."""


def imported_name(rows: OccurrenceRows, row: OccurrenceRow) -> str:
    """The qualified name that a local symbol was imported under; '' where it was not."""
    return _qualified(rows, rows.of([row.symbol])).get((row.uri, row.symbol), "")


def imported_rows(
    rows: OccurrenceRows, names: Collection[str], norms: Collection[str]
) -> list[OccurrenceRow]:
    """The occurrences of local symbols that were imported under one of these qualified names, which end in `names`."""
    compiled = rows.compiled()
    symbols = {one.symbol for one in rows.named(names) if one.is_local and not one.is_inferred}
    every = [one for one in rows.of(symbols) if one.uri not in compiled]
    qualified = _qualified(rows, every)
    return [one for one in every if qualified.get((one.uri, one.symbol)) in norms]


def _qualified(rows: OccurrenceRows, occurrences: Iterable[OccurrenceRow]) -> dict[_Key, str]:
    """What each local symbol is by its first occurrence; none that is defined in its document."""
    firsts: dict[_Key, OccurrenceRow] = {}
    defined: set[_Key] = set()
    for one in occurrences:
        key = one.uri, one.symbol
        if one.is_definition:
            defined.add(key)
        if key not in firsts or one.start_byte < firsts[key].start_byte:
            firsts[key] = one
    modules: dict[str, list[OccurrenceRow]] = defaultdict(list)
    for one in sorted(rows.modules(), key=lambda one: one.span):
        modules[one.uri].append(one)
    found: dict[_Key, str] = {}
    for key in firsts.keys() - defined:
        first, named = firsts[key], modules[key[0]]
        place = bisect_left(named, first.start_byte, key=lambda one: one.start_byte)
        if place and not named[place - 1].is_definition:
            found[key] = f"{named[place - 1].symbol_norm}.{first.name}"
    return found
