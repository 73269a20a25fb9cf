"""Definitions of JavaScript and TypeScript: bindings, assignments to members, exports, test blocks."""

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.naming import of_names, qualified_path, text_of, unquoted
from codeintel.analysis.syntax import Definition

_SCRIPT_FUNCTIONS = {"arrow_function", "function_expression", "generator_function", "function"}
_SCRIPT_ROOTS = {"this", "self", "module", "exports", "prototype", "window", "globalThis"}
_SCRIPT_TESTS = {"describe", "it", "test", "suite", "context", "specify", "bench"}


def _script_kind(value: Node | None) -> tuple[str, bool]:
    """The kind that a bound value gives its name, and whether it has members; calls are looked through
    (`memo(…)`).
    """
    if value is not None and value.type == "call_expression" and _is_plain_call(value):
        arguments = value.child_by_field_name("arguments")
        inner = arguments.named_children[0] if arguments and arguments.named_children else None
        value = inner if inner is not None and inner.type in _SCRIPT_FUNCTIONS else value
    if value is None:
        return kinds.CONSTANT, False
    if value.type in _SCRIPT_FUNCTIONS:
        return kinds.FUNCTION, False
    return (kinds.CLASS, True) if value.type == "class" else (kinds.CONSTANT, False)


def _is_plain_call(call: Node) -> bool:
    """A call of `memo` or `React.memo`, not of some value's method such as `items.map`."""
    callee = call.child_by_field_name("function")
    return callee is not None and (callee.type == "identifier" or text_of(callee).startswith("React."))


def script_variable(node: Node) -> Definition | None:
    """`const name = value`: a function, a class, a constant, or an import by `require`."""
    declarators = [child for child in node.named_children if child.type == "variable_declarator"]
    if not declarators:
        return None
    values = [declarator.child_by_field_name("value") for declarator in declarators]
    if all(value is not None and text_of(value).startswith("require(") for value in values):
        return Definition(kinds.IMPORT, (), ())
    kind, has_members = _script_kind(values[0])
    found = of_names(kind, [text_of(declarator.child_by_field_name("name")) for declarator in declarators])
    return Definition(kind, found.path, found.symbols, has_members) if found else None


def script_statement(node: Node) -> Definition | None:
    """An assignment to a member (`app.use = function`), or a test block."""
    inner = node.named_children[0] if node.named_children else None
    if inner is None:
        return None
    if inner.type == "call_expression":
        return _script_test(inner)
    return _script_assignment(inner) if inner.type == "assignment_expression" else None


def _script_assignment(node: Node) -> Definition | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    while right is not None and right.type == "assignment_expression":
        right = right.child_by_field_name("right")
    kind, has_members = _script_kind(right)
    path = tuple(part for part in qualified_path(text_of(left)) if part not in _SCRIPT_ROOTS)
    if not path or not all(part.isidentifier() for part in path):
        return None
    if kind == kinds.CONSTANT and not text_of(left).startswith(("exports.", "module.exports.")):
        return None
    return Definition(
        kinds.METHOD if kind == kinds.FUNCTION and len(path) > 1 else kind, path, path[-1:], has_members
    )


def _script_test(node: Node) -> Definition | None:
    callee = text_of(node.child_by_field_name("function")).partition(".")[0]
    arguments = node.child_by_field_name("arguments")
    if callee not in _SCRIPT_TESTS or arguments is None or not arguments.named_children:
        return None
    return Definition(kinds.TEST, (unquoted(text_of(arguments.named_children[0])),), ())


def script_export(node: Node) -> Definition | None:
    """`export default` of a nameless function or class."""
    value = node.child_by_field_name("value")
    kind, has_members = _script_kind(value)
    if kind == kinds.CONSTANT:
        return None
    name = text_of(value.child_by_field_name("name")) if value else ""
    return Definition(kind, (name or "default",), (name,) if name else (), has_members)


def script_member(node: Node) -> Definition | None:
    """A class field or object property: a method where its value is a function."""
    key = (
        node.child_by_field_name("name")
        or node.child_by_field_name("key")
        or node.child_by_field_name("property")
    )
    kind, _ = _script_kind(node.child_by_field_name("value"))
    name = unquoted(text_of(key))
    if not name or (node.type == "pair" and kind != kinds.FUNCTION):
        return None
    return Definition(kinds.METHOD if kind == kinds.FUNCTION else kinds.FIELD, (name,), (name,))
