"""From a place in a document to where its symbol is defined and referred to, over all roots.

The symbols of a snapshot narrow the documents down, their rows decide. A compiler's word and what follows from the text
alone (origins 'scip' and 'fast') are taken as they are; what only a name says ('inferred') is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from codeintel.analysis.scip.python_imports import SCHEME
from codeintel.analysis.scip.symbols import name_of
from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.occurrence_rows import OccurrenceRow, OccurrenceRows
from codeintel.search.unresolved_imports import imported_name, imported_rows
from codeintel.snapshot import Snapshot
from codeintel.symbol_table import SymbolTable
from codeintel.workspace.roots import Root

MOST_GUESSES: Final = 50
"""Definitions that are named where only the name is known; nobody looks through more. A guess."""

MOST_DOCUMENTS: Final = 2_000
"""Documents that are read for one name that nothing is known of: 0.5 s. A guess."""


@dataclass(frozen=True, slots=True)
class RootSymbols:
    """One root as navigation sees it; `rows_of` reads the occurrences of documents, None where there are none."""

    snapshot: Snapshot
    rows_of: Callable[[Collection[str]], OccurrenceRows | None]

    @property
    def root(self) -> Root:
        """The root itself."""
        return self.snapshot.root

    @property
    def symbols(self) -> SymbolTable:
        """Which documents have which names."""
        return self.snapshot.symbols

    def read(self, uris: Collection[str]) -> OccurrenceRows | None:
        """The occurrences of these documents."""
        return self.rows_of(uris) if uris else None


@dataclass(frozen=True, slots=True)
class SymbolPlace:
    """An occurrence that answers a question: of which root, and its row."""

    root: Root
    row: OccurrenceRow


class Navigation:
    """Answers about one set of snapshots, own root first."""

    def __init__(self, roots: Sequence[RootSymbols], own: Root, cancelled: CancelCheck = never) -> None:
        self._own = next(one for one in roots if one.root == own)
        self._roots = (self._own, *(one for one in roots if one.root != own))
        self._cancelled = cancelled

    def definitions(self, uri: str, byte: int) -> list[SymbolPlace]:
        """Where what stands at a byte is defined, best first; empty where nothing is known of it."""
        found: dict[SymbolPlace, None] = {}
        for row in self._at(uri, byte):
            found.update(dict.fromkeys(self._definitions_of(row)))
        return list(found)

    def references(self, uri: str, byte: int, *, with_definitions: bool) -> list[SymbolPlace]:
        """Where what stands at a byte is named, by root, document and place."""
        found: dict[tuple[str, str, tuple[int, int]], SymbolPlace] = {}
        for row in self._at(uri, byte):
            for place in self._references_of(row):
                if with_definitions or not place.row.is_definition:
                    found.setdefault((place.root.name, place.row.uri, place.row.span), place)
        order = {one.root.name: number for number, one in enumerate(self._roots)}
        return sorted(
            found.values(), key=lambda place: (order[place.root.name], place.row.uri, place.row.span)
        )

    def _at(self, uri: str, byte: int) -> list[OccurrenceRow]:
        """The occurrences at a byte: of the narrowest that hold it, or end there, those that are best known."""
        rows = self._own.read([uri])
        if rows is None:
            return []
        touched = [row for row in rows.at(byte) if row.end_byte > row.start_byte] or list(rows.at(byte))
        if not touched:
            return []

        def rank(row: OccurrenceRow) -> tuple[bool, int, int]:
            return row.end_byte == byte, row.end_byte - row.start_byte, _doubt(row)

        best = min(map(rank, touched))
        return list({row.symbol: row for row in touched if rank(row) == best}.values())

    # -- definitions --------------------------------------------------------------------------------------------

    def _definitions_of(self, row: OccurrenceRow) -> list[SymbolPlace]:
        if row.is_local:
            return self._local(row, definitions=True) or ([] if row.is_compiled else self._imported(row))
        return self._known_definitions(row) or (self._named(row) if row.is_inferred else [])

    def _imported(self, row: OccurrenceRow) -> list[SymbolPlace]:
        """Those of a local symbol that nothing in its document defines."""
        rows = self._own.read([row.uri])
        norm = imported_name(rows, row) if rows and not row.is_inferred else ""
        known = self._known_definitions(replace(row, symbol="", symbol_norm=norm)) if norm else []
        return known or self._named(row)

    def _known_definitions(self, row: OccurrenceRow) -> list[SymbolPlace]:
        """Those of the symbol, else those of its qualified name; the own root's before all others'."""
        for choose in (_of_symbol, _of_norm):
            for place in self._roots:
                stop_if(self._cancelled)
                rows = place.read(_defining(place.symbols, row.symbol_norm))
                if rows and (
                    found := [SymbolPlace(place.root, one) for one in choose(rows, row) if one.is_definition]
                ):
                    return sorted(
                        found, key=lambda here: (here.row.uri != row.uri, here.row.uri, here.row.span)
                    )
        return []

    def _named(self, row: OccurrenceRow) -> list[SymbolPlace]:
        """All definitions of the name, the nearest first."""
        found: list[SymbolPlace] = []
        for place in self._roots:
            stop_if(self._cancelled)
            occurrences = [one for one in place.symbols.find(row.name) if one.is_definition]
            uris = sorted({one.uri for one in occurrences}, key=lambda uri: _distance(row.uri, uri))
            if rows := place.read(uris[:MOST_GUESSES]):
                named = (one for one in rows.named([row.name]) if one.is_definition and not one.is_local)
                found += [SymbolPlace(place.root, one) for one in named]
        found.sort(
            key=lambda here: (
                here.root != self._own.root,
                *_distance(row.uri, here.row.uri),
                here.row.uri,
                here.row.span,
            )
        )
        return found[:MOST_GUESSES]

    # -- references ---------------------------------------------------------------------------------------------

    def _references_of(self, row: OccurrenceRow) -> Iterable[SymbolPlace]:
        here = SymbolPlace(self._own.root, row)
        defined = [here] if row.is_definition else self._definitions_of(row) or [here]
        if any(place.row.is_local for place in defined):
            return self._local(row, definitions=False)
        return self._references_to(defined)

    def _references_to(self, defined: Sequence[SymbolPlace]) -> Iterator[SymbolPlace]:
        target = _Target.of(defined)
        for place in self._roots:
            stop_if(self._cancelled)
            if place.root in target.roots or not target.is_defined_in(place.symbols):
                yield from target.known(place)
                stop_if(self._cancelled)
                yield from target.guessed(place)

    def _local(self, row: OccurrenceRow, *, definitions: bool) -> list[SymbolPlace]:
        rows = self._own.read([row.uri])
        found = rows.of([row.symbol]) if rows else iter(())
        return [SymbolPlace(self._own.root, one) for one in found if one.is_definition or not definitions]


@dataclass(frozen=True, slots=True)
class _Target:
    """What references are looked for: symbols, and what they are called; `roots` define them."""

    roots: frozenset[Root]
    symbols: frozenset[str]
    norms: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, defined: Sequence[SymbolPlace]) -> _Target:
        """The symbols of some definitions, or of an occurrence that has none."""
        rows = [place.row for place in defined]
        return cls(
            frozenset(place.root for place in defined),
            frozenset(row.symbol for row in rows),
            frozenset(row.symbol_norm for row in rows if row.symbol_norm),
            frozenset(name for row in rows if (name := name_of(row.symbol) or row.name)),
        )

    def is_defined_in(self, symbols: SymbolTable) -> bool:
        """Whether a root that does not define it has something of the same name, which it means then."""
        return any(_defining(symbols, norm) for norm in self.norms)

    def known(self, place: RootSymbols) -> Iterator[SymbolPlace]:
        """What is known to mean it. A project's name is part of a symbol: another root's know the qualified name."""
        documents = place.symbols.documents
        if rows := place.read({uri for norm in self.norms for uri in documents(norm)}):
            is_own = place.root in self.roots
            meant = rows.of(self.symbols) if is_own else chain.from_iterable(map(rows.meaning, self.norms))
            for one in meant:
                if not one.is_inferred or one.is_definition:
                    yield SymbolPlace(place.root, one)
        modules = {module for norm in self._imported() if (module := norm.rpartition(".")[0])}
        if rows := place.read({uri for module in modules for uri in documents(module)}):
            for one in imported_rows(rows, self.names, self.norms):
                yield SymbolPlace(place.root, one)

    def _imported(self) -> frozenset[str]:
        """Qualified names that a document may have imported under a local symbol: Python's alone."""
        return self.norms if any(symbol.startswith(SCHEME) for symbol in self.symbols) else frozenset()

    def guessed(self, place: RootSymbols) -> Iterator[SymbolPlace]:
        """References by name alone, in documents that no compiler has spoken of, that seem to mean nothing else."""
        by_name = {one.uri for name in self.names for one in place.symbols.find(name) if not one.norm}
        rows = place.read(sorted(by_name)[:MOST_DOCUMENTS])
        if rows is None:
            return
        compiled, elsewhere = rows.compiled(), _Elsewhere(place.symbols)
        for one in rows.named(self.names):
            if one.is_definition or not one.is_inferred or one.uri in compiled or one.is_local:
                continue
            is_ours = one.symbol in self.symbols or one.symbol_norm in self.norms
            if is_ours or not elsewhere.defines(one.symbol_norm):
                yield SymbolPlace(place.root, one)


class _Elsewhere:
    """Remembers which qualified names are defined."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._known: dict[str, bool] = {}

    def defines(self, norm: str) -> bool:
        """Whether some document defines a qualified name."""
        if norm not in self._known:
            self._known[norm] = bool(_defining(self._symbols, norm))
        return self._known[norm]


def _of_symbol(rows: OccurrenceRows, row: OccurrenceRow) -> Iterator[OccurrenceRow]:
    return rows.of([row.symbol])


def _of_norm(rows: OccurrenceRows, row: OccurrenceRow) -> Iterator[OccurrenceRow]:
    """A bare name is no qualified one: our own symbols of what is unresolved have nothing else."""
    return iter(()) if row.is_inferred and row.symbol_norm == row.name else rows.meaning(row.symbol_norm)


def _defining(symbols: SymbolTable, norm: str) -> set[str]:
    """The documents that define a qualified name."""
    return symbols.documents(norm, only_definitions=True)


def _doubt(row: OccurrenceRow) -> int:
    return 0 if row.is_compiled else 2 if row.is_inferred else 1


def _distance(here: str, there: str) -> tuple[bool, bool, int]:
    """How far a document is: another one, of another folder, and the steps of the path between them."""
    start, end = PurePosixPath(here).parent.parts, PurePosixPath(there).parent.parts
    shared = 0
    for one, other in zip(start, end, strict=False):
        if one != other:
            break
        shared += 1
    return here != there, start != end, len(start) + len(end) - 2 * shared
