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
from codeintel.catalog.artifacts import is_artifact_sound
from codeintel.catalog.folder import prepare
from codeintel.catalog.folding import (
    LEAST_ROWS_PER_PART,
    Draft,
    Vectors,
    current_rows,
    fold,
    part_rows,
    sorted_by_uri,
)
from codeintel.catalog.lock import WriterLock
from codeintel.catalog.manifest import MANIFEST_NAME, REBUILT, Artifact, Manifest, Part, Provenance, stamped
from codeintel.catalog.ownership import user_secret
from codeintel.catalog.parts import GRACE_SECONDS, FolderShelf, MemoryShelf, Shelf
from codeintel.catalog.repair import Repair, documents_in
from codeintel.catalog.rows import tier_column
from codeintel.catalog.schemas import TABLES, chunks_schema, conform
from codeintel.errors import IndexCorrupt, IndexLocked, IndexTrouble

log = logging.getLogger(__name__)

MOST_DELTAS = 32
"""Deltas of a table before they are folded in; each costs a reader about 1 ms."""

MOST_DELTA_SHARE = 0.25
"""Share of a table's rows that may lie in deltas; a guess."""

MOST_CHANGED = 4_096
"""Documents listed in the manifest before folding: about 200 KB of it, 4 ms to write."""


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
                manifest = stamped(last + 1 if last else 0, provenance)
                shelf.save(manifest, ())
            store = cls(shelf, manifest, lock=lock, last_generation=last)
            store.gc()
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
        return cls(MemoryShelf(), stamped(0, provenance), warning=warning)

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

    def read(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The current rows of `table`; a document's rows stand together and in the order they were given in.

        Every file is checked whole when it is first read. Raises IndexCorrupt naming the damage: `repair`.
        """
        return current_rows(self._shelf, self.manifest, table, columns)

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
        """Files that `gc` would remove now."""
        return self._shelf.orphans(_files(self.manifest), parts.now(), GRACE_SECONDS)

    def publish(
        self,
        replace: Mapping[str, pa.Table],
        removed_uris: Sequence[str] = (),
        *,
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Replace everything that is known of some documents, in one step and at a cost of their size only.

        A document that occurs in any table of `replace`, or in `removed_uris`, loses its rows in *all*
        tables, so give all its rows: an empty document is one row of `files`. Tables without documents
        (faiss_idmap) are replaced whole where given. `artifacts` None keeps those of the last generation.
        """
        with self._write() as draft:
            rows = {table: conform(table, given, self.provenance.dims) for table, given in replace.items()}
            uris = set(removed_uris).union(*(_uris(t, r) for t, r in rows.items()))
            changed = {**self.manifest.changed, **dict.fromkeys(sorted(uris), draft.generation)}
            whole = {table for table in rows if not TABLES[table].by_document}
            before = dataclasses.replace(self.manifest, changed=changed)
            draft.keep(p for p in before.parts if p.table not in whole and not before.is_dead(p))
            for table, given in rows.items():
                (draft.write_whole if table in whole else draft.write_delta)(table, given)
            return self._commit(draft, changed=changed, artifacts=artifacts)

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
                rows = conform(table, given, draft.dims)
                if TABLES[table].by_document:
                    draft.write_bases(table, sorted_by_uri(rows), part_rows(rows.num_rows))
                else:
                    draft.write_whole(table, rows)
            return self._commit(draft, changed={}, artifacts=artifacts, provenance=provenance)

    def fill(
        self,
        column: str,
        ids: np.ndarray[Any, Any],
        values: np.ndarray[Any, Any],
        *,
        idmap: pa.Table | None = None,
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Put vectors [n, dim] into `column` of the chunks with these ids, and fold the deltas in.

        Ids that are no longer current are ignored, so vectors may arrive late. Rewrites every base that holds
        one of the ids: a checkpoint for many chunks, best near each other by uri; for a few documents publish
        their rows with the vectors in them.
        """
        order = np.argsort(ids)
        vectors = Vectors(column, np.asarray(ids, np.int64)[order], np.asarray(values)[order])
        return self._fold(vectors, idmap, artifacts)

    def compact(self) -> Manifest:
        """Fold the deltas into the bases whose documents they concern."""
        return self._fold(None, None, None)

    @property
    def needs_compaction(self) -> bool:
        """Whether deltas have grown so many or so large that reading suffers."""
        if len(self.manifest.changed) > MOST_CHANGED:
            return True
        return any(_is_scattered(self.manifest, table) for table in TABLES)

    def adopt(self, provenance: Provenance) -> Manifest:
        """Turn to other models or another chunker and keep what does not depend on them.

        Another model empties its vector column; another chunker empties the index. Nothing is written where
        nothing differs.
        """
        if provenance == self.provenance:
            return self.manifest
        if provenance.chunker != self.provenance.chunker:
            return self.rebuild({}, provenance=provenance)
        tables = {table: self.read(table) for table, kind in TABLES.items() if kind.by_document}
        tables["chunks"] = _without_stale_vectors(tables["chunks"], self.provenance, provenance)
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
            changed = {**manifest.changed, **dict.fromkeys(lost, draft.generation)}
            self._commit(
                draft, changed=changed, artifacts=[a for a in manifest.artifacts if a not in lost_artifacts]
            )
            return Repair(tuple(p.path for p in damaged), tuple(a.name for a in lost_artifacts), lost)

    def refresh(self) -> bool:
        """Follow the writer: whether there was a newer generation. Raises as `follow`."""
        manifest = self._shelf.load()
        if manifest is None or manifest.generation == self.generation:
            return False
        self.manifest = manifest
        return True

    def gc(self, now: float | None = None, grace: float = GRACE_SECONDS) -> list[str]:
        """Remove files of generations that were superseded, or never published, over `grace` seconds ago."""
        with self._writing:
            if not (self.writable and self._is_certain):
                return []
            keep = _files(self.manifest)
            return self._shelf.collect(keep, parts.now() if now is None else now, grace)

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
            dims = (provenance or self.provenance).dims
            try:
                yield Draft(self._shelf, self._last_generation, dims)
            except OSError as error:
                raise _unwritten(self.folder, error) from error

    def _commit(
        self,
        draft: Draft,
        *,
        changed: Mapping[str, int],
        artifacts: Sequence[Artifact] | None,
        provenance: Provenance | None = None,
    ) -> Manifest:
        before = self.manifest
        manifest = stamped(
            draft.generation,
            provenance or before.provenance,
            parts=tuple(draft.parts),
            changed=changed,
            artifacts=before.artifacts if artifacts is None else tuple(artifacts),
        )
        # Until the save has returned, the disk may hold either manifest: nothing is collected for either.
        self._is_certain = False
        self._shelf.save(manifest, sorted(draft.written))
        self._is_certain = True
        self.manifest = manifest
        self._shelf.retire(sorted(_files(before) - _files(manifest)), parts.now())
        self.gc()
        return manifest

    def _fold(
        self, vectors: Vectors | None, idmap: pa.Table | None, artifacts: Sequence[Artifact] | None
    ) -> Manifest:
        with self._write() as draft:
            for table, kind in TABLES.items():
                if kind.by_document:
                    fold(draft, self.manifest, table, vectors)
            if idmap is None:
                draft.keep(self.manifest.of("faiss_idmap"))
            else:
                draft.write_whole("faiss_idmap", conform("faiss_idmap", idmap, draft.dims))
            return self._commit(draft, changed={}, artifacts=artifacts)

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


def _uris(table: str, rows: pa.Table) -> set[str]:
    uris: list[Any] = rows.column("uri").unique().to_pylist() if TABLES[table].by_document else []
    return set(uris)


def _files(manifest: Manifest) -> set[str]:
    return {part.path for part in manifest.parts} | {artifact.name for artifact in manifest.artifacts}


def _is_scattered(manifest: Manifest, table: str) -> bool:
    deltas = manifest.of(table, "delta")
    rows = sum(part.rows for part in deltas)
    total = rows + sum(part.rows for part in manifest.of(table, "base"))
    return len(deltas) > MOST_DELTAS or rows > max(MOST_DELTA_SHARE * total, LEAST_ROWS_PER_PART)


def _without_stale_vectors(chunks: pa.Table, old: Provenance, new: Provenance) -> pa.Table:
    schema = chunks_schema(new.dims)
    stale = {
        "embedding": (old.encoder, old.dim) != (new.encoder, new.dim),
        "static_embedding": (old.static, old.static_dim) != (new.static, new.static_dim),
    }
    for name in (column for column, is_stale in stale.items() if is_stale):
        at = schema.get_field_index(name)
        chunks = chunks.set_column(at, schema.field(at), pa.nulls(chunks.num_rows, schema.field(at).type))
    at = schema.get_field_index("tier")
    return chunks.set_column(at, schema.field(at), tier_column(chunks.column("embedding")))


def _unwritten(folder: Path | None, error: OSError) -> IndexTrouble:
    reason = error.strerror or type(error).__name__
    return IndexTrouble(
        f"The index in {folder} could not be written ({reason}); its last generation stays in use.",
        "Make room or make the folder writable; the next change is tried again.",
    )
