"""Where a parsed document speaks about its code: comments, docstrings and documentation attributes, as line blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node, Tree

from codeintel.analysis.grammars.common import COMMENTS
from codeintel.analysis.lines import Lines

COMMENT_NODES = COMMENTS | {"haddock"}
# `@doc """…"""` is an operator on a call in Elixir's grammar.
_ELIXIR_DOC = re.compile(rb'@(module)?doc\s+(~\w)?"')
_DOC_OPENING = re.compile(r'\s*(/\*\*|//[/!]|--\s*\||\{-\||---|##|#\[|@(module)?doc\b|[rRbBuU]*("""|\'\'\'))')


@dataclass(frozen=True, slots=True)
class Comment:
    """Whole lines `first` to `last`, inclusive, that hold nothing but a comment; `text` is as written.

    `is_doc` says that its form is the language's form for documentation.
    """

    first: int
    last: int
    text: str
    is_doc: bool


def comments(tree: Tree, lines: Lines) -> list[Comment]:
    """The comments of a document that stand on lines of their own, neighbouring lines as one."""
    found: list[tuple[int, int]] = []
    for node in _speaking(tree):
        first, last = lines.line_of(node.start_byte), lines.line_of(max(node.start_byte, node.end_byte - 1))
        if not lines.opens_at(node.start_byte) or not _ends_line(node, lines, last):
            continue
        if found and first <= found[-1][1] + 1 and lines.indent(first) == lines.indent(found[-1][0]):
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return [_comment(first, last, lines) for first, last in found]


def _comment(first: int, last: int, lines: Lines) -> Comment:
    text = "".join(lines.texts[first : last + 1])
    return Comment(first, last, text, _DOC_OPENING.match(text) is not None)


def _ends_line(node: Node, lines: Lines, last: int) -> bool:
    rest = lines.texts[last].encode()[node.end_byte - lines.starts[last] :]
    return not rest.strip(b" \t\r\n;")


def _speaking(tree: Tree) -> Iterator[Node]:
    """The nodes that are comments, in source order; one cursor, since Python objects for all nodes cost more."""
    cursor = tree.walk()
    entered = True
    while True:
        if entered:
            node = cursor.node
            if node is not None and _is_comment(node):
                yield node
                entered = False
                continue
            if cursor.goto_first_child():
                continue
        if cursor.goto_next_sibling():
            entered = True
        elif cursor.goto_parent():
            entered = False
        else:
            return


def _is_comment(node: Node) -> bool:
    if node.type in COMMENT_NODES:
        return True
    if node.type == "unary_operator":
        return _ELIXIR_DOC.match(node.text or b"") is not None
    return node.type == "expression_statement" and _is_docstring(node)


def _is_docstring(statement: Node) -> bool:
    """A string alone as the first statement of a Python module, class or function."""
    if statement.named_child_count != 1 or statement.named_children[0].type != "string":
        return False
    before = statement.prev_named_sibling
    return before is None or before.type == "comment"
