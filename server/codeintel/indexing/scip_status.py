"""What compilers could tell of one root, and what they have told; nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codeintel.errors import CodeIntelError
from codeintel.indexing.scip_found import FoundIndex, found_indexes
from codeintel.indexing.scip_indexers import INDEXERS, Indexer, IndexerOptions, find_program
from codeintel.workspace.roots import Root


@dataclass(frozen=True, slots=True)
class IndexerProgram:
    """An indexer, how many documents of a root are in its languages, and its program, or why there is none."""

    name: str
    documents: int
    program: Path | None
    error: CodeIntelError | None = None


@dataclass(frozen=True, slots=True)
class ScipStatus:
    """One root: the indexers that we run, indexes that others made, and in how many documents compilers spoke."""

    root: Root
    programs: tuple[IndexerProgram, ...]
    found: tuple[FoundIndex, ...]
    compiled: int
    documents: int


def scip_status(
    root: Root, languages: Mapping[str, int], options: IndexerOptions, compiled: int
) -> ScipStatus:
    """The state of a root that has so many documents in each language; looks for programs, and files in the root."""
    programs = tuple(_program(indexer, root, languages, options) for indexer in INDEXERS)
    return ScipStatus(root, programs, tuple(found_indexes(root)), compiled, sum(languages.values()))


def _program(
    indexer: Indexer, root: Root, languages: Mapping[str, int], options: IndexerOptions
) -> IndexerProgram:
    documents = sum(languages.get(language, 0) for language in indexer.languages)
    try:
        return IndexerProgram(indexer.name, documents, find_program(indexer, root, options))
    except CodeIntelError as error:
        return IndexerProgram(indexer.name, documents, None, error)
