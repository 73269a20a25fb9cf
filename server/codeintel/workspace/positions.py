r"""Bytes, lines and editor positions of one text; the only place that converts between them.

Lines are 0-based and end at \n, \r\n or \r only: str.splitlines() would also break at \x0c and U+2028. Byte
offsets count the text's UTF-8 form. Characters count units of the negotiated encoding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from codeintel.workspace.decoding import without_lone_surrogates

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]

_BREAK = re.compile(r"\r\n|\n|\r")


class LineIndex:
    """Where the lines of a text begin; immutable. Building costs one pass, a query the length of its line.

    Nothing raises on an out-of-range argument: as LSP has it, a character past the end of its line is the
    end of the line, a line past the end is the end of the text, and the middle of a character is its start.
    """

    __slots__ = ("_break_bytes", "_byte_starts", "_char_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = without_lone_surrogates(text)
        breaks = list(_BREAK.finditer(self._text))
        self._char_starts = [0, *(found.end() for found in breaks), len(self._text)]
        self._break_bytes = [*(found.end() - found.start() for found in breaks), 0]
        self._byte_starts = self._char_starts
        if not self._text.isascii():
            self._byte_starts = self._count_bytes()

    @property
    def line_count(self) -> int:
        """At least 1; a text that ends in a line break has an empty last line."""
        return len(self._char_starts) - 1

    @property
    def byte_count(self) -> int:
        """The length of the text in UTF-8."""
        return self._byte_starts[-1]

    def line_of_byte(self, byte: int) -> int:
        """The line that holds the byte; a line break belongs to the line it ends."""
        clamped = min(max(byte, 0), self.byte_count)
        return min(bisect_right(self._byte_starts, clamped, hi=self.line_count) - 1, self.line_count - 1)

    def byte_of_line(self, line: int) -> int:
        """Where the line begins; the end of the text for a line past the last."""
        return self._byte_starts[min(max(line, 0), self.line_count)]

    def line_text(self, line: int) -> str:
        """The line without its line break; '' for a line that does not exist."""
        if not 0 <= line < self.line_count:
            return ""
        return self._text[self._char_starts[line] : self._char_starts[line + 1] - self._break_bytes[line]]

    def byte_of(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """The byte offset of an editor's position."""
        if not 0 <= line < self.line_count:
            return self.byte_of_line(line)
        start = self._byte_starts[line]
        width = self._byte_starts[line + 1] - start - self._break_bytes[line]
        text = self.line_text(line)
        wanted = max(character, 0)
        if len(text) == width:  # ASCII: every encoding counts the same
            return start + min(wanted, width)
        return start + len(text[: _characters(text, wanted, encoding)].encode("utf-8"))

    def position_of_byte(self, byte: int, encoding: PositionEncoding) -> tuple[int, int]:
        """The editor's (line, character) of a byte offset; within a line break it is the end of the line."""
        line = self.line_of_byte(byte)
        start = self._byte_starts[line]
        width = self._byte_starts[line + 1] - start - self._break_bytes[line]
        column = min(max(byte - start, 0), width)
        text = self.line_text(line)
        if len(text) == width:
            return line, column
        before = text.encode("utf-8")[:column].decode("utf-8", "ignore")
        return line, _units(before, encoding)

    def _count_bytes(self) -> list[int]:
        starts, total = [], 0
        for begin, end in zip(self._char_starts, [*self._char_starts[1:], len(self._text)], strict=True):
            starts.append(total)
            total += len(self._text[begin:end].encode("utf-8"))
        return starts


def _units(text: str, encoding: PositionEncoding) -> int:
    if encoding == "utf-8":
        return len(text.encode("utf-8"))
    if encoding == "utf-16":
        return len(text.encode("utf-16-le")) // 2
    return len(text)


def _characters(text: str, units: int, encoding: PositionEncoding) -> int:
    """How many whole characters of the text fit into so many units."""
    if encoding == "utf-32":
        return min(units, len(text))
    if encoding == "utf-8":
        return len(text.encode("utf-8")[:units].decode("utf-8", "ignore"))
    return len(text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore"))
