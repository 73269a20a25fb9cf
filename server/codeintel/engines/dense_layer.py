"""What a view lays on top of its base: ids hidden in it, and the few vectors added; FAISS is not known here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.engines.dense_epochs import Change
from codeintel.engines.dense_parts import NO_IDS, Ids, Vectors, contained
from codeintel.engines.dense_presets import Metric

Flags = npt.NDArray[np.bool_]

# Guess: a block is copied into the one before it when that is no more than this much larger; 1,000 rows lie in five.
BLOCK_RATIO = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """`dead`, ascending, are ids of the base that do not count; `ids` were added in this order and count where `alive`.

    Rows of added vectors never move: a row that died is only marked. The vectors lie in blocks of falling size, so
    that a change copies about as much as it adds, also where several layers grow out of one. Of an id, one row at
    most is alive; an id of the base that is alive here is among the dead.
    """

    dim: int
    dead: Ids
    ids: Ids
    alive: Flags
    blocks: tuple[Vectors, ...]

    @classmethod
    def empty(cls, dim: int) -> Layer:
        """Nothing hidden and nothing added."""
        return cls(dim, NO_IDS, NO_IDS, np.empty(0, np.bool_), ())

    def __len__(self) -> int:
        """Living rows."""
        return int(np.count_nonzero(self.alive))

    def changed(self, gone: Ids, hidden: Ids, ids: Ids, vectors: Vectors) -> Layer:
        """Without `gone`, of which `hidden` are in the base, and with `ids`; the first two ascend."""
        alive = self.alive & ~contained(self.ids, gone)
        return Layer(
            self.dim,
            _union(self.dead, hidden),
            np.concatenate([self.ids, ids]),
            np.concatenate([alive, np.ones(len(ids), np.bool_)]),
            _appended(self.blocks, np.array(vectors, np.float32)),
        )

    def carried(self, change: Change) -> Layer:
        """The layer that, over the base after `change`, says what this one says over the base before it."""
        lost = ~contained(change.removed, self.dead)  # alive in the base before, for this layer
        ids, vectors = self.living()
        if lost.any():
            ids = np.concatenate([ids, change.removed[lost]])
            vectors = np.concatenate([vectors, change.removed_vectors[lost]])
        same = _same(ids, vectors, change)
        dead = _union(_without(self.dead, change.removed), _without(change.added, np.sort(ids[same])))
        kept = ids[~same]
        return Layer(self.dim, dead, kept, np.ones(len(kept), np.bool_), _appended((), vectors[~same]))

    def living(self) -> tuple[Ids, Vectors]:
        """The added ids that are alive and their vectors, float32 [n, dim]."""
        rows = np.flatnonzero(self.alive)
        return self.ids[rows], self.vectors_at(rows)

    def rows_of(self, ids: Ids) -> Ids:
        """The row of each id among the added, -1 for an id that is not alive there."""
        rows = np.flatnonzero(self.alive)
        present = self.ids[rows]
        order = np.argsort(present)
        found = np.full(ids.shape, -1, np.int64)
        here = contained(ids, present[order])
        found[here] = rows[order[np.searchsorted(present, ids[here], sorter=order)]]
        return found

    def vectors_at(self, rows: Ids) -> Vectors:
        """The added vectors at `rows`, float32 [n, dim]."""
        found = np.empty((len(rows), self.dim), np.float32)
        start = 0
        for block in self.blocks:
            here = (rows >= start) & (rows < start + len(block))
            found[here] = block[rows[here] - start]
            start += len(block)
        return found

    def scores(self, query: Vectors, metric: Metric) -> Vectors:
        """Of every added row, dead ones among them: float32 [n], the higher the nearer, in a hurry."""
        if metric == "ip":
            found = [block @ query for block in self.blocks]
        else:
            found = [-np.square(block - query).sum(axis=1) for block in self.blocks]
        return np.concatenate([np.empty(0, np.float32), *found])


def exact_scores(vectors: Vectors, query: Vectors, metric: Metric) -> Vectors:
    """How near `vectors` [n, dim] are: float32 [n]. A row's score depends on that row alone, not on where it stands."""
    rows = vectors.astype(np.float64)
    found = (rows * query).sum(axis=1) if metric == "ip" else -np.square(rows - query).sum(axis=1)
    scores: Vectors = found.astype(np.float32)
    return scores


def _same(ids: Ids, vectors: Vectors, change: Change) -> Flags:
    """Which of `ids` the change put into the base with the very same vector."""
    same = contained(ids, change.added)
    at = np.searchsorted(change.added, ids[same])
    same[same] = (change.added_vectors[at] == vectors[same]).all(axis=1)
    return same


def _appended(blocks: tuple[Vectors, ...], vectors: Vectors) -> tuple[Vectors, ...]:
    if not len(vectors):
        return blocks
    found = [*blocks, vectors]
    while len(found) > 1 and len(found[-1]) * BLOCK_RATIO > len(found[-2]):
        newer = found.pop()
        found[-1] = np.concatenate([found[-1], newer])
    return tuple(found)


def _union(ids: Ids, more: Ids) -> Ids:
    """Both ascending without repeats, as is the answer; no copy where there is nothing to add."""
    return np.union1d(ids, more) if len(more) else ids


def _without(ids: Ids, unwanted: Ids) -> Ids:
    return ids[~contained(ids, unwanted)] if len(unwanted) else ids
