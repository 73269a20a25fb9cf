"""The lines of a document as chunking counts them: where each starts in UTF-8 bytes, and what each costs."""

from bisect import bisect_right
from itertools import accumulate

from codeintel.workspace.line_breaks import lines_of


class Lines:
    """Line starts and costs of one document; line breaks are \\n, \\r\\n and \\r only.

    A line costs its characters without indentation and trailing blanks, plus one: deep nesting is not more
    to read, and a blank line is not free. Lines are 0-based; a text that ends in a line break has no empty
    line after it.
    """

    def __init__(self, text: str) -> None:
        self.texts = lines_of(text)
        ascii_only = text.isascii()
        sizes = map(len, self.texts) if ascii_only else (len(line.encode()) for line in self.texts)
        self.starts = [0, *accumulate(sizes)]
        self._costs = [0, *accumulate(len(line.strip()) + 1 for line in self.texts)]
        self.count = len(self.texts)

    def line_of(self, byte: int) -> int:
        """The line that holds this byte; the last one for the end of the document."""
        return min(bisect_right(self.starts, byte), self.count) - 1

    def cost(self, first: int, last: int) -> int:
        """What the lines from `first` to `last`, both inclusive, cost together."""
        return self._costs[last + 1] - self._costs[first]

    def is_blank(self, line: int) -> bool:
        """Whether the line holds nothing but white space."""
        return self.cost(line, line) == 1

    def indent(self, line: int) -> int:
        """Characters of white space before the line's text."""
        text = self.texts[line]
        return len(text) - len(text.lstrip())

    def opens_at(self, byte: int) -> bool:
        """Whether only white space stands before this byte on its line."""
        line = self.line_of(byte)
        return not self.texts[line].encode()[: byte - self.starts[line]].strip()
