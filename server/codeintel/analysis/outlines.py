"""From a syntax tree to units: which lines are which definition, with the comments that lead to it.

Where units are cut or joined to fit a size is decided in chunking.py and packing.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from codeintel.analysis import kinds
from codeintel.analysis.lines import Lines
from codeintel.analysis.syntax import Definition, Syntax
from codeintel.analysis.units import Role, Unit, merged, plain

MAX_WRAPPERS = 4
"""How deep a definition may lie in its wrappers, and a body in its definition: export, declare, template, …
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an outline stands: the path down to here, and the kind of what it is inside."""

    path: tuple[str, ...] = ()
    kind: str = kinds.BLOCK


class Outliner:
    """Outlines of one document."""

    def __init__(self, syntax: Syntax, lines: Lines) -> None:
        self._syntax = syntax
        self._lines = lines

    def units(self, root: Node) -> list[Unit]:
        """The top of a document, namespaces and conditional blocks looked through."""
        return self._collect(root.children, Scope())

    def members(self, unit: Unit) -> list[Unit]:
        """The members of a type or module; empty where it has no body."""
        if unit.node is None or not unit.has_members:
            return []
        return self._collect(list(self._inner_nodes(unit.node)), Scope(unit.path, unit.kind))

    def statements(self, unit: Unit) -> list[Unit]:
        """What a large function or statement consists of, one nesting level down; definitions among it keep
        their names.
        """
        if unit.node is None:
            return []
        gathered = _Gathering(self._lines, unit.path)
        for node in self._fresh_nodes(unit.node):
            if node.type in self._syntax.leading:
                gathered.lead(*self._extent(node))
            else:
                gathered.add(self._unit(node, Scope(unit.path)))
        return [_part_of(unit, found) for found in gathered.finish()]

    def _collect(self, nodes: Sequence[Node], scope: Scope) -> list[Unit]:
        gathered = _Gathering(self._lines, scope.path)
        stack: list[tuple[Iterator[Node], Scope]] = [(iter(nodes), scope)]
        while stack:
            siblings, here = stack[-1]
            node = next(siblings, None)
            if node is None:
                stack.pop()
            elif node.is_named:
                self._visit(node, here, gathered, stack)
        return gathered.finish()

    def _visit(
        self, node: Node, here: Scope, gathered: "_Gathering", stack: list[tuple[Iterator[Node], Scope]]
    ) -> None:
        if node.type in self._syntax.leading:
            gathered.lead(*self._extent(node), is_doc=(node.text or b"").startswith(b"/**"))
            return
        if node.type in self._syntax.bodies:
            stack.append((iter(node.children), here))
            return
        first, last = self._extent(node)
        if first < last and (node.type in self._syntax.transparent or node.is_error):
            gathered.open(first)
            inner = [child for child in node.children if self._extent(child)[1] > first or not child.is_extra]
            stack.append((self._inside(node, first, inner), here))
            return
        found = self._unit(node, here)
        if found.kind == kinds.NAMESPACE and first < last and found.node is not None:
            gathered.open(first)
            stack.append((self._inner_nodes(found.node), Scope(found.path)))
            return
        gathered.add(found)

    def _inside(self, node: Node, opening: int, children: list[Node]) -> Iterator[Node]:
        """A transparent node's children, those of its bodies in their place, without what stands on its
        opening line.
        """
        for child in children:
            first, last = self._extent(child)
            if child.type in self._syntax.bodies and (first < last or first > opening):
                yield from child.children
            elif last > opening or node.is_error:
                yield child

    def _unit(self, node: Node, scope: Scope) -> Unit:
        first, last = self._extent(node)
        inner, found = self._definition(node)
        if found is None or not (found.path or found.symbols):
            kind = kinds.IMPORT if node.type in self._syntax.imports else found.kind if found else scope.kind
            return Unit(first, last, Role.PLAIN, kind, scope.path, node=inner)
        kind = _kind_in(scope, found)
        path = scope.path + found.path
        return Unit(first, last, Role.DEFINITION, kind, path, found.symbols, inner, found.has_members)

    def _definition(self, node: Node) -> tuple[Node, Definition | None]:
        """The definition a node makes or wraps, and the node that makes it."""
        for _ in range(MAX_WRAPPERS):
            finder = self._syntax.definitions.get(node.type)
            if finder is not None and (found := finder(node)) is not None:
                return node, found
            if node.type not in self._syntax.wrappers:
                break
            inner = self._wrapped(node)
            if inner is None:
                break
            node = inner
        return node, None

    def _wrapped(self, node: Node) -> Node | None:
        parts = (self._syntax.definitions.keys() | self._syntax.wrappers) - {"comment"}
        return next((child for child in node.named_children if child.type in parts), None)

    def _inner_nodes(self, node: Node) -> Iterator[Node]:
        """What the bodies of a definition hold; a comment that a grammar puts before a body leads its first member."""
        opening = self._lines.line_of(node.start_byte)
        for body in self._bodies(node):
            leading = []
            before = body.prev_named_sibling
            while before and before.type in self._syntax.leading and self._extent(before)[0] > opening:
                leading.append(before)
                before = before.prev_named_sibling
            yield from reversed(leading)
            yield from body.children

    def _bodies(self, node: Node) -> list[Node]:
        """The nodes nearest below a definition that hold its members."""
        level = [node]
        for _ in range(MAX_WRAPPERS):
            level = [child for parent in level for child in parent.named_children]
            bodies = [child for child in level if child.type in self._syntax.bodies]
            if bodies:
                return bodies
        return []

    def _fresh_nodes(self, node: Node) -> Iterator[Node]:
        """The nearest nodes below this one that begin a line; its last child only where that is small
        beside it.
        """
        stack = [iter(node.children)]
        whole = node.end_byte - node.start_byte
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
                continue
            first, last = self._extent(child)
            is_most = (
                2 * (child.end_byte - child.start_byte) > whole and child.type not in self._syntax.definitions
            )
            if first < last and (is_most or not self._lines.opens_at(child.start_byte)):
                stack.append(iter(child.children))
            elif (
                child.is_named
                and child.start_byte > node.start_byte
                and self._lines.opens_at(child.start_byte)
            ):
                yield child

    def _extent(self, node: Node) -> tuple[int, int]:
        """First and last line of a node, without blank lines that a grammar counts to its end."""
        first = self._lines.line_of(node.start_byte)
        last = max(first, self._lines.line_of(max(node.start_byte, node.end_byte - 1)))
        while last > first and self._lines.is_blank(last):
            last -= 1
        return first, last


def _kind_in(scope: Scope, found: Definition) -> str:
    """A function of a type is a method, its constant a field."""
    if scope.kind not in kinds.TYPE_LIKE:
        return found.kind
    return {kinds.FUNCTION: kinds.METHOD, kinds.CONSTANT: kinds.FIELD}.get(found.kind, found.kind)


def _part_of(unit: Unit, found: Unit) -> Unit:
    """What a large unit consists of: functions and types stay what they are, all else is a part of the
    unit.
    """
    if found.is_named and found.kind in kinds.CALLABLE_OR_TYPE:
        return found
    role = Role.PLAIN if unit.role is Role.PLAIN else Role.PART
    return replace(found, role=role, kind=unit.kind, path=unit.path, symbols=())


class _Gathering:
    """Units of one parent in source order; holds the lines that wait for what they lead to."""

    def __init__(self, lines: Lines, path: tuple[str, ...]) -> None:
        self._lines = lines
        self._path = path
        self._units: list[Unit] = []
        self._waiting: tuple[int, int] | None = None
        self._opened = False
        self._reach = 1

    def lead(self, first: int, last: int, is_doc: bool = False) -> None:
        """A comment or attribute: part of what follows it directly, or of what it stands behind on the same
        line.

        A documentation comment, unless it opens the document, also reaches over one blank line.
        """
        if self._units and first <= self._units[-1].last:
            self._units[-1].last = max(last, self._units[-1].last)
            return
        if self._waiting is not None and first > self._waiting[1] + 1:
            self._release()
        self._waiting = (self._waiting[0] if self._waiting else first, last)
        self._reach = 2 if is_doc and self._units else 1

    def open(self, line: int) -> None:
        """The line on which a namespace or a conditional opens: it goes with the first thing inside."""
        if self._units and line <= self._units[-1].last:
            return
        if self._waiting is not None and line > self._waiting[1] + 1 and not self._opened:
            self._release()
        self._waiting = (self._waiting[0] if self._waiting else line, line)
        self._opened = True

    def add(self, unit: Unit) -> None:
        """The next unit; one that shares a line with the last becomes one with it."""
        if self._waiting is not None and unit.first > self._waiting[1] + self._reach and not self._opened:
            self._release()
        if self._waiting is not None:
            unit.first = min(unit.first, self._waiting[0])
            self._waiting = None
        self._opened = False
        if self._units and unit.first <= self._units[-1].last:
            last = self._units.pop()
            joined = merged(last, unit, last if last.is_named or not unit.is_named else unit)
            joined.last = max(last.last, unit.last)
            unit = joined
        self._units.append(unit)

    def finish(self) -> list[Unit]:
        """Everything that was added, and what still waited."""
        self._release()
        return self._units

    def _release(self) -> None:
        if self._waiting is not None:
            first, last = self._waiting
            self._units.append(plain(first, last, self._path, kinds.DOC))
            self._waiting = None
