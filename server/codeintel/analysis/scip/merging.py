"""One document's occurrences and symbols from two sources: its own text now, and a compiler's index of it before.

The compiler knows more, our own analysis is newer. On a line that reads as it did, the compiler's rows hold; everywhere
else, and where the compiler says nothing, ours do. Nothing here knows how either came about.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.index_rows import ORIGIN, columns_of
from codeintel.analysis.scip.line_matching import unchanged_lines
from codeintel.analysis.scip.rows import DEFINITION, OCCURRENCE_COLUMNS, SYMBOL_COLUMNS
from codeintel.analysis.scip.symbols import is_local, local, name_of, norm
from codeintel.workspace.line_breaks import lines_of

Rows = tuple[Columns, Columns]
"""The occurrences and the symbols of a document."""

MIN_FITTING_DEFINITIONS, MIN_FITTING_REFERENCES = 0.9, 0.5
"""Shares of an index's names that must stand in a text for it to be the one that was indexed (guesses: a definition is
called what its symbol is called, a reference may have an alias; one line more at the top leaves a few per cent)."""

_UNCHECKED = ("/", ":", ">`().")
"""How symbols end whose name need not stand in the text: modules, and what TypeScript calls `<constructor>`."""


class Occurrence(NamedTuple):
    """A row of occurrences; the fields are the table's columns in their order."""

    symbol: str
    symbol_norm: str
    name: str
    roles: int
    start_line: int
    start_character: int
    end_line: int
    end_character: int
    start_byte: int
    end_byte: int
    enclosing_start_byte: int | None
    enclosing_end_byte: int | None
    origin: str

    @property
    def span(self) -> tuple[int, int]:
        """The bytes that it takes, half-open."""
        return self.start_byte, self.end_byte

    @property
    def defines(self) -> bool:
        """Whether the symbol is defined here."""
        return bool(self.roles & DEFINITION)


def merge(fast: Rows, compiled: Rows, old_text: str, new_text: str) -> Rows:
    """The rows of `new_text`, given ours of it and a compiler's of `old_text`.

    Of `compiled` only rows with origin 'scip' count, so that the outcome of an earlier merge may be given. They are
    kept, shifted, where their line reads as before, unless what they name (or what that is part of) is defined nowhere
    any more, as after a class was renamed. A row of `fast` is added where no such row overlaps it, and takes over the
    compiler's symbol for what both define at one place; the local symbols of the two sources never become one by
    accident. Sorted by place; depends on the arguments alone.
    """
    earlier = occurrences(compiled[0])
    before = [row for row in earlier if row.origin == ORIGIN]
    ours = sorted(occurrences(fast[0]), key=_place)
    carried = before if old_text == new_text else _carried(before, old_text, new_text)
    kept = _still_defined(carried, before, ours)
    names = _translation(kept, ours)
    added = [_renamed(row, names) for row in _uncovered(ours, kept)]
    rows = sorted({*_enclosed(kept, ours), *added}, key=_place)
    return columns_of(OCCURRENCE_COLUMNS, rows), _symbols(fast[1], compiled[1], rows, earlier, names)


def fits(columns: Columns, text: str) -> bool:
    """Whether a compiler's occurrences were made from this text: whether the names of symbols stand where they should.

    True where nothing can be told, as for local symbols alone.
    """
    data = text.encode()
    checks: dict[bool, list[bool]] = {True: [], False: []}
    for row in occurrences(columns):
        name = "" if row.symbol.endswith(_UNCHECKED) else name_of(row.symbol)
        if name and row.end_byte > row.start_byte:
            checks[row.defines].append(name.encode() in data[row.start_byte : row.end_byte])
    return all(
        sum(found) >= share * len(found)
        for found, share in ((checks[True], MIN_FITTING_DEFINITIONS), (checks[False], MIN_FITTING_REFERENCES))
    )


def occurrences(columns: Columns) -> list[Occurrence]:
    """The rows of the columns."""
    return [Occurrence(*row) for row in zip(*(columns[name] for name in OCCURRENCE_COLUMNS), strict=True)]


def _place(row: Occurrence) -> tuple[Any, ...]:
    return (
        *row.span,
        row.symbol,
        row.roles,
        row.origin,
        row.enclosing_start_byte or 0,
        row.enclosing_end_byte or 0,
    )


class _Shift:
    """Where the unchanged lines of a text went."""

    def __init__(self, old_text: str, new_text: str) -> None:
        old, new = lines_of(old_text), lines_of(new_text)
        self._lines = unchanged_lines(
            [line.rstrip("\r\n") for line in old], [line.rstrip("\r\n") for line in new]
        )
        self._old, self._new = _starts(old), _starts(new)

    def row(self, row: Occurrence) -> Occurrence | None:
        """The row in the new text; None where one of its lines has changed."""
        if row.end_byte == 0:  # what stands for the whole document
            start, end, lines = 0, 0, 0
        else:
            target = self._lines.get(row.start_line)
            lines = row.end_line - row.start_line
            if target is None or any(
                self._lines.get(row.start_line + further) != target + further
                for further in range(1, lines + 1)
            ):
                return None
            start, end = self._moved(row.start_line, row.start_byte), self._moved(row.end_line, row.end_byte)
            row = row._replace(start_line=target, end_line=target + lines)
        around = self._range(row.enclosing_start_byte, row.enclosing_end_byte)
        return row._replace(
            start_byte=start, end_byte=end, enclosing_start_byte=around[0], enclosing_end_byte=around[1]
        )

    def _range(self, start: int | None, end: int | None) -> tuple[int, int] | tuple[None, None]:
        """A range that may grow or shrink within; nothing where the line that begins or ends it has changed."""
        if start is None or end is None or end <= start:
            return None, None
        first, last = self._line_of(start), self._line_of(end - 1)
        if first not in self._lines or last not in self._lines:
            return None, None
        return self._moved(first, start), self._moved(last, end)

    def _line_of(self, byte: int) -> int:
        return bisect_right(self._old, byte) - 1

    def _moved(self, line: int, byte: int) -> int:
        return byte - self._old[line] + self._new[self._lines[line]]


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    return starts


def _carried(before: Iterable[Occurrence], old_text: str, new_text: str) -> list[Occurrence]:
    shift = _Shift(old_text, new_text)
    return [moved for row in before if (moved := shift.row(row)) is not None]


def _still_defined(
    carried: Sequence[Occurrence], before: Sequence[Occurrence], ours: Sequence[Occurrence]
) -> list[Occurrence]:
    """The carried rows whose symbol, and every symbol around it, the document still defines if it ever did.

    A definition whose line was edited is known again by its symbol, or by its name where ours are of another scheme.
    """
    alive = {row.symbol for row in carried if row.defines}
    alive |= {row.symbol for row in ours if row.defines and not is_local(row.symbol)}
    vanished = {row.symbol: row.name for row in before if row.defines and row.symbol not in alive}
    covered = {row.span for row in carried}
    renewed = {row.name for row in ours if row.defines and row.span not in covered}
    schemes = {_scheme(row.symbol) for row in ours}
    lost = {symbol for symbol, name in vanished.items() if _scheme(symbol) in schemes or name not in renewed}
    doomed = {symbol for symbol in {row.symbol for row in carried} if _within(symbol, lost)}
    return [row for row in carried if row.symbol not in doomed]


def _scheme(symbol: str) -> str:
    return symbol.partition(" ")[0]


def _within(symbol: str, lost: set[str]) -> bool:
    """Whether the symbol is one of these or, its descriptors following theirs, part of one."""
    if is_local(symbol):
        return symbol in lost
    return any(symbol[:end] in lost for end in range(1, len(symbol) + 1) if symbol[end - 1] in "/#.:!)]")


def _translation(kept: Sequence[Occurrence], ours: Sequence[Occurrence]) -> dict[str, str]:
    """What our symbols are called in the merged rows, where that is another name.

    A symbol that both sources define at one place, and a local one that they know at one place, is the compiler's.
    Another local symbol gets a number that the compiler did not use.
    """
    defined = {row.span: row.symbol for row in reversed(kept) if row.defines and row.end_byte}
    known = {row.span: row.symbol for row in reversed(kept) if is_local(row.symbol)}
    names: dict[str, str] = {}
    for row in ours:
        there = (
            defined.get(row.span) if row.defines else known.get(row.span) if is_local(row.symbol) else None
        )
        if there is not None:
            names.setdefault(row.symbol, there)
    taken = {row.symbol for row in kept if is_local(row.symbol)}
    free = (name for name in map(local, count()) if name not in taken)
    for symbol in dict.fromkeys(row.symbol for row in ours if is_local(row.symbol)):
        if symbol not in names:
            names[symbol] = next(free)
    return names


def _renamed(row: Occurrence, names: Mapping[str, str]) -> Occurrence:
    symbol = names.get(row.symbol, row.symbol)
    return row if symbol == row.symbol else row._replace(symbol=symbol, symbol_norm=norm(symbol))


def _uncovered(ours: Iterable[Occurrence], kept: Iterable[Occurrence]) -> list[Occurrence]:
    """Our rows that no kept row overlaps; an empty range is overlapped by its like alone."""
    spans = {row.span for row in kept}
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if ends and start < ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)

    def is_free(row: Occurrence) -> bool:
        start, end = row.span
        if start == end:
            return row.span not in spans
        last = bisect_left(starts, end) - 1
        return last < 0 or ends[last] <= start

    return [row for row in ours if is_free(row)]


def _enclosed(kept: Iterable[Occurrence], ours: Iterable[Occurrence]) -> list[Occurrence]:
    """The kept rows, a definition whose extent was lost with the extent that we see."""
    extents = {row.span: row for row in ours if row.defines and row.enclosing_end_byte is not None}
    return [
        row._replace(
            enclosing_start_byte=seen.enclosing_start_byte, enclosing_end_byte=seen.enclosing_end_byte
        )
        if row.defines and row.enclosing_end_byte is None and (seen := extents.get(row.span))
        else row
        for row in kept
    ]


def _symbols(
    ours: Columns,
    compiled: Columns,
    rows: Sequence[Occurrence],
    earlier: Sequence[Occurrence],
    names: Mapping[str, str],
) -> Columns:
    """What is known of each symbol: the compiler's word where the compiler's definition was kept, else ours.

    Of a symbol that the compiler describes though nothing defines it, its description stays.
    """
    sources: dict[str, set[str]] = {}
    for row in rows:
        if row.defines:
            sources.setdefault(row.symbol, set()).add(row.origin)
    once_defined = {row.symbol for row in earlier if row.defines} | sources.keys()
    merged: dict[str, tuple[Any, ...]] = {}
    for described in _descriptions(ours):
        symbol = names.get(described[0], described[0])
        if symbol in sources:
            merged[symbol] = described if symbol == described[0] else (symbol, norm(symbol), *described[2:])
    for described in _descriptions(compiled):
        symbol = described[0]
        stays = ORIGIN in sources.get(symbol, ()) or (symbol in sources and symbol not in merged)
        if stays or symbol not in once_defined:
            merged[symbol] = described
    return columns_of(SYMBOL_COLUMNS, [merged[symbol] for symbol in sorted(merged)])


def _descriptions(columns: Columns) -> Iterable[tuple[Any, ...]]:
    return zip(*(columns[name] for name in SYMBOL_COLUMNS), strict=True)
