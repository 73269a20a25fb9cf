"""An immutable view of a dense index: a shared base, the ids dead since, and the few vectors added since.

An edit makes a new view in microseconds. A fold changes the base in the background; every view, however old, keeps
saying what it said when it was made (dense_epochs.py has how).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from codeintel.engines.dense import DenseHits, DenseIndex, IdMap
from codeintel.engines.dense_epochs import Epoch
from codeintel.engines.dense_layer import Layer, exact_scores
from codeintel.engines.dense_parts import NO_IDS, Ids, Vectors, contained
from codeintel.engines.dense_values import checked_rows, ranked

# Scanning 1,024 x 384 floats costs 0.05 ms; past it the base's own layout is the better place.
FOLD_ROWS = 1_024

# FAISS's sums depend on where a vector lies, in the last digit: hits just past k may belong among the k.
TIE_MARGIN = 16

Answer = TypeVar("Answer")


class DenseView:
    """What one query sees of a dense index. Every method that changes it returns another view; `fold` changes none."""

    __slots__ = ("_size", "_standing")

    def __init__(self, base: DenseIndex) -> None:
        """All of `base`, which from now on only `fold` may change."""
        self._standing = _Standing(base, base.epoch, Layer.empty(base.dim))
        self._size = len(base)

    @property
    def base(self) -> DenseIndex:
        """The index below as it is now, for what is recorded of it; its content is not this view's."""
        return self._settle().base

    def __len__(self) -> int:
        return self._size

    def ids(self) -> Ids:
        """Every living id, ascending. For opening and checking: it costs all of them."""
        return self._ask(_Standing.ids)

    def holds(self, ids: Sequence[int] | Ids) -> npt.NDArray[np.bool_]:
        """Which of `ids` are alive, bool [n]."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        return self._ask(lambda standing: standing.in_base(wanted) | (standing.layer.rows_of(wanted) >= 0))

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> DenseHits:
        """The `k` nearest living vectors, best first, of `allowed` ids where given; `vector` is float32 [dim]."""
        query = np.ascontiguousarray(vector, np.float32)
        return self._ask(lambda standing: standing.search(query, k, allowed))

    def reconstruct(self, ids: Sequence[int] | Ids) -> Vectors:
        """The vectors of living `ids`, float32 [n, dim], in their order; KeyError for an id that is not there."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        return self._ask(lambda standing: standing.reconstruct(wanted))

    def places(self, ids: Sequence[int] | Ids) -> IdMap:
        """Where the vectors of living `ids` lie, in their order; KeyError for an id that is not there.

        What was added since the last fold counts as secondary, in the order in which it came, behind the base's own.
        Nothing moves until the next fold, after which everything may have.
        """
        wanted = np.asarray(ids, np.int64).reshape(-1)
        return self._ask(lambda standing: standing.places(wanted))

    def idmap(self) -> IdMap:
        """The places of every living id. It costs all of them."""
        return self._ask(lambda standing: standing.places(standing.ids()))

    def changed(self, removed: Sequence[int] | Ids, ids: Ids, vectors: Vectors) -> DenseView:
        """The view without `removed` and with `ids` added (or replaced) at `vectors`, float32 [n, dim].

        Costs what it changes, and 10 ns for each vector added since the last fold; of a repeated id the last vector
        counts. Raises ValueError for wrong shapes.
        """
        numbers, rows = checked_rows(self._standing.base.dim, ids, vectors)
        gone = np.union1d(np.asarray(removed, np.int64), numbers)
        standing, died = self._ask(lambda standing: standing.changed(gone, numbers, rows))
        view = DenseView.__new__(DenseView)
        view._standing, view._size = standing, self._size - died + len(numbers)
        return view

    def without(self, ids: Sequence[int] | Ids) -> DenseView:
        """The view without `ids`, those it does not have among them."""
        return self.changed(ids, NO_IDS, np.empty((0, self._standing.base.dim), np.float32))

    @property
    def needs_fold(self) -> bool:
        """Whether the base should take in what has gathered on top of it."""
        standing = self._settle()
        layer = standing.layer
        return len(layer.ids) > FOLD_ROWS or len(layer.dead) > FOLD_ROWS or standing.needs_merge

    def fold(self) -> None:
        """Let the base take in what this view has on top of it. In the background; folds take turns.

        A base without trained lists is changed in place, behind its lock: milliseconds. Lists that have outgrown
        their training are made anew aside, which takes seconds and stops nobody. Every view stays as it is, this one
        and older, younger or sister ones, and stands on the new base from its next call on.
        """
        while True:
            base = self._settle().base
            with base.folding:
                standing = self._settle()
                if standing.base is base:  # else another fold has just replaced it
                    standing.fold()
                    break
        self._settle()

    def _settle(self) -> _Standing:
        """Stand on what the last fold left; a view that nobody asks keeps what it stood on in memory until then."""
        standing = self._standing
        while (succession := standing.epoch.succession) is not None:
            layer = standing.layer.carried(succession.change)
            standing = _Standing(succession.base, succession.epoch, layer)
        self._standing = standing  # equal to what was there, so threads may do this side by side
        return standing

    def _ask(self, question: Callable[[_Standing], Answer]) -> Answer:
        """Ask on the newest base, and again where that was folded meanwhile."""
        while True:
            standing = self._settle()
            try:
                answer = question(standing)
            except KeyError:  # perhaps an id that a fold has just taken out
                if standing.epoch.succession is None:
                    raise
            else:
                if standing.epoch.succession is None:
                    return answer


@dataclass(frozen=True, slots=True)
class _Standing:
    """A view over one epoch of its base: what it says counts while that epoch has no successor."""

    base: DenseIndex
    epoch: Epoch
    layer: Layer

    @property
    def needs_merge(self) -> bool:
        return self.base.needs_merge_with(len(self.layer), len(self.layer.dead))

    def fold(self) -> None:
        living, vectors = self.layer.living()
        if self.needs_merge:
            self.base.succeed(self.layer.dead, living, vectors)
        elif len(self.layer.ids) or len(self.layer.dead):
            self.base.fold(self.layer.dead, living, vectors)

    def ids(self) -> Ids:
        present = self.base.ids()
        living = present[~contained(present, self.layer.dead)]
        added = np.sort(self.layer.ids[self.layer.alive])
        return np.sort(np.concatenate([living, added]), kind="stable")  # which merges two ascending runs

    def in_base(self, ids: Ids) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.base.holds(ids) & ~contained(ids, self.layer.dead)
        return found

    def search(self, query: Vectors, k: int, allowed: Ids | None) -> DenseHits:
        """Scores are computed anew in one way for both layers, so that where a vector lies does not move its rank."""
        layer = self.layer
        wide = k + TIE_MARGIN if k > 0 else 0
        below = self.base.search(query, wide, allowed, layer.dead if len(layer.dead) else None).ids
        mine = self._nearest_added(query, wide, allowed) if wide and np.isfinite(query).all() else NO_IDS
        vectors = np.concatenate([self.base.reconstruct(below), layer.vectors_at(mine)])
        ids = np.concatenate([below, layer.ids[mine]])
        return ranked(ids, exact_scores(vectors, query, self.base.preset.metric), max(k, 0))

    def _nearest_added(self, query: Vectors, k: int, allowed: Ids | None) -> Ids:
        """The rows of the `k` added vectors that are nearest, in any order."""
        layer = self.layer
        rows = np.flatnonzero(layer.alive if allowed is None else layer.alive & np.isin(layer.ids, allowed))
        if len(rows) <= k:
            return rows
        scores = layer.scores(query, self.base.preset.metric)[rows]
        nearest: Ids = rows[np.argpartition(-scores, k)[:k]]
        return nearest

    def reconstruct(self, wanted: Ids) -> Vectors:
        rows, below = self._split(wanted)
        found = np.empty((len(wanted), self.base.dim), np.float32)
        found[below] = self.base.reconstruct(wanted[below])
        found[~below] = self.layer.vectors_at(rows[~below])
        return found

    def places(self, wanted: Ids) -> IdMap:
        rows, below = self._split(wanted)
        found = self.base.places(wanted[below])
        source = np.full(len(wanted), "secondary")
        source[below] = found.source
        rows += self.base.secondary_count
        rows[below] = found.faiss_row
        return IdMap(rows, wanted, wanted.copy(), source)

    def changed(self, gone: Ids, ids: Ids, vectors: Vectors) -> tuple[_Standing, int]:
        """With `gone` gone and `ids` added, and how many living ones that hid."""
        present = self.in_base(gone)
        died = np.count_nonzero(present) + np.count_nonzero(self.layer.rows_of(gone) >= 0)
        layer = self.layer.changed(gone, gone[present], ids, vectors)
        return _Standing(self.base, self.epoch, layer), int(died)

    def _split(self, wanted: Ids) -> tuple[Ids, npt.NDArray[np.bool_]]:
        """The rows of `wanted` among the added, and which of them lie in the base instead."""
        rows = self.layer.rows_of(wanted)
        below = rows < 0
        dead = below & contained(wanted, self.layer.dead)
        if dead.any():
            raise KeyError(int(wanted[dead][0]))
        return rows, below
