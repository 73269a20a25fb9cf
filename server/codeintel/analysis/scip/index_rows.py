"""One document of an `index.scip` as our rows: ranges placed in its text, symbols named, kinds in our words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from codeintel.analysis import kinds
from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.rows import (
    MAX_DOCUMENTATION,
    MAX_SIGNATURE,
    OCCURRENCE_COLUMNS,
    SYMBOL_COLUMNS,
)
from codeintel.analysis.scip.symbols import display_name_of, is_local, kind_of, norm_of, parse
from codeintel.workspace.positions import LineIndex, PositionEncoding

ORIGIN = "scip"
"""The origin of rows that a compiler's indexer made."""

MAX_NAME = 200
"""Characters of the longest range whose text is taken for a name; a guess far above any identifier."""

_FENCE = "```"
_QUOTES = "\"'`"

# Where SCIP's kind says more than the symbol's last descriptor; numbers are those of SymbolInformation.Kind.
_KINDS: dict[int, str] = {
    **dict.fromkeys((9, 18, 26, 45, 47, 66, 67, 68, 69, 70, 71, 72, 74, 76, 80), kinds.METHOD),
    **dict.fromkeys((7, 33, 36, 62, 75, 85), kinds.CLASS),
    **dict.fromkeys((21, 42), kinds.INTERFACE),
    **dict.fromkeys((53, 56), kinds.TRAIT),
    **dict.fromkeys((28, 49, 59), kinds.STRUCT),
    **dict.fromkeys((4, 12, 13, 15, 41, 77, 78, 79, 81), kinds.FIELD),
    **dict.fromkeys((8, 60, 61, 82), kinds.CONSTANT),
    **dict.fromkeys((17, 34), kinds.FUNCTION),
    **dict.fromkeys((16, 29), kinds.MODULE),
    **dict.fromkeys((30, 35), kinds.NAMESPACE),
    **dict.fromkeys((3, 54, 55), kinds.TYPE),
    11: kinds.ENUM,
    25: kinds.MACRO,
}

Span = tuple[int, int, int, int]
"""Start line, start character, end line, end character, as an indexer counts them."""


def document_rows(document: Any, text: str, encoding: PositionEncoding) -> tuple[Columns, Columns]:
    """The occurrences and symbols of a SCIP Document, placed in the text that it was made from.

    A range that is of no known form or lies outside the text loses its row, an enclosing range of that sort only
    itself; so do occurrences without a symbol, which only colour the text. Local symbols are not described, for their
    names mean something in one document only.
    """
    places = _Places(text, encoding)
    rows = {row for found in document.occurrences if (row := _occurrence(found, places)) is not None}
    ordered = sorted(rows, key=lambda row: (row[8], row[9], row[0], row[3], row[10] or 0, row[11] or 0))
    infos = {info.symbol: info for info in document.symbols if info.symbol}
    described = [row for info in infos.values() if not is_local((row := _symbol(info))[0])]
    described.sort(key=lambda row: str(row[0]))
    return columns_of(OCCURRENCE_COLUMNS, ordered), columns_of(SYMBOL_COLUMNS, described)


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Columns:
    """Rows turned into columns; each row has its values in the order of the names."""
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}


def _occurrence(found: Any, places: _Places) -> tuple[Any, ...] | None:
    span = _span(found, "range", "single_line_range", "multi_line_range")
    placed = places.span(span) if span and found.symbol else None
    if placed is None:
        return None
    symbol, dotted, last = _named(found.symbol)
    around = _span(found, "enclosing_range", "single_line_enclosing_range", "multi_line_enclosing_range")
    enclosing = places.span(around) if around else None
    extent = enclosing[4:] if enclosing else (None, None)
    return symbol, dotted, places.name(*placed[4:]) or last, found.symbol_roles, *placed, *extent, ORIGIN


@lru_cache(maxsize=10_000)
def _named(data: bytes) -> tuple[str, str, str]:
    """A symbol, its dotted name and the last part of that; documents share most of theirs."""
    symbol = _text(data)
    parsed = parse(symbol)
    return symbol, norm_of(parsed), display_name_of(parsed) if parsed else ""


def _span(found: Any, plain: str, single: str, multi: str) -> Span | None:
    """A range in any of its forms: one message or the other, else three or four numbers; None for no such form."""
    if found.HasField(single):
        line = getattr(found, single)
        return line.line, line.start_character, line.line, line.end_character
    if found.HasField(multi):
        lines = getattr(found, multi)
        return lines.start_line, lines.start_character, lines.end_line, lines.end_character
    match getattr(found, plain):
        case [line, start, end]:
            return line, start, line, end
        case [first, start, last, end]:
            return first, start, last, end
    return None


class _Places:
    """Translates an indexer's positions into ours."""

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self._index = LineIndex(text)
        self._data = text.encode("utf-8", "replace")
        self._encoding = encoding
        self._plain_lines: dict[int, tuple[int, int] | None] = {}

    def span(self, span: Span) -> tuple[int, int, int, int, int, int] | None:
        """Start and end as line and UTF-16 character, then as bytes; None where the text has no such range."""
        start, end = self._place(span[0], span[1]), self._place(span[2], span[3])
        if start is None or end is None or end[1] < start[1]:
            return None
        return span[0], start[0], span[2], end[0], start[1], end[1]

    def name(self, start: int, end: int) -> str:
        """What stands between two bytes, without quotes; '' where that is not one word."""
        if end - start > MAX_NAME:
            return ""
        text = self._data[start:end].decode("utf-8", "replace").strip(_QUOTES)
        return text if text.isprintable() and " " not in text else ""

    def _place(self, line: int, character: int) -> tuple[int, int] | None:
        """The UTF-16 character and the byte of a position; None where the text has no such position."""
        if line not in self._plain_lines:
            self._plain_lines[line] = self._plain_line(line)
        if plain := self._plain_lines[line]:
            start, width = plain
            return (character, start + character) if 0 <= character <= width else None
        byte = self._index.byte_of(line, character, self._encoding)
        if self._index.position_of_byte(byte, self._encoding) != (line, character):
            return None
        return self._index.position_of_byte(byte, "utf-16")[1], byte

    def _plain_line(self, line: int) -> tuple[int, int] | None:
        """Where a line begins and how long it is, if every encoding counts it alike; that halves the cost."""
        text = self._index.line_text(line)
        return (self._index.byte_of_line(line), len(text)) if text and text.isascii() else None


def _symbol(info: Any) -> tuple[Any, ...]:
    symbol, dotted, last = _named(info.symbol)
    signature, documentation = _described(info)
    return (
        symbol,
        dotted,
        _KINDS.get(info.kind) or kind_of(symbol),
        _text(info.display_name) or last,
        documentation,
        signature,
        _text(info.enclosing_symbol) or None,
        [_relationship(relation) for relation in info.relationships],
    )


def _described(info: Any) -> tuple[str | None, str | None]:
    """The signature and the documentation; older indexers put the one into the other, first and in a fence."""
    paragraphs = [_text(paragraph).strip() for paragraph in info.documentation]
    signature = _text(info.signature_documentation.text)
    if not signature and paragraphs and paragraphs[0].startswith(_FENCE):
        signature = _unfenced(paragraphs.pop(0))
    documentation = "\n\n".join(filter(None, paragraphs))
    return signature[:MAX_SIGNATURE] or None, documentation[:MAX_DOCUMENTATION] or None


def _unfenced(block: str) -> str:
    """What stands inside a fenced block of Markdown."""
    _, _, inner = block.partition("\n")
    return inner.removesuffix(_FENCE).strip()


def _relationship(relation: Any) -> dict[str, Any]:
    kinds_of: tuple[str, ...] = ("is_reference", "is_implementation", "is_type_definition", "is_definition")
    return {"symbol": _text(relation.symbol), **{kind: getattr(relation, kind) for kind in kinds_of}}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
