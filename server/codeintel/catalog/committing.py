"""How a generation becomes the current one: one writer at a time, whole or not at all, and nothing removed too early.

What is written is decided in store.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from codeintel.catalog import parts
from codeintel.catalog.folding import Draft, Vectors, fold, part_rows, sorted_by_uri
from codeintel.catalog.history import History
from codeintel.catalog.lock import WriterLock
from codeintel.catalog.manifest import Artifact, Manifest, Part, Provenance, stamped
from codeintel.catalog.parts import GRACE_SECONDS, Shelf
from codeintel.catalog.reading import StoredTables
from codeintel.catalog.schemas import GROUPS, Group, conform, tables_of
from codeintel.errors import IndexLocked, IndexTrouble


class CommittingStore(StoredTables):
    """Tables whose next generation can be written: the steps that all kinds of publishing share.

    Writes take turns. One that fails raises IndexTrouble and leaves the last generation in use.
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
        """Use Store's `open`, `follow` or `in_memory`."""
        super().__init__(shelf, manifest)
        self.warning = warning
        self.writable = writable
        self._lock = lock
        self._last_generation = max(last_generation, manifest.generation)
        self._is_certain = True
        self._removed: dict[str, int] = {}
        self._writing = threading.RLock()

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

    def _fitting(self, group: Group, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Tables of a group in their schemas. Raises ValueError for any other."""
        if astray := tables.keys() - set(tables_of(group)):
            raise ValueError(f"{', '.join(sorted(astray))} is no table of {group}")
        return {table: conform(table, rows, self.provenance.dims) for table, rows in tables.items()}

    def _put(
        self, draft: Draft, group: Group, tables: Mapping[str, pa.Table], removed: Sequence[str]
    ) -> History:
        """Write deltas of the tables of a group, and answer what has changed in it."""
        uris = set(removed).union(*map(_uris, tables.values()))
        before = (part for part in self.manifest.parts if part.group == group)
        draft.keep(part for part in before if not _is_superseded(part, uris))
        for table, rows in tables.items():
            draft.write_delta(table, rows, draft.generation)
        history = self.manifest.history_of(group)
        return history.changing(uris, draft.generation) if uris else history

    def _commit(
        self,
        draft: Draft,
        history: History,
        structure_history: History,
        *,
        artifacts: Sequence[Artifact] | None = None,
        provenance: Provenance | None = None,
    ) -> Manifest:
        before = self.manifest
        if not self._is_certain:  # readers may hold a generation that is none of this one's predecessors
            history = history.untold(draft.generation)
            structure_history = structure_history.untold(draft.generation)
        manifest = stamped(
            draft.generation,
            provenance or before.provenance,
            parts=tuple(draft.parts),
            history=history,
            structure_history=structure_history,
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

    def _fold(
        self, groups: Sequence[Group], vectors: Vectors | None, artifacts: Sequence[Artifact] | None
    ) -> Manifest:
        with self._write() as draft:
            before = self.manifest
            draft.keep(part for part in before.parts if part.group not in groups)
            for table in (table for group in groups for table in tables_of(group)):
                fold(draft, before, table, vectors)
            told = {group: before.history_of(group) for group in GROUPS}
            told |= {group: told[group].folded() for group in groups}
            if vectors is not None:
                told["text"] = told["text"].untold(draft.generation)
            manifest = self._commit(draft, told["text"], told["structure"], artifacts=artifacts)
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


def _uris(rows: pa.Table) -> set[str]:
    uris: list[Any] = rows.column("uri").unique().to_pylist()
    return set(uris)


def _is_superseded(part: Part, changed: set[str]) -> bool:
    """Whether a delta is of one document that changes again; of more, gathering finds out."""
    return part.kind == "delta" and part.min_uri == part.max_uri and part.min_uri in changed


def write_bases(draft: Draft, table: str, rows: pa.Table) -> None:
    """Rows of any order as the bases of a table."""
    fitting = conform(table, rows, draft.dims)
    draft.write_bases(table, sorted_by_uri(fitting), part_rows(fitting.num_rows))


def _unwritten(folder: Path | None, error: OSError) -> IndexTrouble:
    reason = error.strerror or type(error).__name__
    return IndexTrouble(
        f"The index in {folder} could not be written ({reason}); its last generation stays in use.",
        "Make room or make the folder writable; the next change is tried again.",
    )
