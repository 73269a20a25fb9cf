"""Definitions of Go, Rust, Kotlin, Swift, Scala, C#, Haskell and Zig beyond a name field."""

import re

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.naming import child_of_type, label, of_names, qualified_path, text_of, unquoted
from codeintel.analysis.syntax import Definition

# Go

_GO_RECEIVER = re.compile(r"(\w+)\s*(?:\[[^\]]*\])?\s*,?\s*\)$")


def go_method(node: Node) -> Definition:
    """`func (c *Context) Bind()` is Context > Bind."""
    name = text_of(node.child_by_field_name("name"))
    receiver = _GO_RECEIVER.search(text_of(node.child_by_field_name("receiver")))
    return Definition(kinds.METHOD, (receiver[1], name) if receiver else (name,), (name,))


_GO_TYPES = {"struct_type": kinds.STRUCT, "interface_type": kinds.INTERFACE}


def go_type(node: Node) -> Definition | None:
    """One type, or a parenthesised list of them."""
    specs = [child for child in node.named_children if child.type in {"type_spec", "type_alias"}]
    kind = kinds.TYPE
    if len(specs) == 1 and (body := specs[0].child_by_field_name("type")):
        kind = _GO_TYPES.get(body.type, kinds.TYPE)
    return of_names(kind, [text_of(spec.child_by_field_name("name")) for spec in specs])


def go_values(node: Node) -> Definition | None:
    """`const` and `var`, also in parentheses."""
    holders = node.named_children
    holders = holders[0].named_children if holders and holders[0].type == "var_spec_list" else holders
    names = [name for holder in holders for name in holder.children_by_field_name("name")]
    return of_names(kinds.CONSTANT, [text_of(name) for name in names])


# Rust

_RUST_REFERENCE = re.compile(r"^(?:&|'\w+|mut\b|dyn\b|\s)+")


def rust_impl(node: Node) -> Definition:
    """`impl Trait for a::Foo<T>` is Foo; it extends the type, and so defines no name itself."""
    text = _RUST_REFERENCE.sub("", text_of(node.child_by_field_name("type")))
    path = qualified_path(text)
    return Definition(kinds.IMPL, path[-1:] or (label(text),), (), has_members=True)


def rust_macro_call(node: Node) -> Definition | None:
    """A macro that declares items (`define! { pub struct Foo; }`) is a block under the macro's name."""
    name = text_of(node.child_by_field_name("macro"))
    return Definition(kinds.BLOCK, (f"{name}!",), ()) if name else None


# Kotlin

_KOTLIN_RECEIVERS = {"user_type", "nullable_type", "parenthesized_type"}


def kotlin_class(node: Node) -> Definition | None:
    """A class, interface or enum: one node type for all three."""
    words = {child.type for child in node.children}
    modifiers = text_of(child_of_type(node, "modifiers"))
    kind = kinds.INTERFACE if "interface" in words else kinds.CLASS
    if "enum_class_body" in words or "enum" in modifiers.split():
        kind = kinds.ENUM
    name = text_of(node.child_by_field_name("name"))
    return Definition(kind, (name,), (name,), has_members=True) if name else None


def kotlin_companion(node: Node) -> Definition:
    """A companion object, named or not."""
    name = text_of(node.child_by_field_name("name"))
    return Definition(kinds.CLASS, (name or "Companion",), (name,) if name else (), has_members=True)


def kotlin_function(node: Node) -> Definition | None:
    """A function; an extension is found under its receiver: `fun Column.asc()` is Column > asc."""
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return None
    name = text_of(name_node)
    return Definition(kinds.FUNCTION, (*_kotlin_receiver(node, name_node), name), (name,))


def kotlin_property(node: Node) -> Definition | None:
    """A property, also an extension property or several in one destructuring."""
    holder = child_of_type(node, "variable_declaration", "multi_variable_declaration")
    if holder is None:
        return None
    variables = [holder] if holder.type == "variable_declaration" else holder.named_children
    found = of_names(
        kinds.CONSTANT, [text_of(child_of_type(variable, "identifier")) for variable in variables]
    )
    if found is None or not found.path:
        return found
    return Definition(kinds.CONSTANT, _kotlin_receiver(node, holder) + found.path, found.symbols)


def _kotlin_receiver(node: Node, name: Node) -> tuple[str, ...]:
    before = [child for child in node.named_children if child.end_byte <= name.start_byte]
    receivers = [child for child in before if child.type in _KOTLIN_RECEIVERS]
    return qualified_path(text_of(receivers[-1]).rstrip("?"))[-1:] if receivers else ()


# Swift

_SWIFT_KINDS = {"struct": kinds.STRUCT, "enum": kinds.ENUM, "extension": kinds.IMPL}


def swift_type(node: Node) -> Definition | None:
    """A class, struct, enum, actor or extension: one node type for all; an extension defines no name
    itself.
    """
    word = text_of(node.child_by_field_name("declaration_kind"))
    kind = _SWIFT_KINDS.get(word, kinds.CLASS)
    path = qualified_path(text_of(node.child_by_field_name("name")))
    symbols = () if kind == kinds.IMPL else path[-1:]
    return Definition(kind, path, symbols, has_members=True) if path else None


def swift_property(node: Node) -> Definition | None:
    """`let` and `var`."""
    names = [text_of(name).partition(":")[0].strip() for name in node.children_by_field_name("name")]
    return of_names(kinds.CONSTANT, names)


# Scala


def scala_value(node: Node) -> Definition | None:
    """`val` and `var` of a plain name."""
    return of_names(kinds.CONSTANT, [text_of(node.child_by_field_name("pattern"))])


# C#


def csharp_fields(node: Node) -> Definition | None:
    """Fields and events of one declaration."""
    holder = child_of_type(node, "variable_declaration")
    declarators = holder.named_children if holder else []
    names = [
        text_of(child.child_by_field_name("name"))
        for child in declarators
        if child.type == "variable_declarator"
    ]
    return of_names(kinds.FIELD, names)


# Haskell


def haskell_module(node: Node) -> Definition | None:
    """A module's header with its exports."""
    name = text_of(node.child_by_field_name("module"))
    return Definition(kinds.MODULE, (name,), (name,)) if name else None


def haskell_binding(node: Node) -> Definition | None:
    """A signature, an equation or an operator's equation."""
    infix = child_of_type(node, "infix")
    nodes = [infix.child_by_field_name("operator")] if infix else node.children_by_field_name("name")
    names = [name for name in (text_of(found).strip("`()") for found in nodes) if name]
    if names:
        return Definition(kinds.FUNCTION, (names[0],), tuple(dict.fromkeys(names)))
    binders = child_of_type(node, "binding_list")
    names = [text_of(name).strip("()") for name in binders.named_children] if binders else []
    return Definition(kinds.FUNCTION, (names[0],), tuple(names)) if names else None


def haskell_instance(node: Node) -> Definition | None:
    """`instance ToJSON Foo where` is `ToJSON Foo`; an instance defines no name itself."""
    name, patterns = node.child_by_field_name("name"), node.child_by_field_name("patterns")
    head = label(f"{text_of(name)} {text_of(patterns)}")
    return Definition(kinds.IMPL, (head,), (), has_members=True) if head else None


# Zig

_ZIG_TYPES = {
    "struct_declaration": kinds.STRUCT,
    "union_declaration": kinds.STRUCT,
    "opaque_declaration": kinds.STRUCT,
    "enum_declaration": kinds.ENUM,
    "error_set_declaration": kinds.ENUM,
}


def zig_variable(node: Node) -> Definition | None:
    """`const X = struct {…}` is a type, `const x = @import(…)` an import, anything else a constant."""
    name = text_of(child_of_type(node, "identifier"))
    value = node.named_children[-1] if node.named_children else None
    if value is not None and text_of(value).startswith("@import("):
        return Definition(kinds.IMPORT, (), ())
    kind = _ZIG_TYPES.get(value.type if value is not None else "", kinds.CONSTANT)
    return (
        Definition(kind, (name,), (name,), has_members=kind == kinds.STRUCT or kind == kinds.ENUM)
        if name
        else None
    )


def zig_test(node: Node) -> Definition:
    """A test, by its description or by the name of what it tests."""
    name = child_of_type(node, "string", "identifier")
    return Definition(kinds.TEST, (unquoted(text_of(name)),) if name else (), ())
