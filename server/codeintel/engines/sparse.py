"""The sparse engine: an immutable view of impacts by term, over a base that is made anew in the background.

A score is a sum of whole numbers, impact times the query's weight in steps, scaled by a power of two: the same to the
last bit whatever came first, wherever a posting lies, and however its parts are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.engines.sparse_base import ImpactBase, Sums
from codeintel.engines.sparse_delta import AddedRows
from codeintel.engines.sparse_rows import IMPACT_STEP, NO_IDS, Flags, Ids, TermRows, Terms, contained

__all__ = ["IMPACT_STEP", "SparseHits", "SparseQuery", "SparseView", "Sums", "TermRows"]

# The dense engine's count: a guess here.
FOLD_ROWS = 1_024

# A query's weights keep more digits than a chunk's: they are few. A power of two, so that products stay exact.
QUERY_STEP = 1 / 1024
MOST_STEPS = 64 * 1024  # a weight of 64: what is greater would drown all else

_SCALE = IMPACT_STEP * QUERY_STEP


@dataclass(frozen=True, slots=True)
class SparseHits:
    """Best first: `ids` int64 [n] and `scores` float64 [n], all above 0; equal scores in ascending order of id."""

    ids: Ids
    scores: Sums


@dataclass(frozen=True, slots=True)
class SparseQuery:
    """Distinct `terms`, ascending, int32 [t], and their weights in `steps`, whole numbers as float64 [t], above 0."""

    terms: Terms
    steps: Sums

    @classmethod
    def of(cls, terms: npt.ArrayLike, weights: npt.ArrayLike) -> SparseQuery:
        """From weights: of a repeated term the greatest counts, and none that is not finite or rounds to nothing."""
        numbers = np.asarray(terms, np.int64).reshape(-1)
        steps = np.asarray(weights, np.float64).reshape(-1) / QUERY_STEP
        steps = np.where(np.isfinite(steps), np.rint(steps).clip(0, MOST_STEPS), 0.0)
        kept = (steps > 0) & (numbers >= 0) & (numbers < 2**31)
        order = np.lexsort((-steps[kept], numbers[kept]))
        distinct, first = np.unique(numbers[kept][order], return_index=True)
        return cls(distinct.astype(np.int32), steps[kept][order][first])

    def __len__(self) -> int:
        return len(self.terms)


class SparseView:
    """What one query sees of the impacts. Every method that changes it returns another view."""

    __slots__ = ("_added", "_base", "_dead")

    def __init__(self, base: ImpactBase) -> None:
        """All of `base`, and nothing else."""
        self._base = base
        self._dead = NO_IDS  # rows of the base that do not count, ascending
        self._added = AddedRows.empty()

    @classmethod
    def empty(cls) -> SparseView:
        """No chunk."""
        return cls(ImpactBase.empty())

    @classmethod
    def build(cls, rows: TermRows) -> SparseView:
        """A base of `rows`, whose ids are distinct."""
        return cls(ImpactBase.build(rows))

    def __len__(self) -> int:
        return len(self._base) - len(self._dead) + len(self._added)

    @property
    def base(self) -> ImpactBase:
        """What lies below, for what is recorded of it; its content is not this view's."""
        return self._base

    def ids(self) -> Ids:
        """Every living id, ascending. It costs all of them."""
        return np.sort(np.concatenate([self._base.ids[self._living()], self._added.living().ids]))

    def holds(self, ids: Sequence[int] | Ids) -> Flags:
        """Which of `ids` are alive, bool [n]."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        in_base = contained(wanted, self._base.ids) & ~contained(wanted, self._base.ids[self._dead])
        found: Flags = in_base | contained(wanted, np.sort(self._added.rows.ids[self._added.alive]))
        return found

    def search(self, query: SparseQuery, k: int, allowed: npt.ArrayLike | None = None) -> SparseHits:
        """The `k` best of the chunks that have a term of the query, of `allowed` ids where given.

        Costs the postings of the query's terms (benchmarks/sparse.py).
        """
        if k < 1 or not len(query):
            return SparseHits(NO_IDS, np.empty(0, np.float64))
        sums = self._base.scores(query.terms, query.steps)
        sums[self._dead] = 0.0
        ids, found = _above_nothing(self._base.ids, sums)
        if len(self._added):
            more = _above_nothing(self._added.rows.ids, self._added.scores(query.terms, query.steps))
            ids, found = np.concatenate([ids, more[0]]), np.concatenate([found, more[1]])
        if allowed is not None:
            kept = contained(ids, np.unique(np.asarray(allowed, np.int64)))
            ids, found = ids[kept], found[kept]
        return _best(ids, found, k)

    def explain(self, query: SparseQuery, chunk_id: int) -> Sums:
        """What each term of the query adds to a chunk's score, float64 [t]; they sum to it."""
        if (place := self._added.place_of(chunk_id)) >= 0:
            impacts = self._added.impacts_at(place, query.terms)
        elif self.holds([chunk_id])[0]:
            row = int(np.searchsorted(self._base.ids, chunk_id))
            impacts = self._base.impacts_at(row, query.terms)
        else:
            return np.zeros(len(query), np.float64)
        return impacts * query.steps * _SCALE

    def rows(self, ids: Sequence[int] | Ids) -> TermRows:
        """What is kept of living `ids`, ascending by id; those that are not here are left out."""
        wanted = np.unique(np.asarray(ids, np.int64))
        added = self._added.living()
        mine = added.taken(np.flatnonzero(contained(added.ids, wanted)))
        below = self._base.rows_of(wanted)
        below = below[~contained(below, self._dead)]
        found = (self._base.term_rows(below) if len(below) else TermRows.empty()).followed_by(mine)
        return found.taken(np.argsort(found.ids))

    def changed(self, removed: Sequence[int] | Ids, added: TermRows) -> SparseView:
        """The view without `removed`, those it does not have among them, and with `added`, or put in their place.

        Costs what it changes, and a copy of what was added since the last fold.
        """
        gone = np.union1d(np.asarray(removed, np.int64), added.ids)
        view = SparseView(self._base)
        view._dead = np.union1d(self._dead, self._base.rows_of(gone))
        view._added = self._added.changed(gone, added)
        return view

    def without(self, ids: Sequence[int] | Ids) -> SparseView:
        """The view without `ids`."""
        return self.changed(ids, TermRows.empty())

    @property
    def needs_fold(self) -> bool:
        """Whether what has gathered on top of the base should become a part of it."""
        return len(self._added.rows) > FOLD_ROWS or len(self._dead) > FOLD_ROWS

    def folded(self) -> SparseView:
        """The same chunks, all of them in the base. For the background; this view stays as it is."""
        if not len(self._dead) and not len(self._added.rows):
            return self
        return SparseView(self._base.merged(self._dead, self._added.living()))

    def over(self, folded: SparseView, before: SparseView) -> SparseView:
        """This view with the base of `folded`, which was made of `before`, from which this one came by changes."""
        if self._base is not before._base:
            raise ValueError("the views have no base in common")
        died = np.setdiff1d(self._dead, before._dead, assume_unique=True)
        was_alive = before._added.alive
        replaced = before._added.rows.ids[was_alive & ~self._added.alive[: len(was_alive)]]
        return folded.changed(
            np.concatenate([self._base.ids[died], replaced]), self._added.since(before._added)
        )

    def _living(self) -> Flags:
        alive = np.ones(len(self._base), np.bool_)
        alive[self._dead] = False
        return alive


def _above_nothing(ids: Ids, sums: Sums) -> tuple[Ids, Sums]:
    here = np.flatnonzero(sums)
    return ids[here], sums[here]


def _best(ids: Ids, sums: Sums, k: int) -> SparseHits:
    """The first `k` by falling sum, then by id; only those that can be among them are sorted."""
    if len(sums) > k:
        least = np.partition(sums, len(sums) - k)[len(sums) - k]
        kept = sums >= least
        ids, sums = ids[kept], sums[kept]
    order = np.lexsort((ids, -sums))[:k]
    return SparseHits(ids[order], sums[order] * _SCALE)
