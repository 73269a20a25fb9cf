"""What a language's grammar table is made of: which nodes define, lead to, hold or wrap something.

The tables themselves are in grammars, the ways to find a name in naming.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Definition:
    """What a node defines: its kind, its path below the enclosing scope, and the names it brings into
    being.
    """

    kind: str
    path: tuple[str, ...]
    symbols: tuple[str, ...]
    has_members: bool = False


DefinitionFinder = Callable[[Node], Definition | None]
"""Reads a definition off a node; None where this node of a possibly defining type defines nothing."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """Node types of one grammar by the part they play in a document's outline.

    `package` and `function` name the grammar wheel's module and its entry point. `leading` nodes (comments,
    attributes) belong to what follows them. `wrappers` stand for the one definition inside them.
    `transparent` nodes stand for their children (conditional compilation, export blocks). `bodies` hold the
    members of definitions, namespaces and transparent nodes. With `clauses`, neighbours of one name are one
    thing (equations, overloads). `prepare` rewrites the source before parsing without moving a byte.
    """

    package: str
    definitions: Mapping[str, DefinitionFinder]
    leading: frozenset[str]
    imports: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    transparent: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    clauses: bool = False
    function: str = "language"
    prepare: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language by name, how to recognise its documents, and its syntax where it has a grammar."""

    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    syntax: Syntax | None = None
