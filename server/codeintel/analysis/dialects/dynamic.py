"""Definitions of Python, Ruby, Elixir, Lua, PHP and shell, many of which are calls or assignments."""

import re

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.naming import child_of_type, of_names, qualified_path, text_of, unquoted
from codeintel.analysis.syntax import Definition

# Python


def python_statement(node: Node) -> Definition | None:
    """`NAME = value` and `NAME: type = value`; a string alone is documentation."""
    if child_of_type(node, "string") is not None:
        return Definition(kinds.DOC, (), ())
    assignment = child_of_type(node, "assignment")
    left = assignment.child_by_field_name("left") if assignment else None
    if left is None:
        return None
    targets = left.named_children if left.type == "pattern_list" else [left]
    return of_names(kinds.CONSTANT, [text_of(target) for target in targets])


# Ruby

_RUBY_TESTS = {"describe", "context", "it", "specify", "should", "test", "feature", "scenario"}
_RUBY_ACCESSORS = {"attr_reader", "attr_writer", "attr_accessor", "attr"}
_RUBY_IMPORTS = {"require", "require_relative", "autoload", "load"}
_RUBY_CLASSES = {"Struct.new", "Class.new", "Data.define", "Module.new"}


def ruby_assignment(node: Node) -> Definition | None:
    """A constant; a class where it is assigned `Struct.new(…)` or the like."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or left.type not in {"constant", "scope_resolution"}:
        return None
    path = qualified_path(text_of(left))
    callee = (
        text_of(right).partition("(")[0].partition(" ")[0]
        if right is not None and right.type == "call"
        else ""
    )
    return Definition(kinds.CLASS if callee in _RUBY_CLASSES else kinds.CONSTANT, path, path[-1:])


def ruby_call(node: Node) -> Definition | None:
    """Accessors, `private def …`, `define_method`, imports and test blocks."""
    callee = text_of(node.child_by_field_name("method"))
    arguments = node.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if callee in _RUBY_IMPORTS:
        return Definition(kinds.IMPORT, (), ())
    if callee in _RUBY_ACCESSORS:
        return of_names(kinds.FIELD, [text_of(name).lstrip(":") for name in given])
    if given and given[0].type in {"method", "singleton_method"}:
        name = text_of(given[0].child_by_field_name("name"))
        return Definition(kinds.METHOD, (name,), (name,))
    if callee == "define_method" and given:
        return of_names(kinds.METHOD, [text_of(given[0]).lstrip(":")])
    if callee in _RUBY_TESTS and given and node.child_by_field_name("block") is not None:
        return Definition(kinds.TEST, (unquoted(text_of(given[0])),), ())
    return None


# Elixir

_ELIXIR_MODULES = {"defmodule": kinds.MODULE, "defprotocol": kinds.INTERFACE, "defimpl": kinds.IMPL}
_ELIXIR_FUNCTIONS = {
    "def",
    "defp",
    "defmacro",
    "defmacrop",
    "defguard",
    "defguardp",
    "defdelegate",
    "defn",
    "defnp",
}
_ELIXIR_IMPORTS = {"use", "import", "alias", "require"}
_ELIXIR_TESTS = {"test", "describe", "property", "feature"}


def elixir_call(node: Node) -> Definition | None:
    """Everything that Elixir defines is a call of a macro."""
    callee = text_of(node.child_by_field_name("target"))
    arguments = child_of_type(node, "arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    if callee in _ELIXIR_IMPORTS:
        return Definition(kinds.IMPORT, (), ())
    if first is None:
        return None
    if callee in _ELIXIR_MODULES:
        symbols = () if callee == "defimpl" else (text_of(first),)
        return Definition(_ELIXIR_MODULES[callee], (text_of(first),), symbols, has_members=True)
    if callee in _ELIXIR_FUNCTIONS:
        name = _elixir_head(first)
        return (
            Definition(kinds.MACRO if "macro" in callee else kinds.FUNCTION, (name,), (name,))
            if name
            else None
        )
    return Definition(kinds.TEST, (unquoted(text_of(first)),), ()) if callee in _ELIXIR_TESTS else None


def _elixir_head(node: Node | None) -> str:
    """The name in `name(arguments) when guard`, an operator's definition, or `name`."""
    while (
        node is not None
        and node.type == "binary_operator"
        and text_of(node.child_by_field_name("operator")) == "when"
    ):
        node = node.child_by_field_name("left")
    if node is None:
        return ""
    field = {"call": "target", "binary_operator": "operator", "unary_operator": "operator"}.get(node.type)
    return text_of(node.child_by_field_name(field) if field else node)


# Lua


def lua_function(node: Node) -> Definition | None:
    """`function M.name()`, `function M:name()` and `local function name()`."""
    path = qualified_path(text_of(node.child_by_field_name("name")))
    return Definition(kinds.METHOD if len(path) > 1 else kinds.FUNCTION, path, path[-1:]) if path else None


_LUA_REQUIRE = re.compile(r"""require\s*\(?\s*["'\[]""")


def lua_assignment(node: Node) -> Definition | None:
    """`M.name = function`, `local name = …`; a plain assignment to a field defines nothing."""
    is_local = node.type == "variable_declaration"
    holder = child_of_type(node, "assignment_statement") if is_local else node
    names = child_of_type(holder, "variable_list") if holder is not None else None
    values = child_of_type(holder, "expression_list") if holder is not None else None
    if names is None or values is None or not values.named_children:
        return None
    path = qualified_path(text_of(names.named_children[0])) if names.named_children else ()
    value = values.named_children[0]
    if not path or not path[-1].isidentifier():
        return None
    if value.type == "function_definition":
        return Definition(kinds.METHOD if len(path) > 1 else kinds.FUNCTION, path, path[-1:])
    if _LUA_REQUIRE.match(text_of(value)):
        return Definition(kinds.IMPORT, (), ())
    return Definition(kinds.CONSTANT, path, path[-1:])


def lua_field(node: Node) -> Definition | None:
    """A table's field that holds a function."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None or value.type != "function_definition":
        return None
    return Definition(kinds.METHOD, (text_of(name),), (text_of(name),))


# PHP


def php_statement(node: Node) -> Definition | None:
    """`define('NAME', …)`."""
    call = child_of_type(node, "function_call_expression")
    arguments = call.child_by_field_name("arguments") if call is not None else None
    if call is None or arguments is None or text_of(call.child_by_field_name("function")) != "define":
        return None
    return of_names(
        kinds.CONSTANT, [unquoted(text_of(argument)) for argument in arguments.named_children[:1]]
    )


# Shell


def shell_variables(node: Node) -> Definition | None:
    """`NAME=value`, also after `export`, `readonly` and `declare`."""
    assignments = [node] if node.type == "variable_assignment" else node.named_children
    names = [
        child.child_by_field_name("name") for child in assignments if child.type == "variable_assignment"
    ]
    return of_names(kinds.CONSTANT, [text_of(name) for name in names])
