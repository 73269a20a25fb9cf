"""Rows of `scip_occurrences` as places of symbols: the few that a question is about, chosen before they are Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeintel.catalog.symbol_rows import COMPILED, coded
from codeintel.symbol_table import DEFINITION, LOCAL

INFERRED: Final = "inferred"
"""The origin of rows that are likely from names alone."""

MODULE: Final = "/__init__:"
"""How the symbol of a Python module ends."""

COLUMNS: Final = (
    *("uri", "symbol", "symbol_norm", "name", "roles", "start_line", "start_character", "end_line"),
    *("end_character", "start_byte", "end_byte", "enclosing_start_byte", "enclosing_end_byte", "origin"),
)
"""What is read of the table."""


@dataclass(frozen=True, slots=True)
class OccurrenceRow:
    """One place where a document names a symbol; the fields are the table's columns."""

    uri: str
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
    def is_definition(self) -> bool:
        """Whether the symbol is defined here."""
        return bool(self.roles & DEFINITION)

    @property
    def is_local(self) -> bool:
        """Whether the symbol means something within its document alone."""
        return self.symbol.startswith(LOCAL)

    @property
    def is_compiled(self) -> bool:
        """Whether a compiler said so."""
        return self.origin == COMPILED

    @property
    def is_inferred(self) -> bool:
        """Whether the name alone says so."""
        return self.origin == INFERRED

    @property
    def span(self) -> tuple[int, int]:
        """The bytes that it takes, half-open."""
        return self.start_byte, self.end_byte


class OccurrenceRows:
    """Rows of some documents; every question costs a look at them in Arrow, and what it finds in Python."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.select(COLUMNS)

    def __len__(self) -> int:
        return self._table.num_rows

    def __iter__(self) -> Iterator[OccurrenceRow]:
        return _rows(self._table)

    def at(self, byte: int) -> Iterator[OccurrenceRow]:
        """Those that a caret at a byte touches, so that the end of a name is the name's."""
        begun = pc.less_equal(self._table["start_byte"], pa.scalar(byte))
        return self._where(pc.and_(begun, pc.greater_equal(self._table["end_byte"], pa.scalar(byte))))

    def of(self, symbols: Iterable[str]) -> Iterator[OccurrenceRow]:
        """Those of some symbols."""
        return self._among("symbol", symbols)

    def meaning(self, norm: str) -> Iterator[OccurrenceRow]:
        """Those of a qualified name."""
        return self._where(pc.equal(self._table["symbol_norm"], pa.scalar(norm)))

    def named(self, names: Iterable[str]) -> Iterator[OccurrenceRow]:
        """Those where one of some names stands."""
        return self._among("name", names)

    def modules(self) -> Iterator[OccurrenceRow]:
        """Those of Python's modules."""
        return self._where(pc.ends_with(self._table["symbol"], MODULE))

    def compiled(self) -> frozenset[str]:
        """The documents that a compiler has spoken of."""
        is_compiled = pc.equal(self._table["origin"], pa.scalar(COMPILED))
        found: list[Any] = self._table.filter(is_compiled)["uri"].unique().to_pylist()
        return frozenset(found)

    def _among(self, column: str, values: Iterable[str]) -> Iterator[OccurrenceRow]:
        wanted = pa.array(sorted(set(values)), pa.string())
        return self._where(pc.is_in(self._table[column], value_set=wanted))

    def _where(self, mask: Any) -> Iterator[OccurrenceRow]:
        return _rows(self._table.filter(mask))


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """What a document says of a symbol that it defines."""

    symbol: str
    kind: str
    display_name: str
    signature: str | None


def symbol_rows(table: pa.Table) -> list[SymbolRow]:
    """Rows of `scip_symbols`."""
    columns = (table[name].to_pylist() for name in ("symbol", "kind", "display_name", "signature"))
    return [SymbolRow(*row) for row in zip(*columns, strict=True)]


def joined_rows(tables: Collection[pa.Table]) -> pa.Table:
    """Rows of one table that come from several places."""
    return pa.concat_tables(tables)


def by_document(table: pa.Table) -> Mapping[str, pa.Table]:
    """Each document's rows, which stand together, as a view that keeps those of the others in memory."""
    if not table.num_rows:
        return {}
    codes, uris = coded(table["uri"])
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    ends = [*starts[1:], len(codes)]
    return {
        uris[codes[start]]: table.slice(start, end - start) for start, end in zip(starts, ends, strict=True)
    }


def _rows(table: pa.Table) -> Iterator[OccurrenceRow]:
    columns = (table[name].to_pylist() for name in COLUMNS)
    return (OccurrenceRow(*row) for row in zip(*columns, strict=True))
