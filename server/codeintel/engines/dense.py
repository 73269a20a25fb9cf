"""The dense engine: one searchable set of vectors by chunk id, over a primary and a secondary FAISS index."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from codeintel.engines.dense_epochs import Change, Epoch, Succession
from codeintel.engines.dense_files import (
    META_VERSION,
    REMEDY,
    read_index,
    read_meta,
    require_same,
    write_index,
    write_meta,
)
from codeintel.engines.dense_lock import ReadersWriterLock
from codeintel.engines.dense_parts import (
    NO_IDS,
    Ids,
    Part,
    Vectors,
    as_part,
    built,
    contained,
    empty_flat,
    one_thread,
    set_parameter,
)
from codeintel.engines.dense_presets import Preset, preset_for
from codeintel.engines.dense_values import DenseHits, IdMap, checked_rows, id_array, id_selector, ranked
from codeintel.errors import IndexCorrupt, UsageError

__all__ = ["DenseHits", "DenseIndex", "IdMap", "read_meta", "write_meta"]

_log = logging.getLogger(__name__)


# A secondary is scanned in full: 1 ms for 20,000 vectors of 384 dimensions, more than probing the primary.
MERGE_COUNT = 20_000

# Guess: below a tenth of the primary the old centroids still describe the whole.
MERGE_SHARE = 0.1

# Guess: a corpus outgrows its preset only well past the boundary, so that it does not flip back and forth.
OUTGROWN = 1.25


class DenseIndex:
    """Vectors by positive int64 id. Searches run concurrently; mutations exclude them for their duration.

    Where the preset keeps vectors in trained lists, everything added after the build goes to a flat secondary
    index until `merged`; otherwise the secondary stays empty. Once views lie over it, only `fold` may change it.
    """

    def __init__(self, dim: int, preset: Preset, primary: Part, secondary: Part) -> None:
        self.dim = dim
        self.preset = preset
        self._primary = primary
        self._secondary = secondary
        self._locked: dict[str, float] = {}
        self._lock = ReadersWriterLock()
        self.epoch = Epoch()
        self.folding = threading.Lock()

    @classmethod
    def build(
        cls,
        dim: int,
        ids: npt.ArrayLike,
        vectors: npt.ArrayLike,
        preset: Preset | None = None,
        parameters: Mapping[str, float] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        model_id: str | None = None,
    ) -> DenseIndex:
        """Build from ids int64 [n] and vectors float32 [n, dim]; of a repeated id the last vector counts.

        Search parameters come from `parameters`, else from what `meta` (see `read_meta`) has locked, else
        from the preset. Raises ValueError for wrong shapes, UsageError for a parameter that FAISS does not
        know for this index, IndexCorrupt for `meta` of another dimension, metric or model.
        """
        numbers, rows = checked_rows(dim, ids, vectors)
        preset = preset or preset_for(len(numbers))
        if not len(numbers):  # nothing to train on
            preset = preset_for(0, preset.metric, preset.type)
        if meta is not None:
            require_same(meta, dim=dim, metric=preset.metric, **({"model": model_id} if model_id else {}))
        primary = built(dim, preset.factory_for(len(numbers)), preset.metric, numbers, rows)
        index = cls(dim, preset, primary, empty_flat(dim, preset.metric))
        index._set_parameters(preset.parameters)
        index._lock_parameters((meta or {}).get("locked", {}))
        index._set_parameters(parameters or {})
        return index

    def __len__(self) -> int:
        return len(self._primary.ids) + len(self._secondary.ids)

    @property
    def parameters(self) -> dict[str, float]:
        """The search parameters in force."""
        return {"nprobe": self._primary.index.nprobe} if self.preset.inverted else {}

    def add(self, ids: npt.ArrayLike, vectors: npt.ArrayLike) -> None:
        """Insert or replace ids int64 [n] at vectors float32 [n, dim]; raises ValueError for wrong shapes."""
        numbers, rows = checked_rows(self.dim, ids, vectors)
        if not len(numbers):
            return
        with self._lock.writing():
            self._remove(numbers)
            self._growing.add(numbers, rows)

    def remove(self, ids: npt.ArrayLike) -> int:
        """Drop ids from both indexes; answers how many were there. 12 ms at 50,000 flat vectors."""
        numbers = np.asarray(ids, np.int64).reshape(-1)
        with self._lock.writing():
            return self._remove(numbers)

    def search(
        self,
        vector: npt.ArrayLike,
        k: int,
        allowed: npt.ArrayLike | None = None,
        exclude: npt.ArrayLike | None = None,
    ) -> DenseHits:
        """The top `k` for a vector [dim] among ids in `allowed` (None: all) and not in `exclude`.

        Fewer where there are fewer; none for a vector that is not finite. Equal scores ascend by id.
        Raises ValueError for a vector of another dimension.
        """
        query = np.ascontiguousarray(vector, np.float32)
        if query.shape != (self.dim,):
            raise ValueError(f"the query vector has shape {query.shape}, the index has dimension {self.dim}")
        if k < 1 or not np.isfinite(query).all():
            return ranked(NO_IDS, np.empty(0, np.float32), 0)
        one_thread()
        wanted, unwanted = id_array(allowed), id_array(exclude)
        selector = id_selector(wanted, unwanted)
        with self._lock.reading():
            found = [
                self._search_part(part, query, k, selector, wanted)
                for part in (self._primary, self._secondary)
                if len(part.ids)
            ]
        ids = np.concatenate([NO_IDS, *(ids for ids, _ in found)])
        scores = np.concatenate([np.empty(0, np.float32), *(scores for _, scores in found)])
        return ranked(ids, scores, k)

    def fold(self, removed: Ids, ids: Ids, vectors: Vectors) -> None:
        """Drop `removed`, ascending, all of them here, and add `ids`, which are new: this ends the epoch.

        For who holds `folding`. Searches wait meanwhile, 12 ms at 50,000 flat vectors.
        """
        change = Change.of(removed, self.reconstruct(removed), ids, vectors)
        following = Epoch()
        with self._lock.writing():
            self._remove(change.removed)
            if len(change.added):
                self._growing.add(change.added, change.added_vectors)
            self.epoch.succession = Succession(change, self, following)
            self.epoch = following

    def ids(self) -> Ids:
        """Every id, ascending, int64 [n]."""
        with self._lock.reading():
            # of two sorted runs: numpy's stable sort merges them
            return np.sort(np.concatenate([self._primary.ids, self._secondary.ids]), kind="stable")

    def holds(self, ids: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which of `ids` are here, bool [n], by binary search."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        with self._lock.reading():
            return contained(wanted, self._primary.ids) | contained(wanted, self._secondary.ids)

    def places(self, ids: npt.ArrayLike) -> IdMap:
        """Where the vectors of `ids` lie, in that order; KeyError if one is absent."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        rows = np.full(wanted.shape, -1, np.int64)
        with self._lock.reading():
            found = [contained(wanted, part.ids) for part in (self._primary, self._secondary)]
            for part, here in zip((self._primary, self._secondary), found, strict=True):
                rows[here] = part.rows_of(wanted[here])
        if (rows < 0).any():
            raise KeyError(int(wanted[rows < 0][0]))
        return IdMap(rows, wanted, wanted.copy(), np.where(found[1], "secondary", "primary"))

    @property
    def secondary_count(self) -> int:
        """How many vectors lie in the secondary index: the row that the next one takes there."""
        return len(self._secondary.ids)

    def reconstruct(self, ids: npt.ArrayLike) -> Vectors:
        """The stored vectors of `ids` in that order, float32 [n, dim], decoded; KeyError if one is absent."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        vectors = np.empty((len(wanted), self.dim), np.float32)
        missing = np.ones(len(wanted), np.bool_)
        with self._lock.reading():
            for part in (self._primary, self._secondary):
                here = contained(wanted, part.ids)
                if here.any():
                    vectors[here] = part.at_rows(part.rows_of(wanted[here]))
                missing &= ~here
        if missing.any():
            raise KeyError(int(wanted[missing][0]))
        return vectors

    def idmap(self) -> IdMap:
        """One row per vector, primary first."""
        with self._lock.reading():
            primary_rows, primary_ids = self._primary.rows()
            secondary_rows, secondary_ids = self._secondary.rows()
        ids = np.concatenate([primary_ids, secondary_ids])
        source = np.repeat(["primary", "secondary"], [len(primary_ids), len(secondary_ids)])
        return IdMap(np.concatenate([primary_rows, secondary_rows]), ids, ids.copy(), source)

    @property
    def needs_merge(self) -> bool:
        """Whether the secondary outgrew its share, or the whole its preset; `merged` mends both."""
        return self.needs_merge_with(0)

    def needs_merge_with(self, added: int, removed: int = 0) -> bool:
        """The same after `added` vectors came and `removed` went."""
        share = max(MERGE_COUNT, MERGE_SHARE * len(self._primary.ids))
        secondary = len(self._secondary.ids) + (added if self.preset.inverted else 0)
        return secondary > share or len(self) + added - removed > OUTGROWN * self.preset.max_count

    def merged(self, removed: Ids = NO_IDS, ids: Ids = NO_IDS, vectors: Vectors | None = None) -> DenseIndex:
        """A new index with everything in its primary, without `removed` (ascending) and with `ids` at `vectors`.

        Retrained where the preset is, which takes seconds; this one stays usable. The preset is kept unless the
        corpus outgrew it. Quantized vectors are decoded and encoded again.
        """
        with self._lock.reading():
            parts = (self._primary, self._secondary)
            found = [(present, part.at_rows(rows)) for part in parts for rows, present in [part.rows()]]
        extra = np.empty((0, self.dim), np.float32) if vectors is None else vectors
        numbers = np.concatenate([*(present for present, _ in found), ids])
        rows = np.concatenate([*(stored for _, stored in found), extra])
        if len(removed):
            kept = ~contained(numbers, removed)
            kept[len(numbers) - len(ids) :] = True  # what replaces a removed one has its id
            numbers, rows = numbers[kept], rows[kept]
        preset = self.preset
        if len(numbers) > OUTGROWN * preset.max_count:
            preset = preset_for(len(numbers), preset.metric, preset.type)
        merged = DenseIndex.build(self.dim, numbers, rows, preset)
        merged._adopt(self.parameters if preset is self.preset else {})
        merged._lock_parameters(self._locked)
        return merged

    def succeed(self, removed: Ids, ids: Ids, vectors: Vectors) -> None:
        """End the epoch with what `merged` makes of this, as the base that views go on with; nothing here changes.

        For who holds `folding`.
        """
        merged = self.merged(removed, ids, vectors)
        change = Change.of(removed, self.reconstruct(removed), ids, vectors)
        self.epoch.succession = Succession(change, merged, merged.epoch)

    def meta(self, model_id: str) -> dict[str, Any]:
        """What faiss.meta.json records of this index, JSON-ready."""
        return {
            "version": META_VERSION,
            "model": model_id,
            "dim": self.dim,
            "metric": self.preset.metric,
            "type": self.preset.type,
            "preset": self.preset.name,
            "factory": self.preset.factory_for(len(self._primary.ids)),
            "parameters": self.parameters,
            "locked": dict(self._locked),
            "counts": {"primary": len(self._primary.ids), "secondary": len(self._secondary.ids)},
            "faiss": faiss.__version__,
            "compile_options": faiss.get_compile_options().strip(),
            "built_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }

    def save(self, path: Path) -> tuple[Path, Path, Path]:
        """Write the primary to `path`, the secondary and a record of both beside it; answers the three paths.

        Each file is written atomically. The record comes last and holds the hashes: after a crash in between,
        `load` refuses the mixture. Raises IndexTrouble where writing fails.
        """
        with self._lock.reading():
            record = {
                "version": META_VERSION,
                "dim": self.dim,
                "preset": dataclasses.asdict(self.preset),
                "parameters": self.parameters,
                "locked": self._locked,
                "primary": write_index(path, self._primary.index),
                "secondary": write_index(_secondary_path(path), self._secondary.index),
            }
        write_meta(_record_path(path), record)
        return path, _secondary_path(path), _record_path(path)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Read what `save` wrote; raises IndexCorrupt naming a file that is missing, damaged or another's."""
        record = read_meta(_record_path(path))
        if record is None:
            raise IndexCorrupt(f"{_record_path(path)} is missing.", REMEDY)
        try:
            preset, dim = Preset(**record["preset"]), int(record["dim"])
            primary, secondary = dict(record["primary"]), dict(record["secondary"])
            parameters, locked = dict(record["parameters"]), dict(record["locked"])
        except (KeyError, TypeError, ValueError) as error:
            raise IndexCorrupt(
                f"{_record_path(path)} is not the record of an index: {error}.", REMEDY
            ) from error
        index = cls(
            dim,
            preset,
            as_part(read_index(path, primary, dim)),
            as_part(read_index(_secondary_path(path), secondary, dim)),
        )
        index._adopt(parameters)
        index._lock_parameters(locked)
        return index

    @property
    def _growing(self) -> Part:
        return self._secondary if self.preset.inverted else self._primary

    def _remove(self, ids: Ids) -> int:
        return self._primary.remove(ids) + self._secondary.remove(ids)

    def _search_part(
        self, part: Part, query: Vectors, k: int, selector: Any, wanted: Ids | None
    ) -> tuple[Ids, Vectors]:
        share = 1.0 if wanted is None else len(wanted) / len(part.ids)
        distances, ids = part.search(query, min(k, len(part.ids)), selector, min(1.0, share))
        found = ids >= 0
        return ids[found], distances[found] if self.preset.metric == "ip" else -distances[found]

    def _set_parameters(self, parameters: Mapping[str, float]) -> None:
        for name, value in parameters.items():
            if not set_parameter(self._primary, name, value):
                raise UsageError(
                    f"The dense parameter {name}={value!r} does not apply to {self.preset.name}.",
                    "An inverted preset takes nprobe, a whole number from 1; the others take none.",
                    field=name,
                )

    def _adopt(self, parameters: Mapping[str, float]) -> None:
        """What was set on another index: a preset that has no such parameter does without it."""
        for name, value in parameters.items():
            if not set_parameter(self._primary, name, value):
                _log.warning("dense parameter %s=%r does not apply to %s", name, value, self.preset.name)

    def _lock_parameters(self, locked: Mapping[str, float]) -> None:
        self._locked = dict(locked)
        self._adopt(locked)


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _secondary_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.secondary")
