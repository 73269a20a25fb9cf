"""The concrete tree of a Python document as rows: LibCST's nodes with their bytes, in one pass over the tree.

What other languages have, and syntax that is broken, is syntax_nodes.py's business.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Final

import libcst
from libcst import CSTNode
from libcst._nodes.internal import CodegenState

from codeintel.analysis.columns import Columns, empty_columns
from codeintel.analysis.concrete_rows import COLUMNS, ConcreteNodes
from codeintel.analysis.python_nesting import Nesting, nesting_of
from codeintel.analysis.reparsing import difference

BLANK: Final = frozenset(
    {
        libcst.EmptyLine,
        libcst.Newline,
        libcst.ParenthesizedWhitespace,
        libcst.SimpleWhitespace,
        libcst.TrailingWhitespace,
    }
)
"""Left out: 55 % of the nodes of 46 honest files, and nothing to ask for. Comments below them stay."""

MAX_TOKENS: Final = 40_000
"""A literal of as many takes 0.8 s (benchmarks/structure_speed.py); the largest of 182 honest files has 14,446."""

MAX_INDENTS: Final = 40
"""Honest files have 9. A stack of 1 MB overflows below 58; LibCST itself takes 100."""

MAX_BRACKETS: Final = 60
"""Honest files have 6. Time is quadratic in it (0.1 s at 60, 0.5 s at 200); the parser overflows a stack of 1 MB near
100, one of 8 MB near 1,000."""

MAX_DEPTH: Final = 300
"""For chains without brackets, of which honest files have 49. The time is quadratic (2.5 s at 1,000), the recursion
ends LibCST near 300, and the parser overflows a stack of 8 MB between 3,000 and 20,000."""

MAX_PATTERN: Final = 12
"""Each further bracket in a `case` costs LibCST 1.7 times the time: 0.02 s at 12, 2.5 s at 20."""


def concrete_nodes(text: str, *, is_broken: bool = False) -> ConcreteNodes:
    """LibCST's nodes in preorder, without white space; a span is what the node means, not the blanks it owns.

    As in LibCST, comments and decorators before a definition are its children and lie outside its span. `parent_id`
    is None for the root. `text_hash` is blake2b-64 of the span's bytes, little-endian. Never raises. 85 ms for 1,000
    lines, of which LibCST's parser takes 63.

    `is_broken` says that another parser found a syntax error: a text that is then too much for LibCST, as one whose
    last quotes are missing seems to be, is broken rather than deep.
    """
    if excess := _excess(nesting_of(text)):
        return ConcreteNodes(None) if is_broken else _none(excess)
    try:
        module = libcst.parse_module(text)
        spans = _Spans(module)
        module._codegen(spans)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError):
        return ConcreteNodes(None)
    except RecursionError:
        return _none("nests too deep")
    data = text.encode()
    if not spans.fit_to(data):
        return _none("is not given back by its parser")
    return ConcreteNodes(_columns(spans, data))


def _excess(nesting: Nesting) -> str:
    """What is too much about a text, '' where nothing is."""
    if nesting.tokens > MAX_TOKENS:
        return f"has over {MAX_TOKENS:,} tokens"
    is_deep = (
        nesting.indents > MAX_INDENTS
        or nesting.brackets > MAX_BRACKETS
        or max(nesting.depth, nesting.branches) > MAX_DEPTH
        or nesting.pattern > MAX_PATTERN
    )
    return "nests too deep" if is_deep else ""


def _none(reason: str) -> ConcreteNodes:
    return ConcreteNodes(empty_columns(COLUMNS), f"no concrete nodes: the text {reason}")


def _columns(spans: "_Spans", data: bytes) -> Columns:
    hashes = [
        int.from_bytes(blake2b(data[start:end], digest_size=8).digest(), "little")
        for start, end in zip(spans.starts, spans.ends, strict=True)
    ]
    return {
        "node_id": list(range(len(spans.kinds))),
        "kind": spans.kinds,
        "start_byte": spans.starts,
        "end_byte": spans.ends,
        "parent_id": spans.parents,
        "text_hash": hashes,
    }


class _Spans(CodegenState):
    """Notes where each node's text begins and ends while LibCST writes a tree out as text.

    The same positions as ByteSpanPositionProvider's, in half its time, with parents; but a line break that LibCST adds
    to a text without a last one, and takes back, counts for nobody. The hooks are LibCST's own, though not public:
    test_concrete_nodes.py compares them with the public provider.
    """

    def __init__(self, module: libcst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.parents: list[int | None] = []
        self._offset = 0
        self._open: list[int] = []
        self._rows: dict[int, int] = {}

    def fit_to(self, data: bytes) -> bool:
        """Make the positions those of the text that was parsed; False where it is another than what was written.

        LibCST drops a form feed that opens a text, a carriage return that ends it, and blank lines before a last
        comment that is indented less than the line before it; one such stretch is made good.
        """
        written = "".join(self.tokens).encode()
        if written == data:
            return True
        start, end_of_written, end = difference(written, data)
        if end_of_written > start or data[start:end].strip():
            return False
        lost = end - start
        self.starts = [byte + lost if byte >= start else byte for byte in self.starts]
        ends = [byte + lost if byte > start else byte for byte in self.ends]
        self.ends = list(map(max, self.starts, ends))  # what is empty lies behind the stretch
        self.starts[0], self.ends[0] = 0, len(data)
        return True

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self._offset += len(value) if value.isascii() else len(value.encode())

    def pop_trailing_newline(self) -> None:
        if not self.tokens:
            return
        self._offset -= len(self.tokens.pop())
        self.ends = [min(end, self._offset) for end in self.ends]

    def before_codegen(self, node: CSTNode) -> None:
        if type(node) in BLANK:
            return
        row = len(self.kinds)
        self._rows[id(node)] = row
        self.kinds.append(type(node).__name__)
        self.starts.append(self._offset)
        self.ends.append(-1)
        self.parents.append(self._open[-1] if self._open else None)
        self._open.append(row)

    def after_codegen(self, node: CSTNode) -> None:
        if type(node) in BLANK:
            return
        row = self._open.pop()
        if self.ends[row] < 0:
            self.ends[row] = self._offset

    @contextmanager
    def record_syntactic_position(
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> Iterator[None]:
        start = self._offset
        yield
        row = self._rows[id(node)]
        self.starts[row] = start if start_node is None else self.starts[self._rows[id(start_node)]]
        self.ends[row] = self._offset if end_node is None else self.ends[self._rows[id(end_node)]]
