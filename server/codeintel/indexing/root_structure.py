"""The structure tier of one root at work: takes what waits, has it analysed, and puts the rows in place.

What is known and what waits is in structure_state.py, the analysis in structure_workers.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from codeintel.analysis.scip.protobuf import ScipIndexError
from codeintel.analysis.structure import Structure
from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.schemas import tables_of
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import as_stale, columns_of, structure_tables
from codeintel.catalog.symbol_rows import COMPILED, compiled_documents, hash_of, read_symbols
from codeintel.indexing.differences import text_of
from codeintel.indexing.document_queue import Urgency
from codeintel.indexing.parser_processes import Task
from codeintel.indexing.progress import ProgressReport, silent
from codeintel.indexing.scip_found import FoundIndex, found_indexes, read_found
from codeintel.indexing.scip_indexers import IndexerOptions
from codeintel.indexing.scip_refresh import CompiledDocument, IndexerRun, refresh_scip
from codeintel.indexing.scip_shadow import SourceDocument, Sources
from codeintel.indexing.state import IndexState
from codeintel.indexing.structure_state import DocumentRows, wanted
from codeintel.indexing.structure_workers import Compiled, StructureWorkers, Text
from codeintel.snapshot import Snapshot
from codeintel.symbol_table import DocumentSymbols, SymbolTable
from codeintel.workspace.roots import Root

BATCH_BYTES: Final = 100_000
"""Text that is handed over at once: 0.2 s of work for two processes, the longest that a cancel waits."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A text that is being analysed."""

    text: Text
    is_open: bool
    urgency: Urgency
    arrived: CompiledDocument | None
    task: Task[Structure] | Structure


class RootStructure:
    """Gives documents their structure; any thread may call any method."""

    def __init__(self, project: str, state: IndexState, store: Store) -> None:
        self._project = project
        self._state = state
        self._store = store
        self._loading = threading.Lock()
        self._is_loaded = False

    def adopt(self, store: Store) -> None:
        """Go on with the index as it was opened again: its occurrences are read anew."""
        with self._loading:
            self._store, self._is_loaded = store, False

    def load(self) -> None:
        """Have the occurrences of the tables on disk in memory: 0.1 s for 20,000 chunks.

        Who writes the index reads every part of the tier whole, once: raises IndexCorrupt where one is damaged.
        """
        with self._loading:
            if self._is_loaded:
                return
            for table in tables_of("structure") if self._store.writable else ():
                for part in self._store.manifest.of(table):
                    self._store.verify_part(part)
            self._state.load_symbols(read_symbols(self._store), compiled_documents(self._store))
            self._is_loaded = True

    @property
    def urgency(self) -> Urgency | None:
        """How urgent the next document is that waits; None where none does."""
        return self._state.structure.waiting.urgency

    def some(
        self, workers: StructureWorkers, *, at_least: Urgency = Urgency.REST, cancelled: CancelCheck = never
    ) -> int:
        """Give the most urgent documents their structure; answers how many were looked at, 0 where none waits.

        What is cancelled, or fails, waits again. `load` has been called. Raises Cancelled, IndexTrouble.
        """
        jobs: list[_Job] = []
        count = 0
        try:
            for uri, urgency in self._taken(at_least, jobs):
                stop_if(cancelled)
                jobs += self._started(uri, urgency, workers)
                count += 1
            while jobs:
                stop_if(cancelled)
                self._finish(jobs[0], workers)
                jobs.pop(0)
        except BaseException:
            for job in jobs:
                self._state.structure.waiting.put([job.text.uri], job.urgency)
            raise
        return count

    def refresh_scip(
        self,
        root: Root,
        options: IndexerOptions,
        report: ProgressReport = silent,
        cancelled: CancelCheck = never,
    ) -> list[IndexerRun]:
        """Take over what installed indexers, and index.scip files in the root, know of the documents as they are now.

        Takes minutes; what they found is merged with ours by `some`. An indexer that fails says so in its run. Raises
        Cancelled.
        """
        sources = self._sources_of(self._state.saved)
        runs = [self._read(found, sources, cancelled) for found in found_indexes(root, cancelled)]
        return [*runs, *refresh_scip(root, sources, self._state.compiler_found, options, cancelled, report)]

    def _read(self, found: FoundIndex, sources: Sources, cancelled: CancelCheck) -> IndexerRun:
        """One index.scip that somebody else made."""
        began, taken, error = time.monotonic(), 0, found.error
        try:
            for document in read_found(found, sources, cancelled) if error is None else ():
                self._state.compiler_found(document)
                taken += 1
        except ScipIndexError as trouble:
            error = trouble
        name = found.tool or found.path.name
        return IndexerRun(name, found.documents, taken, time.monotonic() - began, error)

    @staticmethod
    def _sources_of(saved: Snapshot) -> Sources:
        documents = [
            SourceDocument(file.row.uri, file.row.lang, content_hash)
            for file in saved.chunks.files()
            if (content_hash := wanted(file)) is not None
        ]

        def text_at(uri: str) -> str | None:
            file = saved.chunks.file(uri)
            return text_of(file) if file is not None else None

        return Sources(documents, text_at)

    def _taken(self, at_least: Urgency, jobs: list[_Job]) -> Iterator[tuple[str, Urgency]]:
        """Documents that wait, until enough text is being worked on; one at a time of those that somebody looks at."""
        while found := self._state.structure.waiting.take(at_least):
            yield found
            if at_least < Urgency.REST or sum(len(job.text.text) for job in jobs) > BATCH_BYTES:
                return

    def _started(self, uri: str, urgency: Urgency, workers: StructureWorkers) -> Iterator[_Job]:
        for is_open, content_hash, file in self._state.texts_without_structure(uri):
            with self._state.lock:
                arrived = self._state.structure.arrival(uri)
            compiled = self._compiled(uri) if arrived is None else _compiled_of(arrived)
            text = Text(uri, text_of(file), file.row.lang, content_hash, compiled)
            yield _Job(text, is_open, urgency, arrived, workers.submit(text, self._project))

    def _compiled(self, uri: str) -> Compiled | None:
        """What a compiler found in the last text of a document's file that it knew: to be carried over."""
        with self._state.lock:
            structure = self._state.structure
            if not structure.is_compiled(uri):
                return None
            file = structure.compiled_text(uri) or self._state.saved.chunks.file(uri)
            rows = structure.rows(uri, is_open=False)
        tables = rows.tables if rows else self._stored(uri, "scip_occurrences", "scip_symbols")
        occurrences, symbols = tables["scip_occurrences"], tables["scip_symbols"]
        if file is None or hash_of(occurrences) != file.row.content_hash:
            return None  # those rows are of yet another text: the next refresh has better ones
        return Compiled(text_of(file), columns_of(occurrences), columns_of(symbols))

    def _finish(self, job: _Job, workers: StructureWorkers) -> None:
        found = workers.result(job.text, self._project, job.task)
        uri, content_hash = job.text.uri, job.text.content_hash
        tables = structure_tables([(uri, content_hash, found)])
        if found.cst is None and (last := self._last_concrete(uri, is_open=job.is_open)) is not None:
            tables = {**tables, "cst_nodes": as_stale(last)}
        symbols = DocumentSymbols.of(content_hash, found.occurrences)
        rows = DocumentRows(content_hash, tables, symbols, COMPILED in found.occurrences["origin"])
        self._state.take_structure(uri, rows, is_open=job.is_open, merged=job.arrived)

    def _last_concrete(self, uri: str, *, is_open: bool) -> Any | None:
        """The concrete nodes of the last text of a document that could be parsed, as far as they are still known."""
        with self._state.lock:
            rows = self._state.structure.rows(uri, is_open=is_open)
            is_stored = self._state.structure.is_stored(uri)
        if rows is not None:
            return rows.tables.get("cst_nodes")
        return self._stored(uri, "cst_nodes")["cst_nodes"] if is_stored else None

    def _stored(self, uri: str, *tables: str) -> dict[str, Any]:
        return {table: self._store.read(table, None, frozenset([uri])) for table in tables}


def _compiled_of(found: CompiledDocument) -> Compiled:
    return Compiled(found.text, found.occurrences, found.symbols)


def stored_structure(store: Store) -> Mapping[str, int]:
    """The hash of the text that each document's structure on disk is of. Raises IndexCorrupt."""
    rows = store.read("modules", ["uri", "content_hash"])
    uris: list[Any] = rows.column("uri").to_pylist()
    hashes: list[Any] = rows.column("content_hash").to_pylist()
    return dict(zip(uris, hashes, strict=True))


def symbols_at(store: Store, uris: frozenset[str]) -> Mapping[str, DocumentSymbols | None]:
    """The occurrences of a few documents, None for one that has no structure. Raises IndexCorrupt."""
    found: SymbolTable = read_symbols(store, uris)
    return {uri: found.of(uri) for uri in uris}
