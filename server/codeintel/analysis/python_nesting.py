"""How much a Python parser is asked for, told by a scan that cannot overflow: tokens, and how deep they may nest.

A recursive parser of Python ends its process where source nests too deep for the C stack. Every level of nesting takes
a token at least, so what stands between two separators bounds the depth there, whatever the tokens are.
"""

import re
from dataclasses import dataclass

_STRING = (
    r'(?:"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\r\n]|\\(?:\r\n|.))*+"?'
    r"|'(?:[^'\\\r\n]|\\(?:\r\n|.))*+'?)"
)
_TOKEN = re.compile(
    r"(?P<blank>\#[^\r\n]*+|\\(?:\r\n|.)|[ \t\f]++)"
    rf"|(?P<template>(?:[fFtT][rR]?|[rR][fFtT]){_STRING})"
    rf"|(?P<plain>[bBuUrR]{{0,2}}{_STRING}|\w++|[^\w\s()\[\]{{}},;])"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<end>[;\r\n])",
    re.DOTALL,
)
_BRACKET = re.compile(r"[(\[{]|([)\]}])")


@dataclass(frozen=True, slots=True)
class Nesting:
    """Upper bounds for one text: indentations, open brackets, tokens that may lie inside one another on a line.

    `pattern` is the most brackets in a `case`. `branches` counts the words `elif`, each of which may lie inside the
    one before. Text inside strings counts only where it is an f-string or template.
    """

    tokens: int = 0
    indents: int = 0
    brackets: int = 0
    depth: int = 0
    pattern: int = 0
    branches: int = 0


def nesting_of(text: str) -> Nesting:
    """Scan the text, sound or broken; 3 ms for 1,000 lines."""
    scan = _Scan()
    for found in _TOKEN.finditer(text):
        scan.take(found)
    return Nesting(scan.tokens, scan.deepest_indent, scan.brackets, scan.depth, scan.pattern, scan.branches)


class _Scan:
    """What is open where the scan stands, and the most of it so far."""

    __slots__ = (
        *("tokens", "deepest_indent", "brackets", "depth", "pattern", "branches"),
        *("_in_case", "_indents", "_line", "_outer", "_run", "_runs", "_starts"),
    )

    def __init__(self) -> None:
        self.tokens = self.deepest_indent = self.brackets = self.depth = self.pattern = self.branches = 0
        self._indents: list[int] = []
        self._runs: list[int] = []
        self._run = self._outer = self._line = 0
        self._starts, self._in_case = True, False

    def take(self, found: re.Match[str]) -> None:
        kind = found.lastgroup
        if kind == "blank":
            return
        if kind == "end":
            self._end(found)
            return
        if self._starts:
            self._start(found)
        self.tokens += 1
        if kind == "close":
            self._close()
            return
        self._run += 1
        self.depth = max(self.depth, self._outer + self._run)
        if kind == "open":
            self._open()
        elif kind == "comma":
            self._run = 0
        elif kind == "template":
            self.brackets = max(self.brackets, len(self._runs) + _brackets_in(found[0]))

    def _start(self, found: re.Match[str]) -> None:
        """The first token of a statement."""
        self._starts = False
        width = found.start() - self._line
        while self._indents and self._indents[-1] >= width:
            self._indents.pop()
        self._indents.append(width)
        self.deepest_indent = max(self.deepest_indent, len(self._indents) - 1)
        self._in_case = found[0] == "case"
        self.branches += found[0] == "elif"

    def _end(self, found: re.Match[str]) -> None:
        """A line break or semicolon; between brackets it ends nothing."""
        if self._runs:
            return
        self._run = 0
        self._starts, self._in_case = found[0] != ";", False
        self._line = found.end()

    def _open(self) -> None:
        self._runs.append(self._run)
        self._outer += self._run
        self._run = 0
        self.brackets = max(self.brackets, len(self._runs))
        if self._in_case:
            self.pattern = max(self.pattern, len(self._runs))

    def _close(self) -> None:
        if self._runs:
            self._run = self._runs.pop()
            self._outer -= self._run


def _brackets_in(template: str) -> int:
    """How deep brackets nest in an f-string, quotes in it not looked at."""
    depth = deepest = 0
    for found in _BRACKET.finditer(template):
        depth = max(0, depth - 1) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest
