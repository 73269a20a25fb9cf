"""One FAISS index and the ids in it, flat (IndexIDMap2) or in trained lists (bare IVF), without locking.

IndexIDMap2 over an IVF is never built: its `remove_ids` corrupts ids silently. An IVF keeps ids by itself.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from codeintel.engines.dense_presets import Metric

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

METRICS: dict[Metric, int] = {"ip": faiss.METRIC_INNER_PRODUCT, "l2": faiss.METRIC_L2}

# FAISS numbers a vector of an IVF by its list and its place there: list << 32 | place.
LIST_SHIFT = 32

# Guess: centroids settle with 64 points each; FAISS's 256 would quadruple the training.
TRAINING_POINTS_PER_LIST = 64

# Every parameter of our factories is a count that FAISS keeps in an int.
MAX_PARAMETER = 2**31

NO_IDS: Ids = np.empty(0, np.int64)

_thread = threading.local()

# FAISS adds keyword constructors in Python, which its type stubs do not know.
_keyword: Any = faiss


class Part(Protocol):
    """What DenseIndex needs of each of its two indexes; `ids` is sorted and never changed in place."""

    ids: Ids

    @property
    def index(self) -> Any:
        """The FAISS index to be saved."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors whose ids are not in it."""

    def remove(self, ids: Ids) -> int:
        """Drop vectors; the number that were there."""

    def search(self, vector: Vectors, k: int, selector: Any, share: float) -> tuple[Vectors, Ids]:
        """FAISS distances and ids [k], -1 past the last; `share` of the vectors passes the selector."""

    def rows(self) -> tuple[Ids, Ids]:
        """FAISS's own row numbers and the ids at them."""

    def rows_of(self, ids: Ids) -> Ids:
        """FAISS's row of each of `ids`, all of which are in it."""

    def at_rows(self, rows: Ids) -> Vectors:
        """The stored vectors at FAISS's rows, decoded: float32 [n, dim]."""


class _IdPart(ABC):
    """What both kinds share: the ids, and the row of each, looked up in a table that any change throws away."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.ids = np.sort(self.rows()[1])
        self._rows: Ids | None = None

    def add(self, ids: Ids, vectors: Vectors) -> None:
        self.index.add_with_ids(vectors, ids)
        self.ids = with_ids(self.ids, ids)
        self._rows = None

    def remove(self, ids: Ids) -> int:
        present = np.unique(ids[contained(ids, self.ids)])
        if not present.size:  # FAISS would scan every vector to find nothing: 12 ms at 50,000
            return 0
        removed = int(self.index.remove_ids(faiss.IDSelectorBatch(present)))
        self.ids = self.ids[~contained(self.ids, present)]
        self._rows = None
        return removed

    def rows_of(self, ids: Ids) -> Ids:
        """Sorts every id at the first call after a change, 25 ms for 300,000; then a binary search."""
        rows = self._rows
        if rows is None:  # readers that build it at once build the same
            numbers, present = self.rows()
            self._rows = rows = numbers[np.argsort(present)]
        return rows[np.searchsorted(self.ids, ids)]

    @abstractmethod
    def rows(self) -> tuple[Ids, Ids]:
        """FAISS's own row numbers and the ids at them."""


class FlatPart(_IdPart):
    """IndexIDMap2 over Flat or a scalar quantizer."""

    def __init__(self, index: Any) -> None:
        super().__init__(index)
        self._codes = faiss.downcast_index(index.index)  # FAISS frees what nothing refers to

    def search(self, vector: Vectors, k: int, selector: Any, share: float) -> tuple[Vectors, Ids]:
        del share  # every vector is looked at anyway
        parameters = None if selector is None else _keyword.SearchParameters(sel=selector)
        distances, ids = self.index.search(vector[None], k, params=parameters)
        return distances[0], ids[0]

    def rows(self) -> tuple[Ids, Ids]:
        ids = faiss.vector_to_array(self.index.id_map)
        return np.arange(len(ids), dtype=np.int64), ids

    def at_rows(self, rows: Ids) -> Vectors:
        vectors: Vectors = self._codes.reconstruct_batch(rows)
        return vectors


class ListPart(_IdPart):
    """A bare, trained IVF with its native ids and no direct map, so that every selector can remove."""

    def search(self, vector: Vectors, k: int, selector: Any, share: float) -> tuple[Vectors, Ids]:
        """Probes more lists the fewer vectors pass, so that a filter costs no recall."""
        probed = min(self.index.nlist, int(np.ceil(self.index.nprobe / max(share, 1e-9))))
        parameters = _keyword.SearchParametersIVF(sel=selector, nprobe=probed)
        distances, ids = self.index.search(vector[None], k, params=parameters)
        return distances[0], ids[0]

    def rows(self) -> tuple[Ids, Ids]:
        """0.4 ms for 256 lists of 60,000 vectors."""
        rows, ids = [NO_IDS], [NO_IDS]
        lists = self.index.invlists
        for number in range(self.index.nlist):
            if size := lists.list_size(number):
                rows.append((number << LIST_SHIFT) + np.arange(size, dtype=np.int64))
                ids.append(faiss.rev_swig_ptr(lists.get_ids(number), size).copy())
        return np.concatenate(rows), np.concatenate(ids)

    def at_rows(self, rows: Ids) -> Vectors:
        vectors = np.empty((len(rows), self.index.d), np.float32)
        for row, vector in zip(rows.tolist(), vectors, strict=True):
            place = row & ((1 << LIST_SHIFT) - 1)
            self.index.reconstruct_from_offset(row >> LIST_SHIFT, place, faiss.swig_ptr(vector))
        return vectors


def empty_flat(dim: int, metric: Metric) -> FlatPart:
    """A Flat part without vectors."""
    return FlatPart(faiss.IndexIDMap2(_factory(dim, "Flat", metric)))


def built(dim: int, factory: str, metric: Metric, ids: Ids, vectors: Vectors) -> Part:
    """A part trained on `vectors` and holding them."""
    bare = _factory(dim, factory, metric)
    with _every_core():
        if isinstance(bare, faiss.IndexIVF):
            bare.cp.max_points_per_centroid = TRAINING_POINTS_PER_LIST
        if not bare.is_trained:
            bare.train(vectors)
        part: Part = as_part(bare if isinstance(bare, faiss.IndexIVF) else faiss.IndexIDMap2(bare))
        part.add(ids, vectors)
    return part


def as_part(index: Any) -> Part:
    """The part around a FAISS index that has ids, as built or read from a file."""
    return ListPart(index) if isinstance(index, faiss.IndexIVF) else FlatPart(index)


def set_parameter(part: Part, name: str, value: float) -> bool:
    """Set a search parameter by FAISS's name for it; False where this index has none of that name or value.

    On the bare index: through an IndexIDMap2 a ParameterSpace finds nothing.
    """
    bare = part.index if isinstance(part, ListPart) else part.index.index
    space = faiss.ParameterSpace()
    space.initialize(bare)
    ranges = space.parameter_ranges
    known = {ranges.at(number).name for number in range(ranges.size())}
    if name not in known or not isinstance(value, (int, float)) or not 1 <= value < MAX_PARAMETER:
        return False
    space.set_index_parameter(bare, name, int(value))
    return True


def with_ids(present: Ids, added: Ids) -> Ids:
    """Both sorted together; `added` is small beside `present`, so that this is a copy and no sort."""
    ascending = np.sort(added)
    return np.insert(present, np.searchsorted(present, ascending), ascending)


def contained(ids: Ids, present: Ids) -> npt.NDArray[np.bool_]:
    """Which `ids` occur in the sorted `present`."""
    if not present.size:
        return np.zeros(ids.shape, np.bool_)
    at = np.minimum(np.searchsorted(present, ids), present.size - 1)
    found: npt.NDArray[np.bool_] = present[at] == ids
    return found


def one_thread() -> None:
    """Keep FAISS on the calling thread for its searches.

    `omp_set_num_threads` holds for the calling thread only, and OpenMP gives every calling thread a pool of
    its own: searching threads would otherwise start one each and fight over the cores.
    """
    if not getattr(_thread, "single", False):
        faiss.omp_set_num_threads(1)
        _thread.single = True


@contextmanager
def _every_core() -> Iterator[None]:
    """For training and bulk adds only; a thread that has searched is single otherwise."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _factory(dim: int, factory: str, metric: Metric) -> Any:
    return faiss.index_factory(dim, factory, METRICS[metric])
