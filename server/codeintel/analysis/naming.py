"""How definitions are named in trees: finders that several grammars share, one language's own are in dialects/."""

import re

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.syntax import Definition, DefinitionFinder

MAX_NAME_LENGTH = 80
"""Names built from free text (a test's description, an instance head) are cut here (guess)."""

_TEMPLATE_ARGUMENTS = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"\s+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def text_of(node: Node | None) -> str:
    """The node's source text, empty for no node."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def label(text: str) -> str:
    """Free text as one short line."""
    return _SPACES.sub(" ", text).strip()[:MAX_NAME_LENGTH].rstrip()


def unquoted(text: str) -> str:
    """A string literal's inside, as one short line."""
    return label(text.strip("\"'`"))


def child_of_type(node: Node, *types: str) -> Node | None:
    """The first named child of one of these types."""
    return next((child for child in node.named_children if child.type in types), None)


def qualified_path(text: str) -> tuple[str, ...]:
    """The parts of a name qualified by `::`, `.`, `:` or a backslash, without template arguments."""
    plain, count = _TEMPLATE_ARGUMENTS.subn("", text)
    while count:
        plain, count = _TEMPLATE_ARGUMENTS.subn("", plain)
    return tuple(part for part in (label(part) for part in re.split(r"::|[.:\\]", plain)) if part)


def named(kind: str, field: str = "name", *, has_members: bool = False) -> DefinitionFinder:
    """A definition whose plain or qualified name stands in `field`."""

    def find(node: Node) -> Definition | None:
        path = qualified_path(text_of(node.child_by_field_name(field)))
        return Definition(kind, path, path[-1:], has_members) if path else None

    return find


def typed(kind: str) -> DefinitionFinder:
    """A named type whose members are chunked on their own when it is large."""
    return named(kind, has_members=True)


def fixed(kind: str, name: str, *, has_members: bool = False) -> DefinitionFinder:
    """A definition that its grammar leaves nameless, such as an initialiser."""
    return lambda _node: Definition(kind, (name,), (), has_members)


def namespace(field: str = "name") -> DefinitionFinder:
    """A named scope whose members stand on their own; one without a name or a body still opens a scope."""

    def find(node: Node) -> Definition:
        path = qualified_path(text_of(node.child_by_field_name(field)))
        return Definition(kinds.NAMESPACE, path, path[-1:])

    return find


def declared(kind: str, *declarators: str, name: str = "name") -> DefinitionFinder:
    """One or more names, each in a child of one of the types `declarators` (or in the node itself where
    none is given).
    """

    def find(node: Node) -> Definition | None:
        holders = [child for child in node.named_children if child.type in declarators]
        return of_names(kind, [_first_name(holder, name) for holder in holders])

    return find


def of_names(kind: str, names: list[str]) -> Definition | None:
    """A definition of several names at once; its breadcrumb names it only when it is a single one."""
    symbols = tuple(dict.fromkeys(found for found in names if _IDENTIFIER.fullmatch(found)))
    return Definition(kind, symbols if len(symbols) == 1 else (), symbols) if symbols else None


def _first_name(holder: Node, field: str) -> str:
    found = holder.child_by_field_name(field) or child_of_type(
        holder, "identifier", "name", "simple_identifier"
    )
    return text_of(found).lstrip("$")


def first_of(*finders: DefinitionFinder) -> DefinitionFinder:
    """The first finder's answer that is not None."""

    def find(node: Node) -> Definition | None:
        return next((found for finder in finders if (found := finder(node))), None)

    return find
