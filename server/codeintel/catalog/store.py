"""The store: opens an index folder, reads the current rows, and publishes new generations of them.

What a generation holds is in manifest.py, how parts come about in folding.py, where they lie in parts.py.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from codeintel.catalog import parts
from codeintel.catalog.adopting import without_stale_vectors
from codeintel.catalog.artifacts import is_artifact_sound
from codeintel.catalog.crowding import crowded, is_crowded, is_scattered
from codeintel.catalog.folder import prepare
from codeintel.catalog.folding import (
    Draft,
    Vectors,
    current_rows,
    fold,
    gather,
    part_rows,
    sorted_by_uri,
)
from codeintel.catalog.history import History
from codeintel.catalog.lock import WriterLock
from codeintel.catalog.manifest import (
    MANIFEST_NAME,
    REBUILT,
    Artifact,
    Manifest,
    Part,
    Provenance,
    first,
    stamped,
)
from codeintel.catalog.ownership import user_secret
from codeintel.catalog.parts import GRACE_SECONDS, FolderShelf, MemoryShelf, Shelf
from codeintel.catalog.repair import Repair, documents_in
from codeintel.catalog.schemas import TABLES, conform
from codeintel.errors import IndexCorrupt, IndexLocked, IndexTrouble

log = logging.getLogger(__name__)


class Store:
    """One index folder, as a writer (`open`), a reader (`follow`), or without a folder (`in_memory`).

    `manifest` is the one reference that publishing swaps. Reads may run in any thread beside a write; writes
    take turns. A write that fails raises IndexTrouble and leaves the last generation in use.
    """

    def __init__(
        self,
        shelf: Shelf,
        manifest: Manifest,
        *,
        lock: WriterLock | None = None,
        writable: bool = True,
        last_generation: int = 0,
        warning: str = "",
    ) -> None:
        """Use `open`, `follow` or `in_memory`."""
        self.manifest = manifest
        self.warning = warning
        self.writable = writable
        self._shelf = shelf
        self._lock = lock
        self._last_generation = max(last_generation, manifest.generation)
        self._is_certain = True
        self._stamp: object = None
        self._removed: dict[str, int] = {}
        self._writing = threading.RLock()

    @classmethod
    def open(cls, folder: Path, provenance: Provenance, *, reset: bool = False) -> Store:
        """Open `folder` for writing, making it where it is missing.

        A new index starts with `provenance`; an existing one keeps its own until `adopt` or `rebuild`. With
        `reset` a damaged or foreign manifest is replaced by an empty one; what engines left in the folder is
        then not to be trusted. Where nothing can be written the store is in memory and `warning` says why.

        Raises IndexLocked (another process writes), IndexCorrupt (open again with `reset`), SchemaTooNew (the
        folder is left untouched), UsageError (a folder that holds other things).
        """
        try:
            prepare(folder)
            lock = WriterLock(folder)
        except OSError as error:
            return cls._instead_of(folder, provenance, error)
        try:
            shelf = FolderShelf(folder, user_secret())
            manifest = _load(shelf, reset)
            last = shelf.last_generation()
            if manifest is None:
                manifest = first(last + 1 if last else 0, provenance)
                shelf.save(manifest, ())
            store = cls(shelf, manifest, lock=lock, last_generation=last)
            store._removed = shelf.collect_old(manifest.files(), parts.now(), GRACE_SECONDS)
            return store
        except OSError as error:
            lock.release()
            return cls._instead_of(folder, provenance, error)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def follow(cls, folder: Path) -> Store:
        """Open `folder` for reading beside its writer; `refresh` takes over what that has published.

        Raises IndexCorrupt, also where there is no index yet, and SchemaTooNew.
        """
        if folder.is_symlink():  # it could lead to the index of another workspace, whose text would be shown
            raise IndexCorrupt(f"{folder} is a symbolic link.", "Remove it.")
        shelf = FolderShelf(folder, user_secret())
        manifest = shelf.load()
        if manifest is None:
            raise IndexCorrupt(f"There is no index in {folder}.", "Run `indexctl index` first.")
        return cls(shelf, manifest, writable=False)

    @classmethod
    def in_memory(cls, provenance: Provenance, warning: str = "") -> Store:
        """A store that is gone with the process."""
        return cls(MemoryShelf(), first(0, provenance), warning=warning)

    @classmethod
    def _instead_of(cls, folder: Path, provenance: Provenance, error: OSError) -> Store:
        reason = error.strerror or type(error).__name__
        warning = f"The index folder {folder} cannot be written ({reason}): the index is kept in memory."
        log.warning("%s", warning)
        return cls.in_memory(provenance, warning)

    @property
    def folder(self) -> Path | None:
        """The index folder; None in memory."""
        return self._shelf.folder

    @property
    def generation(self) -> int:
        """The number of the current generation; it only grows."""
        return self.manifest.generation

    @property
    def provenance(self) -> Provenance:
        """What the current rows were made with."""
        return self.manifest.provenance

    def read(
        self, table: str, columns: Sequence[str] | None = None, uris: frozenset[str] | None = None
    ) -> pa.Table:
        """The current rows of `table`; a document's rows stand together and in the order they were given in.

        With `uris` the rows of these documents only; parts that cannot hold them are not opened. Every file is
        checked whole when it is first read. Raises IndexCorrupt naming the damage: `repair`.
        """
        return current_rows(self._shelf, self.manifest, table, columns, uris)

    def read_part(self, part: Part) -> pa.Table:
        """All rows of one part, current or not. Raises IndexCorrupt."""
        return self._shelf.read(part, None)

    def verify_part(self, part: Part) -> None:
        """Compare a part with the manifest, whatever was read of it before. Raises IndexCorrupt."""
        self._shelf.verify(part)

    def verify_manifest(self) -> None:
        """Read the manifest again. Raises IndexCorrupt where it is gone or damaged since it was opened."""
        if self.folder is not None and self._shelf.load() is None:
            raise IndexCorrupt(f"{MANIFEST_NAME} is missing.", REBUILT)

    def orphans(self) -> list[str]:
        """Files that the next process to write will remove."""
        return self._shelf.orphans(self.manifest.files(), GRACE_SECONDS)

    def publish(
        self,
        replace: Mapping[str, pa.Table],
        removed_uris: Sequence[str] = (),
        *,
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Replace everything that is known of some documents, in one step and at a cost of their size only.

        A document that occurs in any table of `replace`, or in `removed_uris`, loses its rows in *all*
        tables, so give all its rows: an empty document is one row of `files`. `artifacts` None keeps those of
        the last generation.
        """
        with self._write() as draft:
            rows = {table: conform(table, given, self.provenance.dims) for table, given in replace.items()}
            uris = set(removed_uris).union(*map(_uris, rows.values()))
            draft.keep(part for part in self.manifest.parts if not _is_superseded(part, uris))
            for table, given in rows.items():
                draft.write_delta(table, given, draft.generation)
            history = self.manifest.history.changing(uris, draft.generation)
            return self._commit(draft, history, artifacts=artifacts)

    def rebuild(
        self,
        tables: Mapping[str, pa.Table],
        *,
        provenance: Provenance | None = None,
        artifacts: Sequence[Artifact] = (),
    ) -> Manifest:
        """Replace the whole index by these tables; a table that is not given is empty afterwards."""
        with self._write(provenance) as draft:
            for table, given in tables.items():
                _write_bases(draft, table, given)
            history = History(recent_from=draft.generation)
            return self._commit(draft, history, artifacts=artifacts, provenance=provenance)

    def rewrite(self, table: str, rows: pa.Table) -> Manifest:
        """Replace all rows of one table, of whatever documents, and leave the other tables as they are.

        Costs those rows. For faiss_idmap no document counts as changed.
        """
        with self._write() as draft:
            draft.keep(part for part in self.manifest.parts if part.table != table)
            _write_bases(draft, table, rows)
            history = self.manifest.history
            if not TABLES[table].is_derived:
                history = history.untold(draft.generation)
            return self._commit(draft, history)

    def fill(
        self,
        column: str,
        ids: np.ndarray[Any, Any],
        values: np.ndarray[Any, Any],
        *,
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Put vectors [n, dim] into `column` of the chunks with these ids, and fold the deltas in.

        Ids that are no longer current are ignored, so vectors may arrive late. Rewrites every base that holds
        one of the ids: a checkpoint for many chunks, best near each other by uri; for a few documents publish
        their rows with the vectors in them.
        """
        order = np.argsort(ids)
        vectors = Vectors(column, np.asarray(ids, np.int64)[order], np.asarray(values)[order])
        return self._fold(vectors, artifacts)

    @property
    def needs_gathering(self) -> bool:
        """Whether small deltas have grown so many that reading and publishing suffer."""
        return is_crowded(self.manifest)

    def gather(self) -> Manifest:
        """Make one delta of the many small ones of each table. Costs their rows; writes nothing where they are few."""
        with self._write() as draft:
            before = self.manifest
            gathered = [deltas for table in TABLES if (deltas := crowded(before, table))]
            if not gathered:
                return before
            gone = {part.path for deltas in gathered for part in deltas}
            draft.keep(part for part in before.parts if part.path not in gone)
            for deltas in gathered:
                gather(draft, before, deltas)
            manifest = self._commit(draft, before.history)
            self._find_leftovers()
            return manifest

    @property
    def needs_compaction(self) -> bool:
        """Whether deltas have grown so large, or changed documents so many, that reading suffers."""
        return is_scattered(self.manifest)

    def compact(self) -> Manifest:
        """Fold the deltas into the bases whose documents they concern; costs those bases."""
        return self._fold(None, None)

    def reclaim(self) -> tuple[int, int]:
        """Fold whatever there is to fold and remove what no reader can need.

        Answers how many files, and bytes, this store has removed since it was opened or last asked. Files that
        were superseded within their grace period, those that were folded just now among them, stay.
        """
        with self._writing:
            if self.manifest.history.changed or any(part.kind == "delta" for part in self.manifest.parts):
                self.compact()
            self.gc()
            removed, self._removed = self._removed, {}
            return len(removed), sum(removed.values())

    def adopt(self, provenance: Provenance) -> Manifest:
        """Turn to other models or another chunker and keep what does not depend on them.

        Another model empties its vector column; another chunker empties the index. Nothing is written where
        nothing differs.
        """
        if provenance == self.provenance:
            return self.manifest
        if provenance.chunker != self.provenance.chunker:
            return self.rebuild({}, provenance=provenance)
        kept = [table for table, kind in TABLES.items() if not kind.is_derived]
        tables = {table: self.read(table) for table in kept}
        tables["chunks"] = without_stale_vectors(tables["chunks"], self.provenance, provenance)
        return self.rebuild(tables, provenance=provenance)

    def repair(self) -> Repair:
        """Read everything, take what is damaged out of the index, and say which documents to index again.

        The documents of a damaged part disappear from every table, `files` too, and so look like new ones.
        Where nothing is damaged nothing is written. Costs a read of the whole index.
        """
        with self._write() as draft:
            manifest = self.manifest
            damaged = [part for part in manifest.parts if not self._is_sound(part)]
            lost_artifacts = [a for a in manifest.artifacts if not is_artifact_sound(self.folder, a)]
            if not damaged and not lost_artifacts:
                return Repair()
            sound = dataclasses.replace(manifest, parts=tuple(p for p in manifest.parts if p not in damaged))
            lost = documents_in(self._shelf, sound, damaged)
            draft.keep(sound.parts)
            history = manifest.history.changing(lost, draft.generation).untold(draft.generation)
            self._commit(draft, history, artifacts=[a for a in manifest.artifacts if a not in lost_artifacts])
            return Repair(tuple(p.path for p in damaged), tuple(a.name for a in lost_artifacts), lost)

    def refresh(self) -> bool:
        """Follow the writer: whether there was another generation. Costs one stat where not. Raises as `follow`."""
        stamp = self._shelf.stamp()
        if stamp is not None and stamp == self._stamp:
            return False
        manifest = self._shelf.load()
        self._stamp = stamp  # taken before the reading: what was published meanwhile has another
        held = self.manifest
        if manifest is None or (manifest.origin, manifest.generation) == (held.origin, held.generation):
            return False
        self.manifest = manifest
        return True

    def changes_since(self, before: Manifest) -> frozenset[str] | None:
        """The documents whose rows may differ from those of `before`; None where everything may."""
        return self.manifest.changes_since(before)

    def gc(self, at: float | None = None, grace: float = GRACE_SECONDS) -> list[str]:
        """Remove files that were superseded, or found unlisted, over `grace` seconds before `at` (parts.now)."""
        with self._writing:
            self._find_leftovers()
            return sorted(self._collect(parts.now() if at is None else at, grace))

    def close(self) -> None:
        """Let another process write."""
        with self._writing:
            self.writable = False
            if self._lock:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _write(self, provenance: Provenance | None = None) -> Iterator[Draft]:
        with self._writing:
            if not self.writable:
                raise IndexLocked(f"The index in {self.folder} is open for reading only.")
            self._last_generation += 1
            draft = Draft(self._shelf, self._last_generation, (provenance or self.provenance).dims)
            try:
                yield draft
            except OSError as error:
                self._shelf.retire([part.path for part in draft.written], parts.now())
                raise _unwritten(self.folder, error) from error

    def _commit(
        self,
        draft: Draft,
        history: History,
        *,
        artifacts: Sequence[Artifact] | None = None,
        provenance: Provenance | None = None,
    ) -> Manifest:
        before = self.manifest
        if not self._is_certain:  # readers may hold a generation that is none of this one's predecessors
            history = history.untold(draft.generation)
        manifest = stamped(
            draft.generation,
            provenance or before.provenance,
            parts=tuple(draft.parts),
            history=history,
            artifacts=before.artifacts if artifacts is None else tuple(artifacts),
            origin=before.origin,
        )
        # Until the save has returned, the disk may hold either manifest: nothing is collected for either.
        self._is_certain = False
        self._shelf.save(manifest, sorted({part.table for part in draft.written}))
        self._is_certain = True
        self.manifest = manifest
        now = parts.now()
        self._shelf.retire(sorted(before.files() - manifest.files()), now)
        self._collect(now, GRACE_SECONDS)
        return manifest

    def _fold(self, vectors: Vectors | None, artifacts: Sequence[Artifact] | None) -> Manifest:
        with self._write() as draft:
            for table in TABLES:
                fold(draft, self.manifest, table, vectors)
            history = self.manifest.history.folded()
            if vectors is not None:
                history = history.untold(draft.generation)
            manifest = self._commit(draft, history, artifacts=artifacts)
            self._find_leftovers()
            return manifest

    def _find_leftovers(self) -> None:
        if self.writable and self._is_certain:
            self._shelf.find(self.manifest.files(), parts.now())

    def _collect(self, at: float, grace: float) -> dict[str, int]:
        if not (self.writable and self._is_certain):
            return {}
        removed = self._shelf.collect(self.manifest.files(), at, grace)
        self._removed |= removed
        return removed

    def _is_sound(self, part: Part) -> bool:
        try:
            self._shelf.verify(part)
        except IndexCorrupt as error:
            log.warning("%s", error)
            return False
        return True


def _load(shelf: FolderShelf, reset: bool) -> Manifest | None:
    try:
        return shelf.load()
    except IndexCorrupt as error:
        if not reset:
            raise
        log.warning("%s", error)
        return None


def _uris(rows: pa.Table) -> set[str]:
    uris: list[Any] = rows.column("uri").unique().to_pylist()
    return set(uris)


def _is_superseded(part: Part, changed: set[str]) -> bool:
    """Whether a delta is of one document that changes again; of more, gathering finds out."""
    return part.kind == "delta" and part.min_uri == part.max_uri and part.min_uri in changed


def _write_bases(draft: Draft, table: str, rows: pa.Table) -> None:
    fitting = conform(table, rows, draft.dims)
    draft.write_bases(table, sorted_by_uri(fitting), part_rows(fitting.num_rows))


def _unwritten(folder: Path | None, error: OSError) -> IndexTrouble:
    reason = error.strerror or type(error).__name__
    return IndexTrouble(
        f"The index in {folder} could not be written ({reason}); its last generation stays in use.",
        "Make room or make the folder writable; the next change is tried again.",
    )
