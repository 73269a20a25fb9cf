"""Which chunks a query's qualifiers and phrases allow, as ids to push into every engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pathspec

from codeintel.catalog.rows import Chunk
from codeintel.search.occurrence_tests import (
    COMPLETE,
    WILDCARD,
    Places,
    has_one,
    is_known,
    name_test,
    places_of,
)
from codeintel.search.query import Qualifier
from codeintel.snapshot import ChunkTable, IndexedFile
from codeintel.symbol_table import SymbolTable

NO_SYMBOLS = SymbolTable()

FileTest = Callable[[IndexedFile], bool]
ChunkTest = Callable[[Chunk], bool]
Subject = TypeVar("Subject", IndexedFile, Chunk)


def allowed_chunks(
    table: ChunkTable, qualifiers: Iterable[Qualifier], symbols: SymbolTable = NO_SYMBOLS
) -> list[Chunk] | None:
    """The chunks that every qualifier admits, in table order; None where nothing is restricted.

    `def:`, `ref:` and `sym:` are answered from `symbols` where those of a document are known, else from its text.
    """
    qualifiers = tuple(qualifiers)
    if not qualifiers:
        return None
    file_tests = [_negatable(q, FILE_TESTS[q.name](q.value)) for q in qualifiers if q.name in FILE_TESTS]
    chunk_tests = [_negatable(q, CHUNK_TESTS[q.name](q.value)) for q in qualifiers if q.name in CHUNK_TESTS]
    chunk_tests += [
        _negatable(q, OCCURRENCE_TESTS[q.name](q.value, table, symbols))
        for q in qualifiers
        if q.name in OCCURRENCE_TESTS
    ]
    files = (file for file in table.files() if all(test(file) for test in file_tests))
    return [chunk for file in files for chunk in file.chunks if all(test(chunk) for test in chunk_tests)]


def ids_of(chunks: Iterable[Chunk]) -> npt.NDArray[np.int64]:
    """The chunks' ids, sorted, as the engines take them."""
    return np.sort(np.array([chunk.id for chunk in chunks], dtype=np.int64))


def _negatable(qualifier: Qualifier, test: Callable[[Subject], bool]) -> Callable[[Subject], bool]:
    return (lambda subject: not test(subject)) if qualifier.negated else test


def _language(value: str) -> FileTest:
    return lambda file: file.row.lang == value.lower()


def _path(value: str) -> FileTest:
    """A glob as .gitignore understands it; without wildcards, text that the path contains."""
    if not WILDCARD.search(value):
        needle = value.lower().removeprefix("./")
        return lambda file: needle in file.row.uri.lower()
    spec = _glob(value)
    return lambda file: spec.match_file(file.row.uri)


@lru_cache(maxsize=64)
def _glob(value: str) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines([value])


def module_of(uri: str) -> str:
    """The dotted name under which code would import the file: `src/pkg/sub.py` is `src.pkg.sub`."""
    path = PurePosixPath(uri)
    parts = path.parent.parts if path.stem in {"__init__", "index", "mod"} else path.with_suffix("").parts
    return ".".join(parts)


def _module(value: str) -> FileTest:
    wanted = f".{value.strip('.')}."
    return lambda file: wanted in f".{module_of(file.row.uri)}."


def _kind(value: str) -> ChunkTest:
    return lambda chunk: chunk.kind == value.lower()


def _defines(value: str) -> ChunkTest:
    matches = name_test(value)
    return lambda chunk: any(
        matches(symbol) or matches(symbol.rpartition(".")[2]) for symbol in chunk.symbols
    )


def _mentions(value: str) -> ChunkTest:
    """The name as a whole word; `*` stands for any part of one. Finding its text first spares most of the regex."""
    name = re.escape(value).replace(r"\*", r"\w*")
    pattern = re.compile(rf"(?<!\w){name}(?!\w)", re.IGNORECASE)
    longest = max(value.lower().split("*"), key=len)
    return lambda chunk: longest in chunk.content.lower() and pattern.search(chunk.content) is not None


def _defined(value: str, table: ChunkTable, symbols: SymbolTable) -> ChunkTest:
    places = places_of(symbols, value, definitions=True, references=False)
    by_text = _defines(value)

    def test(chunk: Chunk) -> bool:
        if not is_known(symbols, table.file(chunk.uri)):
            return by_text(chunk)
        return _has_one(places, chunk) or (chunk.lang not in COMPLETE and by_text(chunk))

    return test


def _referred(value: str, table: ChunkTable, symbols: SymbolTable) -> ChunkTest:
    places = places_of(symbols, value, definitions=False, references=True)
    defined, mentioned = _defined(value, table, symbols), _mentions(value)

    def test(chunk: Chunk) -> bool:
        if is_known(symbols, table.file(chunk.uri)) and (_has_one(places, chunk) or chunk.lang in COMPLETE):
            return _has_one(places, chunk)
        return mentioned(chunk) and not defined(chunk)

    return test


def _symbol(value: str, table: ChunkTable, symbols: SymbolTable) -> ChunkTest:
    defined, referred = _defined(value, table, symbols), _referred(value, table, symbols)
    return lambda chunk: defined(chunk) or referred(chunk)


def _has_one(places: Places, chunk: Chunk) -> bool:
    return has_one(places.get(chunk.uri), chunk.start_byte, chunk.end_byte)


def _phrase(value: str) -> ChunkTest:
    """Exact text; case counts only where the phrase has a capital (as ripgrep's smart case)."""
    if value != value.lower():
        return lambda chunk: value in chunk.content
    return lambda chunk: value in chunk.content.lower()


FILE_TESTS: dict[str, Callable[[str], FileTest]] = {"lang": _language, "path": _path, "module": _module}
CHUNK_TESTS: dict[str, Callable[[str], ChunkTest]] = {
    "kind": _kind,
    "phrase": _phrase,
}
OCCURRENCE_TESTS: dict[str, Callable[[str, ChunkTable, SymbolTable], ChunkTest]] = {
    "def": _defined,
    "ref": _referred,
    "sym": _symbol,
}
