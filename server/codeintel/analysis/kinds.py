"""The closed set of chunk kinds and what they imply; how trees map to them is in the grammar tables."""

from typing import Final

FUNCTION: Final = "function"
METHOD: Final = "method"
CLASS: Final = "class"
INTERFACE: Final = "interface"
ENUM: Final = "enum"
STRUCT: Final = "struct"
TRAIT: Final = "trait"
IMPL: Final = "impl"
MODULE: Final = "module"
NAMESPACE: Final = "namespace"
TYPE: Final = "type"
CONSTANT: Final = "constant"
"""A variable or constant outside functions and classes."""
FIELD: Final = "field"
"""A variable, constant or property of a type."""
MACRO: Final = "macro"
TEST: Final = "test"
"""A test block that carries a description rather than a name; its breadcrumb is the description."""
IMPORT: Final = "import"
BLOCK: Final = "block"
"""Statements outside any definition."""
DOC: Final = "doc"
"""A section of a prose document, or a comment that stands apart from any definition."""
TEXT: Final = "text"
"""A piece of a document without a grammar, or of one that could not be parsed."""

KINDS: Final = frozenset(
    {FUNCTION, METHOD, CLASS, INTERFACE, ENUM, STRUCT, TRAIT, IMPL, MODULE, NAMESPACE, TYPE, CONSTANT, FIELD}
    | {MACRO, TEST, IMPORT, BLOCK, DOC, TEXT}
)

TYPE_LIKE: Final = frozenset({CLASS, INTERFACE, ENUM, STRUCT, TRAIT, IMPL})
"""Where a function is a method and a constant is a field."""

CALLABLE_OR_TYPE: Final = TYPE_LIKE | {FUNCTION, METHOD, TEST, MODULE}
"""What keeps a name of its own when it is defined inside a function; local variables do not."""
