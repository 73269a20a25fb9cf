"""What goes into the dense engine, checked, and what comes out of it; no index is touched here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from codeintel.engines.dense_parts import Ids, Vectors


@dataclass(frozen=True, slots=True)
class DenseHits:
    """Best first: `ids` int64 [n] and `scores` float32 [n], inner products or minus squared L2 distances."""

    ids: Ids
    scores: Vectors


@dataclass(frozen=True, slots=True)
class IdMap:
    """Where each chunk's vector lies: four columns of one length.

    `faiss_row` is FAISS's own number: the position in a flat index, list << 32 | place in an inverted one.
    """

    faiss_row: Ids
    faiss_id: Ids
    chunk_id: Ids
    source: npt.NDArray[np.str_]


def checked_rows(dim: int, ids: npt.ArrayLike, vectors: npt.ArrayLike) -> tuple[Ids, Vectors]:
    """Both as contiguous arrays with the last vector of each id; ValueError where the shapes do not fit."""
    numbers = np.ascontiguousarray(ids, np.int64).reshape(-1)
    rows = np.ascontiguousarray(vectors, np.float32)
    if not len(numbers):
        return numbers, np.empty((0, dim), np.float32)
    if rows.shape != (len(numbers), dim):
        raise ValueError(f"vectors have shape {rows.shape}, not {(len(numbers), dim)} for these ids")
    if (numbers <= 0).any() or not np.isfinite(rows).all():
        raise ValueError("ids must be positive and vectors finite")
    _, last = np.unique(numbers[::-1], return_index=True)
    if len(last) == len(numbers):
        return numbers, rows
    kept = np.sort(len(numbers) - 1 - last)
    return numbers[kept], rows[kept]


def id_array(ids: npt.ArrayLike | None) -> Ids | None:
    """As int64 [n]; None stays None."""
    return None if ids is None else np.ascontiguousarray(ids, np.int64).reshape(-1)


def id_selector(wanted: Ids | None, unwanted: Ids | None) -> Any:
    """FAISS's filter by id, None for all; FAISS keeps only a pointer, so it must outlive the search."""
    include = None if wanted is None else faiss.IDSelectorBatch(wanted)
    if unwanted is None or not len(unwanted):
        return include
    exclude = faiss.IDSelectorNot(faiss.IDSelectorBatch(unwanted))
    return exclude if include is None else faiss.IDSelectorAnd(include, exclude)


def ranked(ids: Ids, scores: Vectors, k: int) -> DenseHits:
    """The `k` best of what both indexes found."""
    order = np.lexsort((ids, -scores))[:k]
    return DenseHits(ids[order], scores[order])
