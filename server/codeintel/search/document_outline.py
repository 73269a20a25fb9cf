"""What a document defines, as a tree: from its occurrences, which say where, and its symbols, which say what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from codeintel.analysis import kinds
from codeintel.analysis.scip.symbols import kind_of, name_of
from codeintel.catalog.occurrence_rows import OccurrenceRow, SymbolRow

HIDDEN_KINDS: Final = frozenset({"parameter", "type_parameter", "local", "", kinds.IMPORT})
"""What nobody looks for in an outline."""

VALUES: Final = frozenset({kinds.CONSTANT, kinds.FIELD})
"""What may be assigned more than once, and is shown where it first is."""


@dataclass(frozen=True, slots=True)
class OutlineSymbol:
    """A definition: bytes of all of it, half-open, bytes of its name within, and what is defined inside."""

    name: str
    kind: str
    signature: str
    start_byte: int
    end_byte: int
    name_start_byte: int
    name_end_byte: int
    children: tuple[OutlineSymbol, ...]


@dataclass(slots=True)
class _Node:
    row: OccurrenceRow
    kind: str
    start_byte: int
    end_byte: int
    children: list[_Node] = field(default_factory=list)


def document_outline(
    occurrences: Iterable[OccurrenceRow], symbols: Iterable[SymbolRow]
) -> tuple[OutlineSymbol, ...]:
    """The definitions of one document, in the order of the text.

    A definition lies in the innermost one around it whose symbol its own continues, else in the innermost one around
    it: a field that a method sets is the class's.
    """
    described = {one.symbol: one for one in symbols}
    top: list[_Node] = []
    around: list[_Node] = []
    for node in _nodes(occurrences, described):
        while around and node.start_byte >= around[-1].end_byte:
            around.pop()
        owner = _owner(node, around)
        (top if owner is None else owner.children).append(node)
        around.append(node)
    return tuple(_finished(node, described) for node in top)


def flattened(symbols: Sequence[OutlineSymbol]) -> Iterable[OutlineSymbol]:
    """Every definition of an outline, outer ones first."""
    for one in symbols:
        yield one
        yield from flattened(one.children)


def _nodes(occurrences: Iterable[OccurrenceRow], described: Mapping[str, SymbolRow]) -> list[_Node]:
    """What is shown, outer definitions before what they hold; one for each name that stands somewhere."""
    seen: set[str] = set()
    nodes: dict[tuple[int, int], _Node] = {}
    for row in sorted(occurrences, key=lambda row: row.span):
        if not row.is_definition or row.is_local or row.end_byte <= row.start_byte or row.span in nodes:
            continue
        known = described.get(row.symbol)
        kind = known.kind if known is not None and known.kind else kind_of(row.symbol)
        if kind in HIDDEN_KINDS or (kind in VALUES and row.symbol in seen):
            continue
        seen.add(row.symbol)
        start, end = row.span
        if row.enclosing_start_byte is not None and row.enclosing_end_byte is not None:
            start, end = min(start, row.enclosing_start_byte), max(end, row.enclosing_end_byte)
        nodes[row.span] = _Node(row, kind, start, end)
    return sorted(nodes.values(), key=lambda node: (node.start_byte, -node.end_byte))


def _owner(node: _Node, around: Sequence[_Node]) -> _Node | None:
    holders = [one for one in around if one.end_byte >= node.end_byte]
    for one in reversed(holders):
        if node.row.symbol.startswith(one.row.symbol) and node.row.symbol != one.row.symbol:
            return one
    return holders[-1] if holders else None


def _finished(node: _Node, described: Mapping[str, SymbolRow]) -> OutlineSymbol:
    row, known = node.row, described.get(node.row.symbol)
    name = (known.display_name if known is not None else "") or name_of(row.symbol) or row.name
    return OutlineSymbol(
        name=name,
        kind=node.kind,
        signature=(known.signature or "").partition("\n")[0] if known is not None else "",
        start_byte=node.start_byte,
        end_byte=node.end_byte,
        name_start_byte=row.start_byte,
        name_end_byte=row.end_byte,
        children=tuple(_finished(child, described) for child in node.children),
    )
