"""The store: opens an index folder, and publishes new generations of the rows in it.

How they are read is in reading.py, how one generation follows another in committing.py, what one holds in manifest.py,
how parts come about in folding.py, where they lie in parts.py.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.catalog import parts
from codeintel.catalog.adopting import without_stale_vectors
from codeintel.catalog.artifacts import is_artifact_sound
from codeintel.catalog.committing import CommittingStore, write_bases
from codeintel.catalog.crowding import crowded, is_crowded, scattered
from codeintel.catalog.folder import prepare
from codeintel.catalog.folding import Vectors, gather
from codeintel.catalog.history import History
from codeintel.catalog.lock import WriterLock
from codeintel.catalog.manifest import Artifact, Manifest, Part, Provenance, first
from codeintel.catalog.ownership import user_secret
from codeintel.catalog.parts import GRACE_SECONDS, FolderShelf, MemoryShelf
from codeintel.catalog.repair import Repair, documents_in
from codeintel.catalog.schemas import GROUPS, TABLES, Group
from codeintel.errors import IndexCorrupt

log = logging.getLogger(__name__)

_NO_TABLES: Mapping[str, pa.Table] = MappingProxyType({})


class Store(CommittingStore):
    """One index folder, as a writer (`open`), a reader (`follow`), or without a folder (`in_memory`).

    `manifest` is the one reference that publishing swaps. Reads may run in any thread beside a write; writes
    take turns. A write that fails raises IndexTrouble and leaves the last generation in use.
    """

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

    def publish(
        self,
        replace: Mapping[str, pa.Table],
        removed_uris: Sequence[str] = (),
        *,
        structure: Mapping[str, pa.Table] = _NO_TABLES,
        structure_removed: Sequence[str] = (),
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Replace everything that is known of some documents, in one step and at a cost of their size only.

        A document that occurs in any table of `replace`, or in `removed_uris`, loses its rows in *all* tables of the
        group 'text', so give all its rows: an empty document is one row of `files`. `structure` and
        `structure_removed` are the same for the group 'structure', where a document without anything is one row of
        `modules`. Neither group touches the other: name a document in `structure_removed` where its text is gone, or is
        another one whose structure is not known yet. `artifacts` None keeps those of the last generation.
        """
        texts, structures = self._fitting("text", replace), self._fitting("structure", structure)
        with self._write() as draft:
            history = self._put(draft, "text", texts, removed_uris)
            structure_history = self._put(draft, "structure", structures, structure_removed)
            return self._commit(draft, history, structure_history, artifacts=artifacts)

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
                write_bases(draft, table, given)
            fresh = History(recent_from=draft.generation)
            return self._commit(draft, fresh, fresh, artifacts=artifacts, provenance=provenance)

    def rewrite(self, table: str, rows: pa.Table) -> Manifest:
        """Replace all rows of one table, of whatever documents, and leave the other tables as they are.

        Costs those rows. For faiss_idmap no document counts as changed.
        """
        with self._write() as draft:
            draft.keep(part for part in self.manifest.parts if part.table != table)
            write_bases(draft, table, rows)
            told = {group: self.manifest.history_of(group) for group in GROUPS}
            if not TABLES[table].is_derived:
                told[TABLES[table].group] = told[TABLES[table].group].untold(draft.generation)
            return self._commit(draft, told["text"], told["structure"])

    def fill(
        self,
        column: str,
        ids: np.ndarray[Any, Any],
        values: np.ndarray[Any, Any],
        *,
        artifacts: Sequence[Artifact] | None = None,
    ) -> Manifest:
        """Put vectors [n, dim] into `column` of the chunks with these ids, and fold the deltas of text in.

        Ids that are no longer current are ignored, so vectors may arrive late. Rewrites every base that holds
        one of the ids: a checkpoint for many chunks, best near each other by uri; for a few documents publish
        their rows with the vectors in them.
        """
        order = np.argsort(ids)
        vectors = Vectors(column, np.asarray(ids, np.int64)[order], np.asarray(values)[order])
        return self._fold(("text",), vectors, artifacts)

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
            manifest = self._commit(draft, before.history, before.structure_history)
            self._find_leftovers()
            return manifest

    @property
    def needs_compaction(self) -> bool:
        """Whether deltas have grown so large, or changed documents so many, that reading suffers."""
        return bool(scattered(self.manifest))

    def compact(self) -> Manifest:
        """Fold the deltas of the groups that need it, of both where none does, into the bases that they concern."""
        return self._fold(scattered(self.manifest) or GROUPS, None, None)

    def reclaim(self) -> tuple[int, int]:
        """Fold whatever there is to fold and remove what no reader can need.

        Answers how many files, and bytes, this store has removed since it was opened or last asked. Files that
        were superseded within their grace period, those that were folded just now among them, stay.
        """
        with self._writing:
            if groups := [group for group in GROUPS if _is_unfolded(self.manifest, group)]:
                self._fold(groups, None, None)
            self.gc()
            removed, self._removed = self._removed, {}
            return len(removed), sum(removed.values())

    def adopt(self, provenance: Provenance) -> Manifest:
        """Turn to other models or another analysis and keep what does not depend on them.

        Another model empties its vector column, another analysis of structure the tables of that group, another chunker
        the index. Nothing is written where nothing differs.
        """
        before = self.provenance
        if provenance == before:
            return self.manifest
        if provenance.chunker != before.chunker:
            return self.rebuild({}, provenance=provenance)
        with self._write(provenance) as draft:
            history, structure = self.manifest.history, self.manifest.structure_history
            artifacts: Sequence[Artifact] | None = None
            fresh = History(recent_from=draft.generation)
            if provenance.has_same_makers(before, "text"):
                draft.keep(part for part in self.manifest.parts if part.group == "text")
            else:
                history, artifacts = fresh, []
                chunks = without_stale_vectors(self.read("chunks"), before, provenance)
                write_bases(draft, "chunks", chunks)
                write_bases(draft, "files", self.read("files"))
            if provenance.has_same_makers(before, "structure"):
                draft.keep(part for part in self.manifest.parts if part.group == "structure")
            else:
                structure = fresh
            return self._commit(draft, history, structure, artifacts=artifacts, provenance=provenance)

    def repair(self) -> Repair:
        """Read everything, take what is damaged out of the index, and say which documents to index again.

        The documents of a damaged part disappear from every table of its group, `files` too, and so look like new ones;
        those that lose their text lose their structure with it. Where nothing is damaged nothing is written. Costs a
        read of the whole index.
        """
        with self._write() as draft:
            manifest = self.manifest
            damaged = [part for part in manifest.parts if not self._is_sound(part)]
            lost_artifacts = [a for a in manifest.artifacts if not is_artifact_sound(self.folder, a)]
            if not damaged and not lost_artifacts:
                return Repair()
            sound = dataclasses.replace(manifest, parts=tuple(p for p in manifest.parts if p not in damaged))
            lost = documents_in(self._shelf, sound, damaged, "text")
            unstructured = documents_in(self._shelf, sound, damaged, "structure")
            draft.keep(sound.parts)
            number = draft.generation
            history = manifest.history.changing(lost, number).untold(number)
            structure = manifest.structure_history.changing({*lost, *unstructured}, number).untold(number)
            kept = [a for a in manifest.artifacts if a not in lost_artifacts]
            self._commit(draft, history, structure, artifacts=kept)
            paths = tuple(part.path for part in damaged)
            return Repair(paths, tuple(a.name for a in lost_artifacts), lost, unstructured)

    def _is_sound(self, part: Part) -> bool:
        try:
            self._shelf.verify(part)
        except IndexCorrupt as error:
            log.warning("%s", error)
            return False
        return True


def _is_unfolded(manifest: Manifest, group: Group) -> bool:
    is_delta = any(part.kind == "delta" and part.group == group for part in manifest.parts)
    return is_delta or bool(manifest.history_of(group).changed)


def _load(shelf: FolderShelf, reset: bool) -> Manifest | None:
    try:
        return shelf.load()
    except IndexCorrupt as error:
        if not reset:
            raise
        log.warning("%s", error)
        return None
