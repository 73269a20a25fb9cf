"""From a document's text to its chunks: spans that follow syntax, cover every byte once and fit a size.

What is a definition is told by outlines.py, which neighbours join by packing.py, prose is cut by sections.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from logging import getLogger
from typing import Final, Literal

from tree_sitter import Node, Tree

from codeintel.analysis import kinds
from codeintel.analysis.languages import MARKDOWN, parse
from codeintel.analysis.lines import Lines
from codeintel.analysis.outlines import Outliner
from codeintel.analysis.packing import TINY, pack
from codeintel.analysis.sections import paragraphs, sections
from codeintel.analysis.syntax import Language, Syntax
from codeintel.analysis.units import Role, Unit, plain

DEFAULT_LIMIT: Final = 1500
"""Characters without indentation, one more per line; 2,200 measured about the same (docs/decisions/0003)."""

MAX_ERROR_SHARE: Final = 0.5
"""A tree with more of its bytes than this in errors is not trusted (guess)."""

MAX_DEPTH: Final = 40
"""Nesting below this is cut by lines; real code stays far above, generated code must not exhaust the stack.
"""

EVEN_SHARE: Final = 0.65
"""Of two pieces evened out, the larger may have this share: room to cut at a good line."""

BREADCRUMB_SEPARATOR: Final = " > "

ParseStatus = Literal["ok", "partial", "failed", "none"]

Parse = Callable[[bytes, Syntax], Tree]
"""From UTF-8 source to its tree; ValueError where the parser gives up."""

_log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """One chunk: bytes half-open, lines 0-based and inclusive; `symbols` are the names it defines."""

    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    kind: str
    breadcrumb: str
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunked:
    """A document's chunks in order, and how far its syntax was understood ('none': there is no grammar for
    it).
    """

    spans: list[ChunkSpan]
    parse_status: ParseStatus


def chunk(text: str, language: Language, limit: int = DEFAULT_LIMIT, parser: Parse = parse) -> Chunked:
    """Cut a document into chunks; never raises on any text, and an empty one gives no spans.

    The spans are contiguous and cover the text's UTF-8 bytes exactly. They begin at line starts, except
    inside a line that alone exceeds `limit`, which is cut at characters. About 3 MB/s, the parser's time
    included. `parser` makes the same trees as `parse`, faster where it has seen nearly the same text before.
    """
    lines = Lines(text)
    if not lines.count:
        return Chunked([], "none" if language.syntax is None else "ok")
    units, status = _units(text, lines, language, limit, parser)
    return Chunked([span for unit in units for span in _spans(unit, lines, limit)], status)


def _units(
    text: str, lines: Lines, language: Language, limit: int, parser: Parse
) -> tuple[list[Unit], ParseStatus]:
    if language is MARKDOWN:
        return sections(lines, limit), "none"
    whole = plain(0, lines.count - 1, (), kinds.TEXT)
    if language.syntax is None:
        return paragraphs(whole, lines, limit), "none"
    try:
        tree = parser(text.encode(), language.syntax)
    except (ValueError, ImportError, AttributeError) as trouble:
        _log.warning("no %s parser: %s", language.name, trouble)
        return paragraphs(whole, lines, limit), "failed"
    root = tree.root_node
    if root.has_error and _error_bytes(root) > MAX_ERROR_SHARE * max(1, root.end_byte - root.start_byte):
        return paragraphs(whole, lines, limit), "failed"
    chunker = _Chunker(language.syntax, lines, limit)
    return chunker.document(root), "partial" if root.has_error else "ok"


def _error_bytes(root: Node) -> int:
    """Bytes inside error nodes that no intact construct of several parts covers."""
    lost, stack = 0, [root]
    while stack:
        node = stack.pop()
        children = node.named_children
        if node.is_error:
            lost += node.end_byte - node.start_byte
            lost -= sum(child.end_byte - child.start_byte for child in children if child.child_count)
        stack += [child for child in children if child.has_error]
    return lost


def _spans(unit: Unit, lines: Lines, limit: int) -> Iterable[ChunkSpan]:
    breadcrumb = BREADCRUMB_SEPARATOR.join(unit.path)
    start, end = lines.starts[unit.first], lines.starts[unit.last + 1]
    if unit.first < unit.last or lines.cost(unit.first, unit.last) <= limit:
        yield ChunkSpan(start, end, unit.first, unit.last, unit.kind, breadcrumb, unit.symbols)
        return
    text, symbols = lines.texts[unit.first], unit.symbols
    for offset in range(0, len(text), limit):
        end = start + len(text[offset : offset + limit].encode())
        yield ChunkSpan(start, end, unit.first, unit.last, unit.kind, breadcrumb, symbols)
        start, symbols = end, ()


class _Chunker:
    """Takes one parsed document apart until every unit fits, and packs what is small."""

    def __init__(self, syntax: Syntax, lines: Lines, limit: int) -> None:
        self._outliner = Outliner(syntax, lines)
        self._lines = lines
        self._limit = limit
        self._clauses = syntax.clauses
        self._groups = 0

    def document(self, root: Node) -> list[Unit]:
        """All units of the document."""
        whole = plain(0, self._lines.count - 1, ())
        units = self._outliner.units(root)
        if not units:
            return paragraphs(whole, self._lines, self._limit)
        units[0].first = 0
        return self._arrange(whole, units, 0)

    def _arrange(self, parent: Unit, units: list[Unit], depth: int) -> list[Unit]:
        """Siblings stretched to cover their parent, each fitted to the limit, small ones packed."""
        self._groups += 1
        units = self._covering(parent, units)
        for unit in units:
            unit.depth, unit.group = depth, self._groups
        fitted = [piece for unit in units for piece in self._fitted(unit, depth)]
        return self._balanced(pack(fitted, self._lines, self._limit, self._clauses))

    def _balanced(self, units: list[Unit]) -> list[Unit]:
        """No signature and no closing line alone: a tiny piece and its large neighbour become two even
        ones.
        """
        even: list[Unit] = []
        for unit in units:
            before = even[-1] if even else None
            if before is None or not self._is_uneven(before, unit):
                even.append(unit)
                continue
            both = self._lines.cost(before.first, unit.last)
            whole = replace(before, last=unit.last, symbols=before.symbols + unit.symbols)
            even[-1:] = paragraphs(whole, self._lines, min(self._limit, int(both * EVEN_SHARE)))
        return even

    def _is_uneven(self, left: Unit, right: Unit) -> bool:
        if right.role is not Role.PART or left.role not in (Role.HEAD, Role.PART) or left.path != right.path:
            return False
        return min(self._lines.cost(unit.first, unit.last) for unit in (left, right)) < TINY

    def _covering(self, parent: Unit, units: list[Unit]) -> list[Unit]:
        """What lies between siblings goes to the one before; what lies before the first is the parent's
        head.
        """
        for unit, following in pairwise(units):
            unit.last = following.first - 1
        units[-1].last = parent.last
        if units[0].first == parent.first:
            return units
        role = Role.HEAD if parent.is_named else parent.role
        head = replace(parent, last=units[0].first - 1, role=role, node=None, has_members=False)
        return [head, *units]

    def _fitted(self, unit: Unit, depth: int) -> list[Unit]:
        members = self._outliner.members(unit) if unit.has_members else []
        if self._lines.cost(unit.first, unit.last) <= self._limit:
            names = dict.fromkeys(unit.symbols + tuple(name for member in members for name in member.symbols))
            return [replace(unit, symbols=tuple(names))]
        inside = [] if depth >= MAX_DEPTH else members or self._outliner.statements(unit)
        inside = [piece for piece in inside if unit.first < piece.first <= unit.last]
        if not inside:
            return paragraphs(unit, self._lines, self._limit)
        return self._arrange(unit, self._with_head(unit, inside) if members else inside, depth + 1)

    def _with_head(self, unit: Unit, members: list[Unit]) -> list[Unit]:
        """A type's fields and other plain members before its first method belong to its head while they
        fit.
        """
        symbols, taken = list(unit.symbols), 0
        for member in members:
            is_headlike = not member.is_named or member.kind in (kinds.FIELD, kinds.CONSTANT)
            if not is_headlike or self._lines.cost(unit.first, member.last) > self._limit:
                break
            symbols += member.symbols
            taken += 1
        unit.symbols = tuple(dict.fromkeys(symbols))
        return members[taken:] or members[-1:]
