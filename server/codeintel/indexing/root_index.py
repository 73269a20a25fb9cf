"""The index of one root: its current snapshot, and the only code that makes the next one.

Text first: changed files are analysed by workers and become searchable at once; meaning follows, a batch of chunks at
a time. Both swap `snapshot` under one short lock, so that an edit never waits for the encoder to finish the workspace.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.rows import Chunk
from codeintel.indexing.analysis import VANISHED, AnalysisRules, FileAnalysis
from codeintel.indexing.assembly import indexed_file, lexical_documents, skipped_file
from codeintel.indexing.changes import Changes, among, changes_since
from codeintel.indexing.memory import give_back_memory
from codeintel.indexing.opening import Opened
from codeintel.indexing.progress import ENCODING, READING, Meter, ProgressReport, silent
from codeintel.indexing.publishing import engine_files, idmap_of, tables_of
from codeintel.indexing.workers import AnalysisWorkers
from codeintel.models.folder import Models
from codeintel.models.passage import passage_text
from codeintel.snapshot import IndexedFile, Snapshot
from codeintel.workspace.discovery import discover
from codeintel.workspace.files import Discovery, SourceFile
from codeintel.workspace.roots import Root, path_of

log = logging.getLogger(__name__)

SWAP_SECONDS = 1.0  # how soon the first files of a long run become searchable
ENCODE_BATCH = 64  # half a second of encoding: the longest that a cancel or an edit waits
FEW_CHUNKS = 1_000  # below this, rewriting the rows of their files is cheaper than rewriting bases
MANY_FILES = 200  # a run over so many leaves enough behind to give back
CHECKPOINT_SECONDS = 30.0  # what an interruption may cost; a checkpoint rewrites the bases it concerns


@dataclass(slots=True)
class RefreshReport:
    """What a refresh found and did."""

    files: int = 0
    changed: int = 0
    removed: int = 0
    chunks: int = 0
    encoded: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Pending:
    """Analysed files that wait for the next swap."""

    files: dict[str, IndexedFile | None] = field(default_factory=dict)
    bodies: dict[str, tuple[str, ...]] = field(default_factory=dict)


class RootIndex:
    """One root's index. `snapshot` may be read by any thread; every method that writes takes its turn."""

    def __init__(self, root: Root, opened: Opened, models: Models, roots: Sequence[Root]) -> None:
        self.root = root
        self.snapshot: Snapshot = opened.snapshot
        self.store = opened.store
        self._lexical = opened.lexical
        self._models = models
        self._roots = tuple(roots)
        self._swapping = threading.RLock()
        self._refreshing = threading.Lock()
        self._encoding = threading.Lock()
        self._unpublished: dict[str, IndexedFile | None] = {}
        if opened.must_publish:
            self._publish(whole=True)  # what opening mended

    def refresh(
        self,
        workers: AnalysisWorkers,
        rules: AnalysisRules,
        *,
        uris: Sequence[str] | None = None,
        force: bool = False,
        report: ProgressReport = silent,
        cancelled: CancelCheck = never,
    ) -> RefreshReport:
        """Bring the text tier up to date with the disk: of every file, or only of `uris`.

        Raises Cancelled, after publishing what was finished; IndexTrouble where nothing can be written.
        """
        with self._refreshing:
            found = self._discovered(rules, uris, cancelled)
            changes = changes_since(self.snapshot.chunks, found, force or uris is not None)
            if uris is not None:
                changes = among(changes, uris)
            outcome = RefreshReport(files=len(found.files))
            try:
                self._take(changes, workers, rules, outcome, report, cancelled)
            finally:
                if self._unpublished:
                    self._publish()
                if len(changes.suspects) > MANY_FILES:
                    give_back_memory()
            if not self.store.generation:  # an empty folder: without a generation it counts as never indexed
                self._publish()
            outcome.chunks = len(self.snapshot.chunks)
            outcome.skipped = skip_counts(self.snapshot)
            return outcome

    def encode(self, *, report: ProgressReport = silent, cancelled: CancelCheck = never) -> int:
        """Give every chunk its contextual vector; answers how many were encoded.

        Raises Cancelled, after publishing what was finished.
        """
        with self._encoding:
            waiting = self._unencoded()
            if not waiting:
                return 0
            meter = Meter(ENCODING, len(waiting), report)
            done: list[int] = []
            last_checkpoint = time.monotonic()
            try:
                for start in range(0, len(waiting), ENCODE_BATCH):
                    stop_if(cancelled)
                    batch = waiting[start : start + ENCODE_BATCH]
                    done += self._encode_batch(batch)
                    meter.advance(len(batch))
                    if time.monotonic() - last_checkpoint > CHECKPOINT_SECONDS:
                        self._checkpoint(done)
                        last_checkpoint = time.monotonic()
            finally:
                self._checkpoint(done)
                if len(waiting) > FEW_CHUNKS:
                    give_back_memory()
            return len(waiting)

    def close(self) -> None:
        """Give the writer's lock back; the snapshot stays usable."""
        with self._swapping:
            self._lexical.close()
            self.store.close()

    def _discovered(
        self, rules: AnalysisRules, uris: Sequence[str] | None, cancelled: CancelCheck
    ) -> Discovery:
        """The whole root; for known files only, just those files, so that a save costs no walk."""
        known = self.snapshot.chunks
        if uris is None or any(known.file(uri) is None for uri in uris):
            return discover(self.root, rules.skip, cancelled, self._roots)
        files = []
        for uri in uris:
            path = path_of(self.root, uri).resolve()  # of a link, the file it leads to, as discovery has it
            if path.is_file():
                status = path.stat()
                files.append(SourceFile(uri, path, status.st_size, status.st_mtime_ns))
        return Discovery(tuple(files), ())

    def _take(
        self,
        changes: Changes,
        workers: AnalysisWorkers,
        rules: AnalysisRules,
        outcome: RefreshReport,
        report: ProgressReport,
        cancelled: CancelCheck,
    ) -> None:
        pending = _Pending()
        pending.files.update(dict.fromkeys(changes.vanished))
        pending.files.update({file.uri: skipped_file(self.root, file) for file in changes.skipped})
        outcome.removed = len(changes.vanished)
        meter = Meter(READING, len(changes.suspects), report)
        last_swap = time.monotonic()
        try:
            for analysis in workers.analyse(changes.suspects, rules, cancelled):
                outcome.changed += self._note(analysis, pending)
                meter.advance()
                if time.monotonic() - last_swap > SWAP_SECONDS:
                    self._swap_text(pending)
                    pending, last_swap = _Pending(), time.monotonic()
        finally:  # what was analysed before a cancel is kept
            self._swap_text(pending)

    def _note(self, analysis: FileAnalysis, pending: _Pending) -> bool:
        """Keep an analysis for the next swap; answers whether the file's content is new to the index."""
        uri = analysis.file.uri
        if analysis.skip_reason == VANISHED:
            pending.files[uri] = None
            return True
        known = self.snapshot.chunks.file(uri)
        fresh = indexed_file(self.root, analysis)
        if known is not None and known.chunks == fresh.chunks and known.row == fresh.row:
            return False
        pending.files[uri] = fresh
        pending.bodies[uri] = tuple(chunk.body for chunk in analysis.chunks)
        return known is None or known.row.content_hash != analysis.content_hash

    def _swap_text(self, pending: _Pending) -> None:
        """Make pending files searchable by text: lexical commit, static vectors, then one swap."""
        if not pending.files:
            return
        with self._swapping:
            before = self.snapshot
            old = {chunk.id: chunk for uri in pending.files for chunk in _chunks_of(before, uri)}
            new = {chunk.id: chunk for file in pending.files.values() if file for chunk in file.chunks}
            changed = [chunk for chunk in new.values() if not _same_text(old.get(chunk.id), chunk)]
            gone = _ids(chunk for chunk in old.values() if chunk.id not in new)
            stale = {chunk.id for chunk in changed}
            documents = (
                document
                for uri, file in pending.files.items()
                if file
                for document in lexical_documents(file, pending.bodies.get(uri, ()))
                if document.id in stale
            )
            self._lexical.replace(gone.tolist(), documents)
            self._lexical.commit()
            ids = _ids(changed)
            vectors = _as_stored(self._models.static.encode([_passage(chunk) for chunk in changed]))
            self.snapshot = replace(
                before,
                chunks=before.chunks.changed(pending.files),
                lexical=self._lexical.view(),
                static=before.static.changed(gone, ids, vectors),
                contextual=before.contextual.without(np.union1d(gone, ids)),
            )
            self._unpublished.update(pending.files)

    def _unencoded(self) -> list[Chunk]:
        """Chunks without a contextual vector, by file, so that checkpoints concern few bases."""
        covered = set(self.snapshot.contextual.ids().tolist())
        return sorted(
            (chunk for chunk in self.snapshot.chunks if chunk.id not in covered),
            key=lambda chunk: (chunk.uri, chunk.start_byte),
        )

    def _encode_batch(self, batch: Sequence[Chunk]) -> list[int]:
        vectors = self._models.encoder.encode([_passage(chunk) for chunk in batch])
        with self._swapping:
            # an edit may have come in between: only chunks that still read the same keep their vector
            table = self.snapshot.chunks
            kept = [row for row, chunk in enumerate(batch) if _same_text(table.get(chunk.id), chunk)]
            ids = _ids(batch[row] for row in kept)
            view = self.snapshot.contextual.changed(np.empty(0, np.int64), ids, vectors[kept])
            self.snapshot = replace(self.snapshot, contextual=view.folded() if view.needs_fold else view)
        return [chunk.id for chunk in (batch[row] for row in kept)]

    def _publish(self, *, whole: bool = False) -> None:
        """Write the rows of every file that changed since the last time, and what the engines have."""
        with self._swapping:
            if not self.store.writable:
                return
            self._fold()
            files, self._unpublished = self._unpublished, {}
            try:
                self._write(files, whole)
            except BaseException:
                self._unpublished = {**files, **self._unpublished}
                raise
            self.snapshot = replace(self.snapshot, generation=self.store.generation)

    def _write(self, files: dict[str, IndexedFile | None], whole: bool) -> None:
        snapshot, dims = self.snapshot, self.store.provenance.dims
        present = [file for file in files.values() if file]
        first = not self.store.manifest.of("files")
        artifacts = engine_files(self.store, self._lexical, snapshot, whole=whole or first)
        tables = {**tables_of(present, snapshot, dims), "faiss_idmap": idmap_of(snapshot)}
        if first:
            self.store.rebuild(tables, artifacts=artifacts)
            return
        removed = [uri for uri, file in files.items() if file is None]
        self.store.publish(tables, removed, artifacts=artifacts)
        if self.store.needs_compaction:
            self.store.compact()

    def _checkpoint(self, done: list[int]) -> None:
        """Publish the vectors of the chunks `done` that are still there, and forget them."""
        with self._swapping:
            table = self.snapshot.chunks
            chunks = [chunk for chunk_id in done if (chunk := table.get(chunk_id)) is not None]
            done.clear()
            if not chunks or not self.store.writable:
                return
            if len(chunks) < FEW_CHUNKS:
                self._unpublished.update({chunk.uri: table.file(chunk.uri) for chunk in chunks})
                self._publish()
                return
            self._fold()
            view = self.snapshot.contextual
            ids = np.intersect1d(_ids(chunks), view.ids())
            artifacts = engine_files(self.store, self._lexical, self.snapshot, whole=True)
            self.store.fill(
                "embedding", ids, view.reconstruct(ids), idmap=idmap_of(self.snapshot), artifacts=artifacts
            )
            self.snapshot = replace(self.snapshot, generation=self.store.generation)

    def _fold(self) -> None:
        contextual, static = self.snapshot.contextual.folded(), self.snapshot.static.folded()
        self.snapshot = replace(self.snapshot, contextual=contextual, static=static)


def skip_counts(snapshot: Snapshot) -> dict[str, int]:
    """How many files are left out for each reason, figures in the reasons apart."""
    counts: dict[str, int] = {}
    for file in snapshot.chunks.files():
        if file.row.skip_reason:
            reason = file.row.skip_reason.partition(" (")[0]
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def _chunks_of(snapshot: Snapshot, uri: str) -> tuple[Chunk, ...]:
    file = snapshot.chunks.file(uri)
    return file.chunks if file else ()


def _same_text(old: Chunk | None, new: Chunk) -> bool:
    """Whether engines need not look again: the content is the id's, but breadcrumb and names come from around it."""
    return old is not None and (old.breadcrumb, old.symbols) == (new.breadcrumb, new.symbols)


def _as_stored(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Rounded as the table keeps them, so that answers are the same before and after a restart."""
    return vectors.astype(np.float16).astype(np.float32)


def _passage(chunk: Chunk) -> str:
    return passage_text(chunk.uri, chunk.breadcrumb, chunk.content)


def _ids(chunks: Iterable[Chunk]) -> npt.NDArray[np.int64]:
    return np.fromiter((chunk.id for chunk in chunks), np.int64)
