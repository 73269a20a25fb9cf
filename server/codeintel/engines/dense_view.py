"""An immutable view of a dense index: a shared base, the ids dead since, and the few vectors added since.

An edit makes a new view in microseconds; the base is touched only when the writer folds, behind the base's own lock.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codeintel.engines.dense import DenseHits, DenseIndex, IdMap

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

# Scanning 1,024 x 384 floats costs 0.05 ms; past it the base's own layout is the better place.
FOLD_ROWS = 1_024


class DenseView:
    """What one query sees of a dense index. Every method that changes it returns another view."""

    __slots__ = ("_added", "_base", "_dead", "_size", "_vectors")

    def __init__(
        self,
        base: DenseIndex,
        dead: Ids | None = None,
        added: Ids | None = None,
        vectors: Vectors | None = None,
    ) -> None:
        self._base = base
        self._dead = np.empty(0, np.int64) if dead is None else dead
        self._added = np.empty(0, np.int64) if added is None else added
        self._vectors = np.empty((0, base.dim), np.float32) if vectors is None else vectors
        # counted now: the base is another one once a writer has folded, and readers still hold this view
        self._size = len(base) - len(self._dead) + len(self._added)

    @property
    def base(self) -> DenseIndex:
        """The index below; only the writer may change it, by `folded`."""
        return self._base

    def __len__(self) -> int:
        return self._size

    def ids(self) -> Ids:
        """Every living id, sorted."""
        return np.sort(np.concatenate([np.setdiff1d(self._base.ids(), self._dead), self._added]))

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> DenseHits:
        """The `k` nearest living vectors, best first, of `allowed` ids where given; `vector` is float32[dim]."""
        # the added are excluded below too: a writer that folds meanwhile must not make them appear twice
        hidden = np.concatenate([self._dead, self._added])
        hits = self._base.search(vector, k, allowed, hidden if len(hidden) else None)
        if not len(self._added):
            return hits
        keep = slice(None) if allowed is None else np.isin(self._added, allowed)
        ids = np.concatenate([hits.ids, self._added[keep]])
        scores = np.concatenate([hits.scores, self._vectors[keep] @ vector])
        order = np.lexsort((ids, -scores))[:k]  # equal scores by id, in whichever layer they lie
        return DenseHits(ids[order], scores[order])

    def reconstruct(self, ids: Sequence[int] | Ids) -> Vectors:
        """The vectors of living `ids`, float32[n, dim], in their order; KeyError for an id that is not there."""
        wanted = np.asarray(ids, np.int64)
        found = np.empty((len(wanted), self._base.dim), np.float32)
        rows = {chunk_id: row for row, chunk_id in enumerate(self._added.tolist())}
        in_base = np.array([chunk_id not in rows for chunk_id in wanted.tolist()], bool)
        if len(gone := np.intersect1d(wanted[in_base], self._dead)):
            raise KeyError(int(gone[0]))
        found[in_base] = self._base.reconstruct(wanted[in_base])
        found[~in_base] = self._vectors[[rows[chunk_id] for chunk_id in wanted[~in_base].tolist()]]
        return found

    def changed(self, removed: Ids, ids: Ids, vectors: Vectors) -> DenseView:
        """The view without `removed` and with `ids` added (or replaced) at `vectors`, float32[n, dim]."""
        gone = np.union1d(removed, ids)
        dead = np.union1d(self._dead, np.intersect1d(gone, self._base.ids()))
        keep = ~np.isin(self._added, gone)
        return DenseView(
            self._base,
            dead,
            np.concatenate([self._added[keep], ids]),
            np.concatenate([self._vectors[keep], vectors]),
        )

    def idmap(self) -> IdMap:
        """Where each vector lies; ask it of a folded view, whose base holds everything."""
        return self._base.idmap()

    def without(self, ids: Ids) -> DenseView:
        """The view without `ids`, those it does not have among them."""
        return self.changed(ids, np.empty(0, np.int64), np.empty((0, self._base.dim), np.float32))

    @property
    def needs_fold(self) -> bool:
        """Whether the base should take in what has gathered on top of it."""
        return len(self._added) > FOLD_ROWS or len(self._dead) > FOLD_ROWS

    def folded(self) -> DenseView:
        """The same content with the base changed in place. Writer only; readers of older views skip what moved."""
        self._base.remove(self._dead)
        self._base.add(self._added, self._vectors)
        return DenseView(self._base.merged() if self._base.needs_merge else self._base)
