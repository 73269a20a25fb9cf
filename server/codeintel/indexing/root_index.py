"""The index of one root: reads what changed, gives it meaning, and keeps the disk up to date behind it.

What is searched changes in state.py, in milliseconds; here is the work around it. Reading and encoding run side by
side, publishing follows them: three kinds of locks, always taken in the order publishing, folding, state.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.people import PeoplesCatalog
from codeintel.catalog.rows import Chunk
from codeintel.catalog.views import RootSource
from codeintel.errors import IndexCorrupt, IndexTrouble
from codeintel.indexing.analysis import VANISHED, AnalysisRules, FileAnalysis
from codeintel.indexing.assembly import indexed_file, lexical_documents, skipped_file
from codeintel.indexing.changes import Changes, changes_at, changes_since
from codeintel.indexing.document_queue import Urgency
from codeintel.indexing.following import read_changes
from codeintel.indexing.memory import give_back_memory
from codeintel.indexing.newest_rows import NewestRows
from codeintel.indexing.opening import Opened, project_of
from codeintel.indexing.output_segments import held_artifacts, open_outputs, write_added
from codeintel.indexing.output_upkeep import OutputUpkeep
from codeintel.indexing.progress import ENCODING, READING, STRUCTURE, Meter, ProgressReport, silent
from codeintel.indexing.publishing import engine_files, idmap_of, structure_of, tables_of
from codeintel.indexing.root_structure import RootStructure, stored_structure, symbols_at
from codeintel.indexing.scip_indexers import IndexerOptions
from codeintel.indexing.scip_refresh import IndexerRun
from codeintel.indexing.sources import Sources
from codeintel.indexing.state import Capture, IndexState
from codeintel.indexing.structure_workers import StructureWorkers
from codeintel.indexing.token_lists import open_lists
from codeintel.indexing.workers import AnalysisWorkers
from codeintel.models.folder import Models
from codeintel.models.vectors import passage_for
from codeintel.snapshot import IndexedFile, Snapshot
from codeintel.workspace.discovery import discover, discover_at, would_list
from codeintel.workspace.roots import Root

log = logging.getLogger(__name__)

SWAP_SECONDS = 1.0  # how soon the first files of a long run become searchable
ENCODE_BATCH = 16  # an eighth of a second of encoding: the longest that a cancel or an edit waits
PROMPT_BATCH = 8  # half of that while a person waits, and may change their mind with the next key; a guess
FEW_CHUNKS = 1_000  # below this, rewriting the rows of their files is cheaper than rewriting bases
MANY_FILES = 200  # a run over so many leaves enough behind to give back
BULK_CHUNKS = 512  # from here on a commit to tantivy is cheaper than a layer in memory; a guess
CHECKPOINT_SECONDS = 30.0  # what an interruption may cost; a checkpoint rewrites the bases it concerns
DELETED_SHARE = (
    0.02  # of tantivy's documents, which its statistics still count: 1 s of writing for 20,000 chunks
)
SMALL_INDEX = 2_000  # chunks that tantivy indexes anew in a quarter of a second: there statistics stay exact


@dataclass(slots=True)
class RefreshReport:
    """What a refresh found and did."""

    files: int = 0
    changed: int = 0
    removed: int = 0
    chunks: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Pending:
    """Analysed files that wait for the next swap."""

    files: dict[str, IndexedFile | None] = field(default_factory=dict)
    bodies: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def drop(self, uris: Collection[str]) -> None:
        """Without some documents."""
        for uri in uris:
            self.files.pop(uri, None)
            self.bodies.pop(uri, None)


class RootIndex:
    """One root's index. `snapshot` may be read by any thread; every method may be called by any."""

    def __init__(
        self, root: Root, opened: Opened, models: Models, roots: Sequence[Root], *, wide: bool = False
    ) -> None:
        """`wide` has lists made over token vectors, so that all of them can be searched."""
        self.root = root
        self._models = models
        self._roots = tuple(roots)
        self._refreshing = threading.Lock()
        self._publishing = threading.RLock()
        self._encoding = threading.Lock()
        self._rows_moved = (
            False  # FAISS's rows are not those of the table on disk: written anew with the next vectors
        )
        self._overtaken: set[str] | None = None  # what was read apart while the whole root is being read
        self.store = opened.store
        self._lexical = opened.lexical
        self._manifest = opened.store.manifest
        structured = stored_structure(self.store)
        self.state = IndexState(opened.snapshot, models, structured, writes=self.writable)
        self.structure = RootStructure(project_of(root), self.state, self.store)
        self._outputs = OutputUpkeep(self.state, self.store, self._publishing, wide=wide)
        self.warnings: list[str] = []  # what was found damaged, and mended, after opening
        self._sources = Sources()
        self._newest = NewestRows(self.state)
        self._people = PeoplesCatalog()
        if opened.must_publish:
            self.publish(whole=True)  # what opening mended

    @property
    def snapshot(self) -> Snapshot:
        """What queries see: saved files with open documents' unsaved text over them."""
        return self.state.snapshot

    @property
    def writable(self) -> bool:
        """Whether this process keeps the index; else it follows the one that does."""
        return self.store.writable

    # -- reading ------------------------------------------------------------------------------------------------

    def refresh(
        self,
        workers: AnalysisWorkers,
        rules: AnalysisRules,
        *,
        force: bool = False,
        report: ProgressReport = silent,
        cancelled: CancelCheck = never,
    ) -> RefreshReport:
        """Bring the text tier up to date with the disk, every file of it, and publish.

        Raises Cancelled, after publishing what was finished; IndexTrouble where nothing can be written.
        """
        with self._refreshing:
            found = discover(self.root, rules.skip, cancelled, self._roots)
            changes = changes_since(self.state.saved.chunks, found, force)
            outcome = RefreshReport(files=len(found.files))
            overtaken: set[str] = set()
            self._overtaken = overtaken
            self.state.mark_stale(file.uri for file in changes.suspects)
            try:
                self._take(changes, workers, rules, outcome, Urgency.REST, report, cancelled)
            finally:
                self._overtaken = None
                self.state.unmark_stale(file.uri for file in changes.suspects)
                self.publish()
                if len(changes.suspects) > MANY_FILES:
                    give_back_memory()
        if overtaken:  # read apart meanwhile, by whom it may not have been seen as it is now
            self.refresh_at(sorted(overtaken), workers, rules, cancelled=cancelled)
        outcome.chunks = len(self.state.saved.chunks)
        outcome.skipped = self.state.saved.chunks.skipped
        return outcome

    def refresh_at(
        self,
        uris: Sequence[str],
        workers: AnalysisWorkers,
        rules: AnalysisRules,
        *,
        urgency: Urgency = Urgency.RECENT,
        cancelled: CancelCheck = never,
    ) -> RefreshReport:
        """Bring a few documents, or all below a folder, up to date; not published yet.

        Costs what they are, not what the root is. Raises Cancelled.
        """
        table = self.state.saved.chunks
        self.state.mark_stale(uri for uri in uris if table.file(uri))
        try:
            found = discover_at(self.root, rules.skip, uris, table.knows, cancelled, self._roots)
            changes = changes_at(table, found, uris)
            outcome = RefreshReport(files=len(found.files))
            if self._overtaken is not None:
                self._overtaken.update(file.uri for file in changes.suspects)
            self._take(changes, workers, rules, outcome, urgency, silent, cancelled)
        finally:
            self.state.unmark_stale(uris)
        outcome.chunks = len(self.state.saved.chunks)
        return outcome

    def _take(
        self,
        changes: Changes,
        workers: AnalysisWorkers,
        rules: AnalysisRules,
        outcome: RefreshReport,
        urgency: Urgency,
        report: ProgressReport,
        cancelled: CancelCheck,
    ) -> None:
        pending = _Pending()
        pending.files.update(dict.fromkeys(changes.vanished))
        pending.files.update({file.uri: skipped_file(self.root, file) for file in changes.skipped})
        outcome.removed = len(changes.vanished)
        meter = Meter(READING, len(changes.suspects), report)
        last_swap = last_publication = time.monotonic()
        try:
            for analysis in workers.analyse(changes.suspects, rules, cancelled):
                outcome.changed += self._note(analysis, pending)
                meter.advance()
                if time.monotonic() - last_swap > SWAP_SECONDS:
                    self._swap(pending, urgency)
                    pending, last_swap = _Pending(), time.monotonic()
                if time.monotonic() - last_publication > CHECKPOINT_SECONDS:
                    self.publish()
                    last_publication = time.monotonic()
        finally:  # what was analysed before a cancel is kept
            self._swap(pending, urgency)

    def _note(self, analysis: FileAnalysis, pending: _Pending) -> bool:
        """Keep an analysis for the next swap; answers whether the file's content is new to the index."""
        uri = analysis.file.uri
        if analysis.skip_reason == VANISHED:
            pending.files[uri] = None
            return True
        known = self.state.saved.chunks.file(uri)
        fresh = indexed_file(self.root, analysis)
        if known is not None and known.chunks == fresh.chunks and known.row == fresh.row:
            self.state.unmark_stale([uri])
            return False
        pending.files[uri] = fresh
        pending.bodies[uri] = tuple(chunk.body for chunk in analysis.chunks)
        return known is None or known.row.content_hash != analysis.content_hash

    def _swap(self, pending: _Pending, urgency: Urgency) -> None:
        """Make pending files searchable by text."""
        if urgency is Urgency.REST and self._overtaken:
            pending.drop(set(self._overtaken))
        if not pending.files:
            return
        if sum(len(file.chunks) for file in pending.files.values() if file) < BULK_CHUNKS:
            self.state.take_in(pending.files, pending.bodies, urgency)
            return
        with self._publishing:
            self.state.take_in_bulk(pending.files, pending.bodies, urgency, self._lexical)
            if self.state.saved.static.needs_fold:
                self._fold()

    def lists(self, uri: str, rules: AnalysisRules) -> bool:
        """Whether a document is, or were it saved would be, one of the root's."""
        if self.state.saved.chunks.knows(uri):
            return True
        if os.path.lexists(self.root.path / uri):
            found = discover_at(self.root, rules.skip, [uri], lambda _: False, roots=self._roots)
            return bool(found.files or found.skipped)
        return would_list(self.root, uri)

    def read_open(self, analysis: FileAnalysis) -> None:
        """Search an open document's text, as analysed, instead of its file's."""
        file = indexed_file(self.root, analysis)
        self.state.lay_over(file, tuple(chunk.body for chunk in analysis.chunks))

    # -- meaning ------------------------------------------------------------------------------------------------

    def encode_some(self, cancelled: CancelCheck = never) -> int:
        """Give the most urgent chunks their contextual vectors, a batch of them; answers how many, 0 at the end."""
        with self._encoding:
            return self._encode(self.state.next_batch(ENCODE_BATCH), cancelled)

    def encode_first(self, chunks: Sequence[Chunk], cancelled: CancelCheck = never) -> int:
        """Give those of `chunks` that lack it what the meaning tier gives; answers how many did.

        Raises Cancelled between two batches, whose vectors are kept.
        """
        done = 0
        for start in range(0, len(chunks), PROMPT_BATCH):
            with self._encoding:
                done += self._encode(self.state.lacking(chunks[start : start + PROMPT_BATCH]), cancelled)
        return done

    def _encode(self, batch: Sequence[Chunk], cancelled: CancelCheck) -> int:
        if not batch:
            return 0
        model = self._models.encoder
        try:
            stop_if(cancelled)
            passages = [passage_for(model, c.uri, c.breadcrumb, c.content) for c in batch]
            encoded = self._models.encode(passages)
        except BaseException:
            self.state.waiting.put({chunk.uri for chunk in batch}, Urgency.REST)
            raise
        self.state.take_vectors(batch, encoded)
        if self.state.saved.contextual.needs_fold:
            self._fold()
        self.state.fold_impacts()
        return len(batch)

    def encode(self, *, report: ProgressReport = silent, cancelled: CancelCheck = never) -> int:
        """Give every chunk its contextual vector and publish; answers how many were encoded.

        Raises Cancelled, after publishing what was finished.
        """
        saved = self.state.saved
        total = saved.unencoded
        if not total and not len(self.state.waiting):
            return 0
        meter = Meter(ENCODING, total, report)
        last_checkpoint = time.monotonic()
        done = 0
        try:
            while count := self.encode_some(cancelled):
                done += count
                meter.advance(count)
                if time.monotonic() - last_checkpoint > CHECKPOINT_SECONDS:
                    self.publish(with_vectors=True)
                    last_checkpoint = time.monotonic()
        finally:
            self.publish(with_vectors=True)
            if done > FEW_CHUNKS:
                give_back_memory()
        return done

    # -- structure ----------------------------------------------------------------------------------------------

    def load_structure(self) -> None:
        """Have what queries need of the structure tier in memory; damage to it is set aside and derived again.

        Raises IndexCorrupt where it is another process's to mend.
        """
        try:
            self.structure.load()
        except IndexCorrupt as error:
            if not self.writable:
                raise
            self._mend(error)
            self.structure.load()

    def _mend(self, error: IndexCorrupt) -> None:
        with self._publishing:
            repair = self.store.repair()
            self.state.lost(repair.uris, repair.structure_uris)
        lost = len(repair.structure_uris)
        parts = ", ".join(repair.parts) or "A part"
        self.warnings.append(
            f"{error.message} {parts} was set aside; the structure of {lost:,} files is derived again."
        )
        log.warning("%s", self.warnings[-1])

    def refresh_scip(
        self,
        options: IndexerOptions,
        workers: StructureWorkers,
        *,
        report: ProgressReport = silent,
        cancelled: CancelCheck = never,
    ) -> list[IndexerRun]:
        """Take over what compilers know of the documents and publish it. Takes minutes. Raises Cancelled."""
        self.load_structure()
        runs = self.structure.refresh_scip(self.root, options, report, cancelled)
        while self.structure_some(workers, cancelled=cancelled):
            pass
        self.publish()
        return runs

    def structure_some(
        self, workers: StructureWorkers, *, at_least: Urgency = Urgency.REST, cancelled: CancelCheck = never
    ) -> int:
        """Give the most urgent documents their structure; answers how many, 0 where none is so urgent.

        Raises Cancelled, IndexTrouble.
        """
        self.load_structure()
        return self.structure.some(workers, at_least=at_least, cancelled=cancelled)

    def find_structure(
        self, workers: StructureWorkers, *, report: ProgressReport = silent, cancelled: CancelCheck = never
    ) -> int:
        """Give every document its structure and publish; answers how many were looked at.

        Raises Cancelled, after publishing what was finished.
        """
        self.load_structure()
        total = self.state.structure.missing
        if not total:
            return 0
        meter = Meter(STRUCTURE, total, report)
        last_checkpoint = time.monotonic()
        done = 0
        try:
            while count := self.structure.some(workers, cancelled=cancelled):
                done += count
                meter.advance(count)
                if time.monotonic() - last_checkpoint > CHECKPOINT_SECONDS:
                    self.publish()
                    last_checkpoint = time.monotonic()
        finally:
            self.publish()
            if done > MANY_FILES:
                give_back_memory()
        return done

    # -- disk ---------------------------------------------------------------------------------------------------

    def publish(self, *, with_vectors: bool = False, whole: bool = False) -> bool:
        """Write what changed since the last time: one small delta a table; whether there was anything.

        Vectors that arrived later than their chunks go along with `with_vectors`. Raises IndexTrouble where nothing
        can be written, after which it can be tried again; searches go on from memory meanwhile.
        """
        with self._publishing:
            if not self.store.writable:
                return False
            state, first = self.state, not self.store.generation or not self.store.manifest.of("files")
            with_vectors |= whole
            has_vectors = with_vectors and state.fresh_vectors
            if not (whole or first or state.has_unpublished or has_vectors or state.structure.unpublished):
                return False
            capture = state.capture(with_vectors=with_vectors)
            try:
                self._commit(capture)
                self._write(capture, whole=whole or (with_vectors and self._rows_moved), first=first)
            except BaseException:
                state.put_back(capture)
                raise
            state.published(capture, self.store.generation)
            return True

    def _commit(self, capture: Capture) -> None:
        if capture.uncommitted:
            self._lexical.replace(capture.removed, capture.documents)
            self._lexical.commit()
            self.state.committed(capture, self._lexical.view())

    def _write(self, capture: Capture, *, whole: bool, first: bool) -> None:
        saved, dims = capture.saved, self.store.provenance.dims
        many = len(capture.vectors) > FEW_CHUNKS
        fresh = () if many else [c.uri for i in capture.vectors if (c := saved.chunks.get(i))]
        uris = dict.fromkeys((*capture.uris, *fresh))
        with self.state.folding:
            files = {uri: saved.chunks.file(uri) for uri in uris}
            tables = tables_of([file for file in files.values() if file], saved, dims)
            segments = write_added(self.store, saved)
            artifacts = [
                *engine_files(self.store, self._lexical, saved, whole=whole or first or many),
                *held_artifacts(self.store, saved, segments),
            ]
            structure, outdated = structure_of(capture.structure), capture.structure.removed
            if first:
                tables = tables_of(list(saved.chunks.files()), saved, dims)
                self.store.rebuild({**tables, **structure}, artifacts=artifacts)
                self._outputs.settle(segments)
                return
            removed = [uri for uri, file in files.items() if file is None]
            self.store.publish(
                tables, removed, structure=structure, structure_removed=outdated, artifacts=artifacts
            )
            self._outputs.settle(segments)
            if many:
                ids = np.array([i for i in capture.vectors if saved.chunks.get(i)], np.int64)
                ids = ids[saved.contextual.holds(ids)]
                self.store.fill("embedding", ids, saved.contextual.reconstruct(ids), artifacts=artifacts)
            if whole or many:
                self.store.rewrite("faiss_idmap", idmap_of(saved))  # a fold has moved its rows
                self._rows_moved = False

    def upkeep(self, cancelled: CancelCheck = never) -> None:
        """What keeps searches and saves fast, for quiet moments: nothing in it changes an answer but for the better.

        Folds occurrences and vectors, makes tantivy forget what was deleted, merges segments of outputs, gathers deltas
        and folds them into bases.
        """
        self.state.fold_symbols()
        with self._publishing:
            if not self.store.writable:
                return
            if self._forget_deleted() | self._fold_vectors():
                self.publish(whole=True)
            stop_if(cancelled)
            self._outputs.merge()
            self.state.fold_impacts()
            if self.store.needs_gathering:
                self.store.gather()
            stop_if(cancelled)
            if self.store.needs_compaction:
                self.store.compact()
                give_back_memory()
        self._outputs.list_tokens(cancelled)

    def reclaim(self, cancelled: CancelCheck = never) -> tuple[int, int]:
        """All upkeep there is to do, due or not; the files and the bytes that this removed from the index folder."""
        with self._publishing:
            self.publish(with_vectors=True)
            if self._forget_deleted(all_of_them=True) | self._fold():
                self.publish(whole=True)
            stop_if(cancelled)
            self._outputs.merge()
            return self.store.reclaim()

    def _fold_vectors(self) -> bool:
        saved = self.state.saved
        return (saved.contextual.needs_fold or saved.static.needs_fold) and self._fold()

    def _fold(self) -> bool:
        folded = self.state.fold()
        self._rows_moved |= folded
        return folded

    def _forget_deleted(self, *, all_of_them: bool = False) -> bool:
        """tantivy counts deleted documents in its statistics until it is written anew."""
        deleted, chunks = self._lexical.deleted, len(self.state.saved.chunks)
        tolerable = deleted < DELETED_SHARE * chunks and chunks > SMALL_INDEX and not all_of_them
        if not deleted or tolerable:
            return False
        capture = self.state.capture(with_vectors=False)
        try:
            documents = (one for file in capture.saved.chunks.files() for one in lexical_documents(file))
            self._lexical.rewrite(documents)
        finally:
            self.state.put_back(capture)
        self.state.committed(capture, self._lexical.view())
        return True

    # -- tables -------------------------------------------------------------------------------------------------

    def source(self) -> RootSource:
        """What the views show of this root, unsaved text included. Raises IndexCorrupt."""
        return self._sources.source(self.root.name, self.state, self.store)

    def rows_of(self, table: str, uris: Collection[str]) -> Any | None:
        """Rows of the structure (Arrow) of the text of these documents that is searched, None while there are none.

        Raises IndexCorrupt.
        """
        self.load_structure()
        return self._newest.of(table, uris, self.store)

    def publish_views(self) -> None:
        """Bring catalog.duckdb up to the published generation: 25 ms where anything changed, for quiet moments."""
        with self._publishing:
            if self.store.writable and self.store.folder is not None and self.store.generation:
                self._people.publish(
                    RootSource(self.root.name, self.store.folder, self.store.manifest, {}, {})
                )

    # -- beside another process ---------------------------------------------------------------------------------

    def follow(self) -> bool:
        """Take over what the process that writes has published since; whether there was anything.

        Raises IndexCorrupt where that cannot be read.
        """
        with self._publishing:
            if self.writable or not self.store.refresh():
                return False
            before, self._manifest = self._manifest, self.store.manifest
            uris = self.store.changes_since(before)
            restructured = self.store.changes_since(before, "structure")
            self._lexical.refresh()
            if uris is None or restructured is None:
                raise NeedsReopening
            files, contextual, static = read_changes(self.store, self._models, uris)
            structured = symbols_at(self.store, restructured)
            self.state.follow(
                files, static, contextual, structured, self._lexical.view(), self.store.generation
            )
            outputs = open_outputs(self.store, self._models, self.state.saved.chunks, [], self.state.saved)
            self.state.lay_outputs(lambda output, _: outputs[output])
            self.state.lay_lists(open_lists(self.store, outputs, [], self.state.saved))
            self.state.match_impacts()
            return True

    def adopt(self, opened: Opened) -> None:
        """Go on with the index as it was opened again; open documents stay as they are."""
        with self._publishing:
            self._lexical.close()
            self.store.close()
            self.store, self._lexical, self._manifest = opened.store, opened.lexical, opened.store.manifest
            self.state.adopt(opened.snapshot, stored_structure(self.store), writes=self.writable)
            self.structure.adopt(self.store)
            self._outputs.adopt(self.store)
            if opened.must_publish:
                self.publish(whole=True)

    def close(self) -> None:
        """Give the writer's lock back; the snapshot stays usable."""
        with self._publishing:
            self._people.close()
            self._lexical.close()
            self.store.close()


class NeedsReopening(IndexTrouble):
    """The index on disk has changed too much to be followed document by document."""

    def __init__(self) -> None:
        super().__init__("The index was rewritten by another process.", "It is opened again.")
