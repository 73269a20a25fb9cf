"""Rows for the tests of SCIP: a toy language in which `def NAME` defines and every other word refers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.index_rows import columns_of
from codeintel.analysis.scip.merging import Occurrence, Rows, occurrences
from codeintel.analysis.scip.rows import OCCURRENCE_COLUMNS, SYMBOL_COLUMNS
from codeintel.analysis.scip.symbols import is_local, kind_of, name_of, norm
from codeintel.workspace.positions import LineIndex

PREFIX = "scip-python python toy 0.0.0 toy/"


def toy_rows(text: str, origin: str, symbols: Mapping[str, str] | None = None, prefix: str = PREFIX) -> Rows:
    """The rows of a text; a name's symbol is that of the mapping, `local` for one letter, else a function's."""
    known = symbols or {}
    index = LineIndex(text)
    rows, defined = [], {}
    for found in re.finditer(r"(def )?(\w+)", text):
        name = found[2]
        symbol = known.get(name, f"local {ord(name)}" if len(name) == 1 else f"{prefix}{name}().")
        start = len(text[: found.start(2)].encode())
        end = start + len(name.encode())
        place = (*index.position_of_byte(start, "utf-16"), *index.position_of_byte(end, "utf-16"))
        around = (start - 4, end) if found[1] else (None, None)
        rows.append((symbol, norm(symbol), name, 1 if found[1] else 8, *place, start, end, *around, origin))
        if found[1] and not is_local(symbol):
            defined[symbol] = name
    described = [
        (symbol, norm(symbol), kind_of(symbol), name_of(symbol) or name, f"by {origin}", None, None, [])
        for symbol, name in sorted(defined.items())
    ]
    return columns_of(OCCURRENCE_COLUMNS, rows), columns_of(SYMBOL_COLUMNS, described)


def written(columns: Columns, text: str) -> list[str]:
    """The rows in short: origin, role, what stands there, and the end of the symbol, in order."""
    data = text.encode()
    return [
        f"{row.origin} {'def' if row.defines else 'ref'} {data[row.start_byte : row.end_byte].decode()}"
        f" {row.symbol.removeprefix(PREFIX)}"
        for row in occurrences(columns)
    ]


def at(rows: Rows, name: str) -> list[Occurrence]:
    """The occurrences whose text is this."""
    return [row for row in occurrences(rows[0]) if row.name == name]
