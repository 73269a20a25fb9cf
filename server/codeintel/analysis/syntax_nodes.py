"""The syntax tree of a document as rows: its named nodes in preorder, what they define and what is said about them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tree_sitter import Node, Tree

from codeintel.analysis import docstrings, kinds
from codeintel.analysis.columns import Columns, empty_columns
from codeintel.analysis.imports import importing_types
from codeintel.analysis.syntax import Language, Syntax

COLUMNS: Final = (
    *("node_id", "type", "start_byte", "end_byte", "parent_id", "depth", "field", "symbol", "docstring"),
)

MAX_NODES: Final = 50_000
"""Rows of one document; the largest of 1,500 honest ones has 29,119 (112 kB), literals and bombs have more."""

MAX_DEPTH: Final = 250
"""No row lies deeper; the deepest honest one measured is 146 (a chain of `else if` in C)."""

_CALLABLE: Final = frozenset({kinds.FUNCTION, kinds.METHOD, kinds.MACRO})
_PYTHON_DOCUMENTED: Final = frozenset({"module", "class_definition", "function_definition"})
_INDENTATION: Final = 200
"""Bytes before a comment that are looked at to tell whether it opens its line (guess)."""

_Visit = tuple[Node, str | None, int, int | None]
"""A named node, its field, its depth, and the row of its nearest named ancestor."""


@dataclass(frozen=True, slots=True)
class SyntaxNodes:
    """The rows of one document, and its nodes that may import something; `status` is '' or says what was left out."""

    columns: Columns
    importing: Sequence[Node] = ()
    status: str = ""


def syntax_nodes(tree: Tree | None, data: bytes, language: Language) -> SyntaxNodes:
    """The named nodes of a language's tree over UTF-8 `data`, none without a tree; `parent_id` is None for the root.

    `symbol` is the name that the node defines, the first of several; variables of functions are not counted.
    Of a tree with over MAX_NODES rows, the deepest levels are left out until the rest fits. No recursion; 9 to
    19 ms for 1,000 lines (benchmarks/structure_speed.py).
    """
    if tree is None or language.syntax is None:
        return SyntaxNodes(empty_columns(COLUMNS))
    limit = _depth_limit(tree)
    rows = _Rows(data, language.syntax, limit, is_python=language.name == "python")
    importing, types = [], importing_types(language)
    for visit in _named_nodes(tree, limit):
        rows.add(*visit)
        if visit[0].type in types:
            importing.append(visit[0])
    status = f"no syntax nodes below depth {limit}" if rows.is_cut else ""
    return SyntaxNodes(rows.columns(), importing, status)


def _depth_limit(tree: Tree) -> int:
    """The depth down to which a tree has at most MAX_NODES named nodes."""
    if tree.root_node.descendant_count <= MAX_NODES:
        return MAX_DEPTH
    levels = [0] * (MAX_DEPTH + 1)
    for _, _, depth, _ in _named_nodes(tree, MAX_DEPTH):
        levels[depth] += 1
    total = 0
    for depth, count in enumerate(levels):
        total += count
        if total > MAX_NODES:
            return max(0, depth - 1)
    return MAX_DEPTH


def _named_nodes(tree: Tree, limit: int) -> Iterator[_Visit]:
    """Named nodes in preorder, those at depth `limit` the deepest."""
    cursor = tree.walk()
    above: list[tuple[int, int | None]] = []
    here: tuple[int, int | None] = (0, None)
    count = 0
    while True:
        node = cursor.node
        inner = here
        if node is not None and node.is_named:
            yield node, cursor.field_name, *here
            inner = (here[0] + 1, count)
            count += 1
        if inner[0] <= limit and cursor.goto_first_child():
            above.append(here)
            here = inner
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            here = above.pop()


@dataclass(frozen=True, slots=True)
class _Lead:
    """Comments that lead to what follows: their bytes, where the last node before it ends, whether a wrapper has them.

    What a wrapper has is for the first definition among its children, the others may be its modifiers.
    """

    start: int
    end: int
    reach: int
    is_wrapped: bool = False


class _Rows:
    """Rows as the walk adds them, with the names and comments that go with each."""

    def __init__(self, data: bytes, syntax: Syntax, limit: int, *, is_python: bool) -> None:
        self.is_cut = False
        self._data = data
        self._size = len(data)  # a prepared source may have a line break more
        self._syntax = syntax
        self._limit = limit
        self._is_python = is_python
        self._telling = syntax.definitions.keys() | (
            _PYTHON_DOCUMENTED
            if is_python
            else docstrings.COMMENT_TYPES | syntax.leading | syntax.wrappers | syntax.bodies
        )
        self._rows: list[tuple[str, int, int, int | None, int, str | None, str | None]] = []
        self._docstrings: list[str | None] = []
        self._leads: list[_Lead | None] = [None] * (limit + 2)
        self._callable_depth = limit + 1

    def columns(self) -> Columns:
        """Everything that was added."""
        if not self._rows:
            return empty_columns(COLUMNS)
        values = [list(range(len(self._rows))), *map(list, zip(*self._rows, strict=True)), self._docstrings]
        return dict(zip(COLUMNS, values, strict=True))

    def add(self, node: Node, field: str | None, depth: int, parent: int | None) -> None:
        """The next node in preorder."""
        kind, (start, end) = node.type, node.byte_range
        if depth <= self._callable_depth:
            self._callable_depth = self._limit + 1
        symbol = docstring = None
        if kind in self._telling or self._leads[depth] is not None:
            symbol = self._symbol(node, kind, depth)
            docstring = self._docstring(node, kind, depth, parent, symbol)
        else:  # nine of ten
            self._leads[depth + 1] = None
        self._rows.append((kind, min(start, self._size), min(end, self._size), parent, depth, field, symbol))
        self._docstrings.append(docstring)
        if depth == self._limit and node.named_child_count:
            self.is_cut = True

    def _symbol(self, node: Node, kind: str, depth: int) -> str | None:
        finder = self._syntax.definitions.get(kind)
        found = finder(node) if finder is not None else None
        if found is None:
            return None
        is_inside = depth > self._callable_depth
        if found.kind in _CALLABLE and not is_inside:
            self._callable_depth = depth
        if not found.symbols or (is_inside and found.kind not in kinds.CALLABLE_OR_TYPE):
            return None
        return found.symbols[0]

    def _docstring(
        self, node: Node, kind: str, depth: int, parent: int | None, symbol: str | None
    ) -> str | None:
        if self._is_python:
            return docstrings.of_body(node) if kind in _PYTHON_DOCUMENTED else None
        lead = self._lead(node, kind, depth, parent)
        if lead is None:
            return None
        if symbol is not None:
            said = self._data[lead.start : lead.end]
            return docstrings.of_attribute(said) if said.startswith(b"@") else docstrings.of_comment(said)
        if kind in self._syntax.wrappers:
            self._leads[depth + 1] = replace(lead, is_wrapped=True)
        elif kind in self._syntax.bodies:  # where a grammar has the first member's comment before them
            self._leads[depth + 1] = lead
        elif lead.is_wrapped:
            self._leads[depth] = lead
        return None

    def _lead(self, node: Node, kind: str, depth: int, parent: int | None) -> _Lead | None:
        """The comments right before a node; None for a comment or attribute, which hands them on."""
        start, end = node.byte_range
        lead = self._leads[depth]
        if lead is not None and self._data.count(b"\n", lead.reach, start) > 1:
            lead = None
        self._leads[depth] = self._leads[depth + 1] = None
        if kind in docstrings.COMMENT_TYPES:
            end = start + len(self._data[start:end].rstrip())
            if lead is not None or self._opens_line(start):
                self._leads[depth] = _Lead(lead.start if lead else start, end, end)
        elif kind in self._syntax.leading:
            self._leads[depth] = self._after_attribute(lead, start, end, parent)
        else:
            return lead
        return None

    def _after_attribute(self, lead: _Lead | None, start: int, end: int, parent: int | None) -> _Lead | None:
        """What leads on from an annotation, a decorator or, in Elixir, the documentation itself."""
        if self._data.startswith(b"@moduledoc", start):
            module = self._rows[parent][3] if parent is not None else None
            if module is not None:
                self._docstrings[module] = docstrings.of_attribute(self._data[start:end])
            return None
        if self._data.startswith((b"@doc ", b"@typedoc "), start):
            return _Lead(start, end, end)
        return _Lead(lead.start, lead.end, end) if lead is not None else None

    def _opens_line(self, byte: int) -> bool:
        """Whether only white space stands before this byte on its line."""
        before = self._data[max(0, byte - _INDENTATION) : byte]
        return not before[before.rfind(b"\n") + 1 :].strip()
