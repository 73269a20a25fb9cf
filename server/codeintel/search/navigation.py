"""From a place in a document to where its symbol is defined and referred to, over all roots.

The symbols of a snapshot narrow the documents down, their rows decide. A compiler's word and what follows from the text
alone (origins 'scip' and 'fast') are taken as they are; what only a name says ('inferred') is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from codeintel.analysis.scip.symbols import name_of
from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.occurrence_rows import OccurrenceRow, OccurrenceRows
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
            found = self._local(row, definitions=True)
            return found if found or not row.is_inferred else self._named(row)
        return self._known_definitions(row) or (self._named(row) if row.is_inferred else [])

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
        if row.is_local and not row.is_inferred:
            return self._local(row, definitions=False)
        defined = [place.row for place in self._definitions_of(row)] if row.is_inferred else [row]
        if not defined:
            return self._local(row, definitions=False) if row.is_local else self._references_to([row])
        if any(one.is_local for one in defined):
            return self._local(row, definitions=False)
        return self._references_to(defined)

    def _references_to(self, defined: Sequence[OccurrenceRow]) -> Iterator[SymbolPlace]:
        symbols = {one.symbol for one in defined}
        norms = {one.symbol_norm for one in defined if one.symbol_norm}
        names = {name for one in defined if (name := name_of(one.symbol) or one.name)}
        for place in self._roots:
            stop_if(self._cancelled)
            yield from self._exact(place, symbols, norms)
            stop_if(self._cancelled)
            yield from _guessed(place, symbols, norms, names)

    def _exact(self, place: RootSymbols, symbols: set[str], norms: set[str]) -> Iterator[SymbolPlace]:
        """What is known to mean the symbol; in another root, which has a project's name of its own, what means its
        qualified name and is not defined there."""
        rows = place.read({uri for norm in norms for uri in place.symbols.documents(norm)})
        if rows is None:
            return
        for one in rows.of(symbols):
            if not one.is_inferred or one.is_definition:
                yield SymbolPlace(place.root, one)
        if place is not self._own:
            for norm in norms:
                meant = list(rows.meaning(norm))
                if not any(one.is_definition for one in meant):
                    yield from (SymbolPlace(place.root, one) for one in meant if not one.is_inferred)

    def _local(self, row: OccurrenceRow, *, definitions: bool) -> list[SymbolPlace]:
        rows = self._own.read([row.uri])
        found = rows.of([row.symbol]) if rows else iter(())
        return [SymbolPlace(self._own.root, one) for one in found if one.is_definition or not definitions]


def _guessed(place: RootSymbols, symbols: set[str], norms: set[str], names: set[str]) -> Iterator[SymbolPlace]:
    """References by name alone, in documents that no compiler has spoken of, that seem to mean nothing else."""
    by_name = {one.uri for name in names for one in place.symbols.find(name) if not one.norm}
    rows = place.read(sorted(by_name)[:MOST_DOCUMENTS])
    if rows is None:
        return
    compiled = rows.compiled()
    elsewhere: dict[str, bool] = {}
    for one in rows.named(names):
        if one.is_definition or not one.is_inferred or one.uri in compiled or one.is_local:
            continue
        if one.symbol not in symbols and one.symbol_norm not in norms:
            if one.symbol_norm not in elsewhere:
                elsewhere[one.symbol_norm] = bool(_defining(place.symbols, one.symbol_norm))
            if elsewhere[one.symbol_norm]:
                continue
        yield SymbolPlace(place.root, one)


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
