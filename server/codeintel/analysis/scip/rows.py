"""Occurrence and symbol rows of one document, gathered one by one and handed on as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from codeintel.analysis.columns import Columns, empty_columns
from codeintel.analysis.scip.symbols import (
    MODULE_NAME,
    Descriptor,
    Suffix,
    Symbol,
    display_name_of,
    is_local,
    kind_of_parsed,
    norm_of,
    parse,
)

Origin = Literal["fast", "inferred"]
"""How sure a row of ours is: 'fast' follows from the text, 'inferred' is likely from names alone."""

DEFINITION = 1
READ_ACCESS = 8
"""Bits of `roles` (SymbolRole in scip.proto); scip-python uses these two."""

OCCURRENCE_COLUMNS = (
    *("symbol", "symbol_norm", "name", "roles", "start_line", "start_character", "end_line", "end_character"),
    *("start_byte", "end_byte", "enclosing_start_byte", "enclosing_end_byte", "origin"),
)
SYMBOL_COLUMNS = (
    *("symbol", "symbol_norm", "kind", "display_name", "documentation", "signature", "enclosing_symbol"),
    "relationships",
)

MAX_DOCUMENTATION = 500
"""Characters of a docstring that are kept, as for syntax nodes."""

MAX_SIGNATURE = 300
"""Characters of a signature that are kept (guess: three lines)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range within one line: 0-based line, UTF-16 characters, UTF-8 bytes of the document, half-open."""

    line: int
    start_character: int
    end_character: int
    start_byte: int
    end_byte: int


class Rows:
    """The rows of one document in the making."""

    def __init__(self) -> None:
        self._occurrences: list[tuple[Any, ...]] = []
        self._symbols: dict[str, tuple[Any, ...]] = {}
        self._norms: dict[str, str] = {}
        self._last_parsed: tuple[str, Symbol | None] = ("", None)

    def add_occurrence(
        self, symbol: str, name: str, span: Span, roles: int, origin: Origin,
        enclosing: tuple[int, int] | None = None, norm: str | None = None,
    ) -> None:  # fmt: skip
        """One occurrence; `enclosing` are the bytes of the whole definition, `norm` its norm where it is known."""
        if norm is None:
            norm = self._norms.get(symbol)
        if norm is None:
            norm = self._norms[symbol] = "" if is_local(symbol) else norm_of(self._parse(symbol))
        start, end = enclosing or (None, None)
        self._occurrences.append(
            (
                *(symbol, norm, name, roles, span.line, span.start_character, span.line, span.end_character),
                *(span.start_byte, span.end_byte, start, end, origin),
            )
        )

    def add_symbol(
        self, symbol: str, documentation: str | None = None, signature: str | None = None,
        implements: tuple[str, ...] = (), kind: str | None = None,
    ) -> None:  # fmt: skip
        """What the document says of a symbol that it defines; the first word counts, locals are left out."""
        if symbol in self._symbols or is_local(symbol):
            return
        parsed = self._parse(symbol)
        if parsed is None or not parsed.descriptors:
            return
        self._symbols[symbol] = (
            symbol,
            norm_of(parsed),
            kind or kind_of_parsed(parsed),
            display_name_of(parsed),
            documentation[:MAX_DOCUMENTATION] if documentation else None,
            signature[:MAX_SIGNATURE] if signature else None,
            _enclosing(parsed),
            [_implementation(base) for base in implements],
        )

    def _parse(self, symbol: str) -> Symbol | None:
        """A definition's two rows are added one after the other."""
        if self._last_parsed[0] != symbol:
            self._last_parsed = symbol, parse(symbol)
        return self._last_parsed[1]

    def columns(self) -> tuple[Columns, Columns]:
        """All rows, occurrences in the order of the text."""
        ordered = sorted(self._occurrences, key=_position)
        return _columns(OCCURRENCE_COLUMNS, ordered), _columns(SYMBOL_COLUMNS, list(self._symbols.values()))


def _position(row: tuple[Any, ...]) -> tuple[int, int, str]:
    return row[8], row[9], row[0]


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Columns:
    if not rows:
        return empty_columns(names)
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _enclosing(parsed: Symbol) -> str | None:
    """The symbol around this one; around what a Python module defines, the module's own."""
    outer = parsed.descriptors[:-1]
    if outer and outer[-1] == parsed.descriptors[-1]:  # an annotated variable of a module stands twice
        outer = outer[:-1]
    if not outer or (parsed.descriptors[-1].suffix is Suffix.META and len(outer) == 1):
        return None
    if outer[-1].suffix is Suffix.NAMESPACE and parsed.scheme == "scip-python":
        outer = (*outer, Descriptor(MODULE_NAME, Suffix.META))
    return str(replace(parsed, descriptors=outer))


def _implementation(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "is_reference": False,
        "is_implementation": True,
        "is_type_definition": False,
        "is_definition": False,
    }
