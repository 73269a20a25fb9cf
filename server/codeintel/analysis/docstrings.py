"""What people wrote about a definition, without the marks of the language around it; syntax_nodes.py finds it."""

import re
from inspect import cleandoc
from typing import Final

from tree_sitter import Node

from codeintel.analysis.grammars.common import COMMENTS

MAX_LENGTH: Final = 500
"""Characters of a docstring that are kept: what a person reads in a list."""

MAX_READ: Final = 4_000
"""Bytes of a comment that are looked at, since most of a line may be marks."""

COMMENT_TYPES: Final = COMMENTS | {"haddock"}
"""Nodes that document what follows them directly."""

_OPENING = re.compile(r"^[ \t]*(?:/\*+[!*]?|\*(?!/)|//[/!]*|#+!?|--\[=*\[|--+|\{-)[ \t]?[|^]?", re.MULTILINE)
_CLOSING = re.compile(r"[ \t]*(?:\*+/|-\}|\]=*\])[ \t]*$", re.MULTILINE)
_PYTHON = re.compile(r"[rRuU]?(\"\"\"|'''|\"|')(.*)\1", re.DOTALL)
_ELIXIR = re.compile(r"@(?:module|type)?doc\s+(?:~[sS])?(\"\"\"|\")(.*?)(?:\1|\Z)", re.DOTALL)


def of_comment(data: bytes) -> str | None:
    """The text of comments that follow one another, None where there is none."""
    text = _CLOSING.sub("", data[:MAX_READ].decode("utf-8", "ignore"))
    return _cut(_OPENING.sub("", text))


def of_body(node: Node) -> str | None:
    """The docstring of a Python module, class or function: a string that is its first statement."""
    body = node if node.type == "module" else node.child_by_field_name("body")
    if body is None:
        return None
    first = next((child for child in body.named_children if child.type != "comment"), None)
    if first is None or first.type != "expression_statement" or first.named_child_count != 1:
        return None
    string = first.named_children[0]
    if string.type != "string":
        return None
    found = _PYTHON.fullmatch((string.text or b"").decode("utf-8", "replace"))
    return _cut(found[2]) if found else None


def of_attribute(data: bytes) -> str | None:
    """The text of Elixir's `@doc`, `@moduledoc` and `@typedoc`, None for any other attribute and for `@doc false`."""
    found = _ELIXIR.match(data[:MAX_READ].decode("utf-8", "ignore"))
    return _cut(found[2]) if found else None


def _cut(text: str) -> str | None:
    return cleandoc(text).strip()[:MAX_LENGTH].rstrip() or None
