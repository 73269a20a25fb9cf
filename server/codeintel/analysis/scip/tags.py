"""Occurrences and symbols of a document from its syntax tree alone: definitions by grammar tables, references by name.

The symbols are of a scheme of our own, `codeintel <language> <project> <version>`, with the document's path as their
namespace. A name that the document defines once means that; any other is known by name only, in no namespace.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language as Grammar
from tree_sitter import Node, Query, QueryCursor, Tree

from codeintel.analysis import kinds
from codeintel.analysis.columns import Columns
from codeintel.analysis.languages import parse
from codeintel.analysis.scip.reference_queries import QUERIES
from codeintel.analysis.scip.rows import DEFINITION, READ_ACCESS, Origin, Rows, Span
from codeintel.analysis.scip.source_text import SourceText
from codeintel.analysis.scip.symbols import PROJECT_VERSION, escaped, prefix
from codeintel.analysis.syntax import Definition, Language, Syntax

SCHEME = "codeintel"

_TYPES = kinds.TYPE_LIKE | {kinds.TYPE}
_SPACES = frozenset({kinds.MODULE, kinds.NAMESPACE})
_CALLABLES = frozenset({kinds.FUNCTION, kinds.METHOD, kinds.TEST})
_VALUES = frozenset({kinds.CONSTANT, kinds.FIELD})
_SUFFIXES = {
    **dict.fromkeys(_TYPES, "#"),
    **dict.fromkeys(_SPACES, "/"),
    **dict.fromkeys(_CALLABLES, "()."),
    **dict.fromkeys(_VALUES, "."),
    kinds.MACRO: "!",
}
_UNRESOLVED = {"call": "().", "type": "#", "macro": "!"}

MAX_DEPTH = 250
"""How deep a pattern may begin, as for syntax nodes; below, there is no honest source."""

MAX_TOKENS = 10_000
"""Of one node. A query's time grows with their square (measured on open brackets: 10,000 0.04 s, 20,000 0.17 s)."""

_SEPARATORS = re.compile(rb"(?:[;,]\s*+){1000,}+")
_WORD = re.compile(rb"[\w$]")
_HEAD_BYTES = 2_000
"""How far into a definition its name is looked for where no field holds it (guess: attributes and modifiers)."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How symbols are written: those of the document begin with `base`, names of elsewhere with `elsewhere`.

    An empty `elsewhere` leaves out what the document does not define.
    """

    base: str
    elsewhere: str
    definition_origin: Origin


@dataclass(frozen=True, slots=True)
class _Scope:
    """A definition that others lie in: where it ends, what their symbols begin with, what it is."""

    end: int
    prefix: str
    kind: str
    enclosing: str


def emit_tags(
    uri: str, text: str, language: Language, project: str, tree: Tree | None = None
) -> tuple[Columns, Columns]:
    """The occurrences and symbols of a document; none where its language has no grammar or it cannot be parsed.

    `tree` is the text's syntax tree, where it is there already.
    """
    package = prefix(SCHEME, language.name, project, PROJECT_VERSION)
    return emit_tree(text, language, Naming(f"{package}{escaped(uri)}/", package, "fast"), tree)


def emit_tree(
    text: str, language: Language, naming: Naming, tree: Tree | None = None
) -> tuple[Columns, Columns]:
    """As `emit_tags`, under any naming."""
    tags = _Tags(text, naming)
    if language.syntax is not None:
        tree = tree or _parsed(text, language.syntax)
    if tree is not None and language.syntax is not None and not _is_endless(tree, text.encode()):
        tags.define(tree, language.syntax)
        tags.refer(tree, QUERIES.get(language.name, ""))
    return tags.rows.columns()


def _parsed(text: str, syntax: Syntax) -> Tree | None:
    try:
        return parse(text.encode(), syntax)
    except ValueError:
        return None


class _Tags:
    """The rows of one document in the making."""

    def __init__(self, text: str, naming: Naming) -> None:
        self.rows = Rows()
        self._source = SourceText(text)
        self._data = text.encode()
        self._naming = naming
        self._by_name: dict[str, dict[str, None]] = {}
        self._taken: set[int] = set()

    def define(self, tree: Tree, syntax: Syntax) -> None:
        """Rows for everything that the grammar's table calls a definition, but for variables of functions."""
        found = _captures(_definition_query(tree.language, tuple(sorted(syntax.definitions))), tree)
        scopes = [_Scope(len(self._data) + 1, self._naming.base, kinds.BLOCK, "")]
        for node in sorted(found.get("node", ()), key=_outer_first):
            while node.start_byte >= scopes[-1].end:
                scopes.pop()
            definition = syntax.definitions[node.type](node)
            if (
                definition is not None
                and definition.kind in _SUFFIXES
                and (definition.path or definition.symbols)
            ):
                scopes.append(self._define(node, definition, scopes[-1]))

    def _define(self, node: Node, definition: Definition, scope: _Scope) -> _Scope:
        kind = _kind_in(scope, definition.kind)
        if kind in _VALUES and scope.kind in _CALLABLES:
            return scope
        outer = "".join(f"{escaped(part)}#" for part in definition.path[:-1])
        suffix = _SUFFIXES[kind]
        for name in definition.symbols:
            symbol = f"{scope.prefix}{outer}{escaped(name)}{suffix}"
            span = self._name_span(node, name)
            if span is None or span.start_byte in self._taken:
                continue
            self._taken.add(span.start_byte)
            enclosing = (node.start_byte, node.end_byte) if kind not in _VALUES else None
            self.rows.add_occurrence(
                symbol, name, span, DEFINITION, self._naming.definition_origin, enclosing
            )
            self.rows.add_symbol(symbol, signature=self._signature(node), kind=kind)
            self._by_name.setdefault(name, {})[symbol] = None
        if kind in _VALUES or not definition.path:
            return scope
        own = f"{scope.prefix}{outer}{escaped(definition.path[-1])}{suffix}"
        return _Scope(node.end_byte, own, kind, own)

    def refer(self, tree: Tree, query: str) -> None:
        """Rows for every name that is called, instantiated or used as a type."""
        if not query:
            return
        for use, nodes in _captures(_reference_query(tree.language, query), tree).items():
            for node in nodes:
                if node.start_byte not in self._taken:
                    self._taken.add(node.start_byte)
                    self._refer(node, use)

    def _refer(self, node: Node, use: str) -> None:
        start = node.start_byte
        name = self._data[start : node.end_byte].decode("utf-8", "replace")
        span = self._span(start, name)
        if span is None:
            return
        symbols = self._by_name.get(name, ())
        if len(symbols) == 1:
            self.rows.add_occurrence(next(iter(symbols)), name, span, READ_ACCESS, "inferred")
        elif self._naming.elsewhere and name:
            symbol = f"{self._naming.elsewhere}{escaped(name)}{_UNRESOLVED[use]}"
            self.rows.add_occurrence(symbol, name, span, READ_ACCESS, "inferred", norm=name)

    def _name_span(self, node: Node, name: str) -> Span | None:
        """Where the definition's name stands: in its field, else the first such word inside."""
        field = node.child_by_field_name("name")
        wanted = name.encode()
        if field is not None and self._data[field.start_byte : field.end_byte] == wanted:
            return self._span(field.start_byte, name)
        head = self._data[node.start_byte : min(node.end_byte, node.start_byte + _HEAD_BYTES)]
        found = _word_in(head, wanted)
        return self._span(node.start_byte + found, name) if found >= 0 else None

    def _span(self, start: int, name: str) -> Span | None:
        line = bisect_right(self._source.starts, start) - 1
        return (
            self._source.span(line, start - self._source.starts[line], name)
            if line < len(self._source.lines)
            else None
        )

    def _signature(self, node: Node) -> str:
        """The definition's first line, without a body in braces."""
        line = (
            self._data[node.start_byte : node.end_byte].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        )
        head = line.partition(" {")[0] if line.endswith("}") else line
        return " ".join(head.split()).rstrip("{: ")


def _captures(query: Query, tree: Tree) -> dict[str, list[Node]]:
    """What the query captures down to MAX_DEPTH."""
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(MAX_DEPTH)
    return cursor.captures(tree.root_node)


def _is_endless(tree: Tree, data: bytes) -> bool:
    """Whether a node has so many tokens beside each other that a query, which looks for a named one behind each of
    them, would take its time. Text that can be parsed hardly has that, but for separators.
    """
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.child_count - node.named_child_count > MAX_TOKENS:
            return True
        waiting += [child for child in node.children if child.has_error]
    return any(len(run[0]) > MAX_TOKENS for run in _SEPARATORS.finditer(data))


def _word_in(text: bytes, word: bytes) -> int:
    """Where the word first stands by itself; -1 where it does not."""
    found = text.find(word)
    while found >= 0:
        end = found + len(word)
        if not (_WORD.match(text, found - 1) if found else None) and not _WORD.match(text, end):
            return found
        found = text.find(word, found + 1)
    return -1


def _kind_in(scope: _Scope, kind: str) -> str:
    """A function of a type is a method, its constant a field."""
    if scope.kind not in kinds.TYPE_LIKE:
        return kind
    return {kinds.FUNCTION: kinds.METHOD, kinds.CONSTANT: kinds.FIELD}.get(kind, kind)


def _outer_first(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


@cache
def _definition_query(grammar: Grammar, types: tuple[str, ...]) -> Query:
    known = [name for name in types if grammar.id_for_node_kind(name, True)]
    return Query(grammar, f"[{' '.join(f'({name})' for name in known)}] @node")


@cache
def _reference_query(grammar: Grammar, query: str) -> Query:
    return Query(grammar, query)
