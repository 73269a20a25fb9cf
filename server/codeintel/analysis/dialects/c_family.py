"""Definitions of C and C++: declarators, qualified names, types with bodies, typedefs."""

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.naming import label, of_names, qualified_path, text_of
from codeintel.analysis.syntax import Definition

_C_NAMES = {"identifier", "field_identifier", "type_identifier", "qualified_identifier", "destructor_name"}
_C_NAMES |= {"operator_name", "operator_cast", "template_function"}


def _c_declarator(node: Node | None) -> tuple[Node | None, bool]:
    """The innermost name of a declarator, and whether it is that of a function."""
    is_function = False
    while node is not None and node.type not in _C_NAMES:
        is_function = is_function or node.type == "function_declarator"
        node = node.child_by_field_name("declarator") or next(iter(node.named_children), None)
    return node, is_function


def _c_path(node: Node | None) -> tuple[str, ...]:
    text = text_of(node)
    scope, operator, rest = text.partition("operator")
    if operator and not rest[:1].isalnum() and rest[:1] != "_":
        return (
            *qualified_path(scope),
            label(operator + rest.partition("(")[0] if rest[:1] != "(" else "operator()"),
        )
    return qualified_path(text)


def c_function(node: Node) -> Definition | None:
    """A function's definition, also one outside its class: `int Foo::bar()` is Foo > bar."""
    name, _ = _c_declarator(node.child_by_field_name("declarator"))
    path = _c_path(name)
    kind = kinds.METHOD if len(path) > 1 else kinds.FUNCTION
    return Definition(kind, path, path[-1:]) if path else None


_C_TYPES = {
    "struct_specifier": kinds.STRUCT,
    "union_specifier": kinds.STRUCT,
    "enum_specifier": kinds.ENUM,
    "class_specifier": kinds.CLASS,
}


def c_type(node: Node) -> Definition | None:
    """A struct, union, enum or class that has a body."""
    path = _c_path(node.child_by_field_name("name"))
    if node.child_by_field_name("body") is None or not path:
        return None
    return Definition(_C_TYPES[node.type], path, path[-1:], has_members=node.type != "enum_specifier")


def c_declaration(node: Node) -> Definition | None:
    """Variables define their names; a prototype is named, but defines nothing."""
    held = node.child_by_field_name("type")
    inner = c_type(held) if held is not None and held.type in _C_TYPES else None
    found = [_c_declarator(declarator) for declarator in node.children_by_field_name("declarator")]
    if inner is not None:
        extra = tuple(text_of(name) for name, _ in found)
        return Definition(inner.kind, inner.path, inner.symbols + extra, inner.has_members)
    if found and found[0][1]:
        path = _c_path(found[0][0])
        return Definition(kinds.FUNCTION, path, ()) if path else None
    return of_names(kinds.CONSTANT, [text_of(name) for name, _ in found])


def c_typedef(node: Node) -> Definition | None:
    """`typedef struct tag {…} Name` defines both names."""
    held = node.child_by_field_name("type")
    has_body = held is not None and held.child_by_field_name("body") is not None
    kind = _C_TYPES.get(held.type, kinds.TYPE) if held is not None and has_body else kinds.TYPE
    names = [text_of(_c_declarator(name)[0]) for name in node.children_by_field_name("declarator")]
    names = [name for name in names if name.isidentifier()]
    if not names:
        return None
    tag = text_of(held.child_by_field_name("name")) if held is not None and has_body else ""
    symbols = tuple(dict.fromkeys(name for name in (*names, tag) if name))
    return Definition(kind, (names[0],), symbols, has_members=kind in {kinds.STRUCT, kinds.CLASS})


def c_member(node: Node) -> Definition | None:
    """A field of a class; a method's declaration is named, but defines nothing."""
    found = c_declaration(node)
    return (
        Definition(kinds.FIELD, found.path, found.symbols)
        if found and found.kind == kinds.CONSTANT
        else found
    )
