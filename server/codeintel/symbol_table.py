"""Which document defines and which refer to a name: the occurrences of a root as queries need them, in memory.

Only names, places and counts are here; ranges, signatures and relations stay in the tables and are read when asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DEFINITION: Final = 1
"""The bit of SCIP's `SymbolRole` that tells a definition from a reference."""

LOCAL: Final = "local "
"""How SCIP's symbols begin that mean something within their document alone."""

LEAST_FOLDED: Final = 256
FOLDED_SHARE: Final = 0.1
"""Changed documents are folded into the arrays at once when they are more than both: 60 ms for 400,000 occurrences."""

FEW_CHANGED: Final = 16
"""In a quiet moment they are when they are more than these: each costs a query 10 us."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a name: `norm` is the qualified name where it is known which symbol is meant, else ''."""

    uri: str
    name: str
    norm: str
    start_byte: int
    is_definition: bool


@dataclass(frozen=True)
class DocumentSymbols:
    """The named occurrences of one document's text, which has `content_hash`: four lists of one length, by place."""

    content_hash: int
    names: tuple[str, ...] = ()
    norms: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    definitions: tuple[bool, ...] = ()

    @classmethod
    def of(cls, content_hash: int, occurrences: Mapping[str, Sequence[Any]]) -> DocumentSymbols:
        """Those of the columns of `scip_occurrences`, locals left out: nobody asks for them by name."""
        columns = ("name", "symbol", "symbol_norm", "start_byte", "roles", "origin")
        rows = [
            (
                name,
                norm if origin != "inferred" or roles & DEFINITION else "",
                start,
                bool(roles & DEFINITION),
            )
            for name, symbol, norm, start, roles, origin in zip(
                *(occurrences[one] for one in columns), strict=True
            )
            if name and not symbol.startswith(LOCAL)
        ]
        return (
            cls(content_hash, *(tuple(column) for column in zip(*rows, strict=True)))
            if rows
            else cls(content_hash)
        )

    @cached_property
    def rows_of(self) -> Mapping[str, Sequence[int]]:
        """The rows of each name: a query asks hundreds of times, of every document that changed."""
        found: dict[str, list[int]] = {}
        for row, name in enumerate(self.names):
            found.setdefault(name, []).append(row)
        return found

    @cached_property
    def defining(self) -> Sequence[int]:
        """The rows of definitions."""
        return [row for row, is_definition in enumerate(self.definitions) if is_definition]

    def occurrence(self, uri: str, row: int) -> Occurrence:
        """The one at a row, of the document `uri`."""
        return Occurrence(uri, self.names[row], self.norms[row], self.starts[row], self.definitions[row])


@dataclass(frozen=True, slots=True)
class _Arrays:
    """Occurrences ordered by name; codes index `names`, `norms` and `uris`."""

    names: tuple[str, ...] = ()
    norms: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    hashes: tuple[int, ...] = ()
    name: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    norm: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    uri: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    start: Places = field(default_factory=lambda: np.empty(0, np.int64))
    definition: Flags = field(default_factory=lambda: np.empty(0, np.bool_))


class _Base:
    """The arrays with what finds places in them."""

    def __init__(self, arrays: _Arrays) -> None:
        self.arrays = arrays
        self.codes = {name: code for code, name in enumerate(arrays.names)}
        self.documents = {uri: code for code, uri in enumerate(arrays.uris)}
        self.norm_codes = {norm: code for code, norm in enumerate(arrays.norms)}
        self._definitions: dict[str, list[Occurrence]] = {}
        self._firsts = np.searchsorted(arrays.name, np.arange(len(arrays.names) + 1))
        # made here, not when first asked for: that is in somebody's first query
        self._definitions_by_document = self._by_document(np.flatnonzero(arrays.definition))

    def rows(self, name: str) -> slice:
        """Where a name's occurrences stand."""
        code = self.codes.get(name)
        return slice(0, 0) if code is None else slice(int(self._firsts[code]), int(self._firsts[code + 1]))

    @cached_property
    def _every_by_document(self) -> tuple[Places, Places]:
        return self._by_document(np.arange(len(self.arrays.uri)))

    def _by_document(self, rows: Places) -> tuple[Places, Places]:
        """These rows ordered by document and place, and where each document's begin; 9 ms for 80,000."""
        uris = self.arrays.uri[rows]
        order = np.lexsort((self.arrays.start[rows], uris))
        return rows[order], np.searchsorted(uris[order], np.arange(len(self.arrays.uris) + 1))

    def definitions(self, uri: str) -> list[Occurrence]:
        """What a document defines, by place; remembered, since the same documents come back with every query."""
        found = self._definitions.get(uri)
        if found is None:
            found = self._definitions[uri] = self._defined(uri)
        return found

    def _defined(self, uri: str) -> list[Occurrence]:
        """Looks at definitions alone, a fifth of all: a first query meets hundreds of documents."""
        code = self.documents.get(uri)
        if code is None:
            return []
        rows, arrays = _of_document(self._definitions_by_document, code), self.arrays
        columns = (arrays.name[rows].tolist(), arrays.norm[rows].tolist(), arrays.start[rows].tolist())
        return [
            Occurrence(uri, arrays.names[name], arrays.norms[norm], start, is_definition=True)
            for name, norm, start in zip(*columns, strict=True)
        ]

    def symbols(self, uri: str) -> DocumentSymbols | None:
        """A document's occurrences, by place."""
        code = self.documents.get(uri)
        if code is None:
            return None
        rows, arrays = _of_document(self._every_by_document, code), self.arrays
        return DocumentSymbols(
            arrays.hashes[code],
            tuple(arrays.names[i] for i in arrays.name[rows].tolist()),
            tuple(arrays.norms[i] for i in arrays.norm[rows].tolist()),
            tuple(arrays.start[rows].tolist()),
            tuple(arrays.definition[rows].tolist()),
        )


class SymbolTable:
    """The occurrences of a root's documents, immutable: arrays, and over them the documents that changed since.

    A change costs the changed documents, and now and then a fold; a name is looked up in microseconds.
    """

    __slots__ = ("_base", "_changed", "_gone")

    def __init__(self) -> None:
        self._base = _Base(_Arrays())
        self._changed: dict[str, DocumentSymbols | None] = {}
        self._gone: Flags | None = np.zeros(0, np.bool_)

    @classmethod
    def of_columns(
        cls,
        names: Sequence[str],
        norms: Sequence[str],
        uris: Sequence[str],
        hashes: Sequence[int],
        codes: tuple[Codes, Codes, Codes],
        starts: Places,
        definitions: Flags,
    ) -> SymbolTable:
        """A table of occurrences given as codes into `names`, `norms` and `uris`, whose texts have `hashes`."""
        order = np.lexsort((starts, codes[2], codes[0]))
        name, norm, uri = (column[order].astype(np.int32, copy=False) for column in codes)
        table = cls()
        table._base = _Base(
            _Arrays(
                tuple(names),
                tuple(norms),
                tuple(uris),
                tuple(hashes),
                name,
                norm,
                uri,
                starts[order],
                definitions[order],
            )
        )
        table._gone = np.zeros(len(uris), np.bool_)
        return table

    def __len__(self) -> int:
        """How many documents it knows the occurrences of."""
        base = self._base.documents
        replaced = sum(1 for uri in self._changed if uri in base)
        return len(base) - replaced + sum(1 for found in self._changed.values() if found)

    def of(self, uri: str) -> DocumentSymbols | None:
        """A document's occurrences, by place; None where they are not known."""
        return self._changed[uri] if uri in self._changed else self._base.symbols(uri)

    def definitions(self, uri: str, start_byte: int, end_byte: int) -> list[Occurrence]:
        """What a document defines in a half-open range, by place; a few microseconds."""
        if uri in self._changed:
            found = self._changed[uri]
            return _defined(uri, found, start_byte, end_byte) if found else []
        every = self._base.definitions(uri)
        first = bisect_left(every, start_byte, key=_start)
        return every[first : bisect_left(every, end_byte, first, key=_start)]

    def content_hash(self, uri: str) -> int | None:
        """That of the text which the occurrences of a document are of; None where they are not known."""
        if uri in self._changed:
            found = self._changed[uri]
            return found.content_hash if found else None
        code = self._base.documents.get(uri)
        return None if code is None else self._base.arrays.hashes[code]

    def uris(self) -> Iterator[str]:
        """The documents that it knows the occurrences of."""
        yield from (uri for uri in self._base.documents if uri not in self._changed)
        yield from (uri for uri, found in self._changed.items() if found)

    def names(self) -> Iterator[str]:
        """Every name that is defined or referred to anywhere, some perhaps no longer."""
        yield from self._base.codes
        for found in self._changed.values():
            if found:
                yield from (name for name in found.rows_of if name not in self._base.codes)

    def find(self, name: str) -> list[Occurrence]:
        """Every occurrence of a name, by document and place."""
        arrays, rows = self._base.arrays, self._base.rows(name)
        kept = ~self._is_gone()[arrays.uri[rows]]
        found = [
            Occurrence(arrays.uris[uri], name, arrays.norms[norm], start, definition)
            for uri, norm, start, definition in zip(
                arrays.uri[rows][kept].tolist(),
                arrays.norm[rows][kept].tolist(),
                arrays.start[rows][kept].tolist(),
                arrays.definition[rows][kept].tolist(),
                strict=True,
            )
        ]
        for uri, symbols in self._changed.items():
            if symbols:
                found += (symbols.occurrence(uri, row) for row in symbols.rows_of.get(name, ()))
        return sorted(found, key=lambda one: (one.uri, one.start_byte))

    def documents(self, norm: str, *, only_definitions: bool = False) -> set[str]:
        """The documents with occurrences that are known to mean a qualified name, whatever they call it there.

        Looks at every occurrence: 0.3 ms for 400,000.
        """
        if not norm:
            return set()
        arrays, code = self._base.arrays, self._base.norm_codes.get(norm)
        found: set[str] = set()
        if code is not None:
            means = arrays.norm == code
            uris = np.unique(arrays.uri[means & arrays.definition if only_definitions else means])
            found = {arrays.uris[uri] for uri in uris[~self._is_gone()[uris]].tolist()}
        for uri, symbols in self._changed.items():
            if symbols and norm in symbols.norms:
                means_here = zip(symbols.norms, symbols.definitions, strict=True)
                if any(
                    one == norm and (is_definition or not only_definitions)
                    for one, is_definition in means_here
                ):
                    found.add(uri)
        return found

    def references(self, name: str, norm: str = "") -> int:
        """How often a symbol is referred to: by a reference that is known to mean `norm`, or by its name alone.

        References that are known to mean another symbol of that name do not count.
        """
        arrays, rows = self._base.arrays, self._base.rows(name)
        counts = ~arrays.definition[rows]
        if self._changed:
            counts &= ~self._is_gone()[arrays.uri[rows]]
        if norm:
            norms, codes = arrays.norm[rows], self._base.norm_codes
            counts &= (norms == codes.get("", -1)) | (norms == codes.get(norm, -1))
        total = int(np.count_nonzero(counts))
        for symbols in self._changed.values():
            if symbols and (named := symbols.rows_of.get(name)):
                total += sum(
                    not symbols.definitions[row] and (not norm or symbols.norms[row] in ("", norm))
                    for row in named
                )
        return total

    def changed(self, documents: Mapping[str, DocumentSymbols | None]) -> SymbolTable:
        """The table with these documents' occurrences in place of what it had of them; None removes a document's."""
        table = self.overlaid(documents)
        limit = max(LEAST_FOLDED, FOLDED_SHARE * len(self._base.documents))
        return table.folded() if len(table._changed) > limit else table

    def overlaid(self, documents: Mapping[str, DocumentSymbols | None]) -> SymbolTable:
        """The same for a while, as with unsaved text: never folded."""
        if not documents:
            return self
        table = SymbolTable()
        table._base = self._base
        table._changed = {**self._changed, **documents}
        table._gone = None
        return table

    @property
    def needs_fold(self) -> bool:
        """Whether so many documents changed that queries are faster once they are folded into the arrays."""
        return len(self._changed) > FEW_CHANGED

    def _is_gone(self) -> Flags:
        """By the code of a document, whether it changed since the arrays were made."""
        if self._gone is None:
            gone = np.zeros(len(self._base.arrays.uris), np.bool_)
            gone[[code for uri in self._changed if (code := self._base.documents.get(uri)) is not None]] = (
                True
            )
            self._gone = gone
        return self._gone

    def folded(self) -> SymbolTable:
        """The same with nothing laid over its arrays; 60 ms for 400,000 occurrences."""
        arrays = self._base.arrays
        kept = ~self._is_gone()[arrays.uri] if len(arrays.uri) else np.zeros(0, np.bool_)
        names, norms, uris = _Coder(arrays.names), _Coder(arrays.norms), _Coder(arrays.uris)
        hashes = list(arrays.hashes)
        added = [(uri, found) for uri, found in self._changed.items() if found]
        for uri, found in added:
            code = uris.code(uri)
            hashes[code : code + 1] = [found.content_hash]
        columns = (
            [names.code(name) for _, found in added for name in found.names],
            [norms.code(norm) for _, found in added for norm in found.norms],
            [uris.code(uri) for uri, found in added for _ in found.names],
        )
        starts = np.array([start for _, found in added for start in found.starts], np.int64)
        definitions = np.array([flag for _, found in added for flag in found.definitions], np.bool_)
        return SymbolTable.of_columns(
            *_without_unused(
                names.values,
                norms.values,
                uris.values,
                hashes,
                tuple(
                    np.concatenate([old[kept], np.array(new, np.int32)])
                    for old, new in zip((arrays.name, arrays.norm, arrays.uri), columns, strict=True)
                ),
                {uri for uri, found in self._changed.items() if found is None},
            ),
            np.concatenate([arrays.start[kept], starts]),
            np.concatenate([arrays.definition[kept], definitions]),
        )


def _of_document(by_document: tuple[Places, Places], code: int) -> Places:
    """The rows of a document, by place."""
    order, firsts = by_document
    return order[firsts[code] : firsts[code + 1]]


class _Coder:
    """Numbers for values, in the order in which they come."""

    def __init__(self, values: Iterable[str]) -> None:
        self._codes = {value: code for code, value in enumerate(values)}

    @property
    def values(self) -> list[str]:
        return list(self._codes)

    def code(self, value: str) -> int:
        return self._codes.setdefault(value, len(self._codes))


def _start(occurrence: Occurrence) -> int:
    return occurrence.start_byte


def _defined(uri: str, symbols: DocumentSymbols, start_byte: int, end_byte: int) -> list[Occurrence]:
    """The definitions of a changed document in a half-open range, by place."""
    first = bisect_left(symbols.defining, start_byte, key=symbols.starts.__getitem__)
    end = bisect_left(symbols.defining, end_byte, first, key=symbols.starts.__getitem__)
    return [symbols.occurrence(uri, row) for row in symbols.defining[first:end]]


def occurrences(uri: str, symbols: DocumentSymbols) -> Iterator[Occurrence]:
    """A document's occurrences one by one."""
    return (symbols.occurrence(uri, row) for row in range(len(symbols.names)))


def _without_unused(
    names: list[str],
    norms: list[str],
    uris: list[str],
    hashes: list[int],
    codes: tuple[Codes, ...],
    gone: set[str],
) -> tuple[list[str], list[str], list[str], list[int], tuple[Codes, Codes, Codes]]:
    """The same without names that nothing has any more and documents that are gone: values and their codes."""
    name_codes, names = _compressed(codes[0], names, _used(codes[0], len(names)))
    norm_codes, norms = _compressed(codes[1], norms, _used(codes[1], len(norms)))
    living = np.array([uri not in gone for uri in uris], np.bool_)
    uri_codes, kept = _compressed(codes[2], uris, living)
    left = [one for one, lives in zip(hashes, living.tolist(), strict=True) if lives]
    return names, norms, kept, left, (name_codes, norm_codes, uri_codes)


def _used(codes: Codes, count: int) -> Flags:
    used = np.zeros(count, np.bool_)
    used[codes] = True
    return used


def _compressed(codes: Codes, values: list[str], kept: Flags) -> tuple[Codes, list[str]]:
    places = np.cumsum(kept, dtype=np.int32) - 1
    return places[codes], [value for value, keep in zip(values, kept.tolist(), strict=True) if keep]
