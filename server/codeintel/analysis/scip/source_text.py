"""A document's lines, for turning what parsers say (line, byte in the line) into checked spans."""

from __future__ import annotations

from itertools import accumulate

from codeintel.analysis.scip.rows import Span
from codeintel.workspace.line_breaks import lines_of


class SourceText:
    """Lines of one document; a text with no characters beyond ASCII is never encoded."""

    def __init__(self, text: str) -> None:
        self.lines = lines_of(text) or [""]
        self._is_ascii = text.isascii()
        sizes = map(len, self.lines) if self._is_ascii else (len(line.encode()) for line in self.lines)
        self.starts = [0, *accumulate(sizes)]

    def span(self, line: int, column: int, name: str) -> Span | None:
        """Where `name` stands at this byte of the line; None where something else does."""
        if not 0 <= line < len(self.lines) or column < 0:
            return None
        text, start = self.lines[line], self.starts[line] + column
        if self._is_ascii or text.isascii():
            if not text.startswith(name, column):
                return None
            end = column + len(name)
            return Span(line, column, end, start, start + len(name))
        return self._wide_span(line, column, name)

    def byte_of(self, line: int, column: int) -> int:
        """The document's byte of a line's byte."""
        return self.starts[line] + column

    def _wide_span(self, line: int, column: int, name: str) -> Span | None:
        encoded, wanted = self.lines[line].encode(), name.encode()
        if not encoded.startswith(wanted, column):
            return None
        before = encoded[:column].decode("utf-8", "ignore")
        first, start = _utf16_length(before), self.starts[line] + column
        return Span(line, first, first + _utf16_length(name), start, start + len(wanted))


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
