"""Impacts by chunk: what a sparse model gave each term of a text, as small whole numbers in compressed sparse rows.

How they are laid out for searching is sparse_base's and sparse_delta's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Terms = npt.NDArray[np.int32]
Impacts = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

NO_IDS: Ids = np.empty(0, np.int64)

# A model's weight is log(1 + relu(logit)) (Formal et al., "SPLADE v2", 2021): 255 steps, 3.98, are a logit of 53. One
# step for all texts, so that an impact depends on its text alone.
IMPACT_STEP = 1 / 64
MOST_IMPACT = 255

# A text has no more terms of its own than tokens that are read, 128; of a model that expands, the weightiest are kept.
# Twice as many: a guess.
MOST_TERMS = 256


@dataclass(frozen=True, slots=True)
class TermRows:
    """Chunk `ids[i]`, int64 [n], has `terms[starts[i]:starts[i + 1]]`, ascending and distinct, with as many `impacts`.

    A term's weight is its impact, 1 to 255, times IMPACT_STEP. A chunk may have no term: it is known to have none.
    """

    ids: Ids
    starts: Ids
    terms: Terms
    impacts: Impacts

    @classmethod
    def empty(cls) -> TermRows:
        """No chunk."""
        return cls(NO_IDS, np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))

    @classmethod
    def of(cls, ids: npt.ArrayLike, weighed: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> TermRows:
        """Of each chunk the terms, whole numbers [t], and their weights, [t]; of a repeated id the last text counts.

        Raises ValueError where lengths differ, and for an id that is not positive or a term that is negative.
        """
        numbers = np.asarray(ids, np.int64).reshape(-1).tolist()
        last = dict(zip(numbers, weighed, strict=True))
        pairs = [
            (np.asarray(terms, np.int64), np.asarray(weights, np.float32)) for terms, weights in last.values()
        ]
        if any(terms.shape != weights.shape or terms.ndim != 1 for terms, weights in pairs):
            raise ValueError("each text needs as many weights as terms")
        return cls.gathered(
            np.fromiter(last, np.int64, len(last)),
            np.fromiter((len(terms) for terms, _ in pairs), np.int64, len(pairs)),
            np.concatenate([NO_IDS, *(terms for terms, _ in pairs)]),
            np.concatenate([np.empty(0, np.float32), *(weights for _, weights in pairs)]),
        )

    @classmethod
    def gathered(cls, ids: Ids, counts: Ids, terms: npt.NDArray[np.integer], weights: Weights) -> TermRows:
        """Distinct `ids` [n] of which each has the next `counts` [n] of `terms` and `weights` [m].

        Of a term that a chunk has twice the greatest weight counts; weights that are not finite, or round to nothing,
        do not. Costs a sort where terms do not ascend. Raises ValueError for an id that is not positive or a term that
        is no place in a vocabulary.
        """
        if (ids <= 0).any() or (terms < 0).any() or (terms >= 2**31).any():
            raise ValueError("ids must be positive, terms places in a vocabulary")
        impacts = impacts_of(weights)
        kept = impacts > 0
        owners = np.repeat(np.arange(len(ids)), counts)[kept]
        numbers, impacts = terms[kept].astype(np.int32), impacts[kept]
        if not _ascend(owners, numbers):
            order = np.lexsort((-impacts.astype(np.int16), numbers, owners))
            owners, numbers, impacts = owners[order], numbers[order], impacts[order]
            first = np.append(True, (owners[1:] != owners[:-1]) | (numbers[1:] != numbers[:-1]))[
                : len(owners)
            ]
            owners, numbers, impacts = owners[first], numbers[first], impacts[first]
        heavy = _heaviest(owners, numbers, impacts, len(ids))
        owners, numbers, impacts = owners[heavy], numbers[heavy], impacts[heavy]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(owners, minlength=len(ids)))])
        return cls(ids, starts, numbers, impacts)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def owners(self) -> Ids:
        """The row of each posting, int64 [m]."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.starts))

    def taken(self, places: npt.NDArray[np.intp] | Ids) -> TermRows:
        """The rows at `places`, in that order."""
        counts = np.diff(self.starts)[places]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        at = np.repeat(self.starts[:-1][places] - starts[:-1], counts) + np.arange(starts[-1])
        return TermRows(self.ids[places], starts, self.terms[at], self.impacts[at])

    def followed_by(self, others: TermRows) -> TermRows:
        """Both, these first."""
        return TermRows(
            np.concatenate([self.ids, others.ids]),
            np.concatenate([self.starts, others.starts[1:] + self.starts[-1]]),
            np.concatenate([self.terms, others.terms]),
            np.concatenate([self.impacts, others.impacts]),
        )


def impacts_of(weights: Weights) -> Impacts:
    """Weights as impacts: rounded to steps, 0 for what is negative or no number, MOST_IMPACT for what is too large."""
    steps = np.nan_to_num(np.asarray(weights, np.float64) / IMPACT_STEP, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(np.rint(steps), 0, MOST_IMPACT).astype(np.uint8)


def _ascend(owners: Ids, terms: Terms) -> bool:
    """Whether the terms of each owner ascend, none repeated."""
    return bool(((owners[1:] != owners[:-1]) | (terms[1:] > terms[:-1])).all())


def _heaviest(owners: Ids, terms: Terms, impacts: Impacts, rows: int) -> Flags:
    """The postings that are among the MOST_TERMS of their row; of equal impacts the lower terms."""
    counts = np.bincount(owners, minlength=rows)
    ends = np.cumsum(counts)
    kept = np.ones(len(owners), np.bool_)
    for row in np.flatnonzero(counts > MOST_TERMS).tolist():
        here = np.arange(ends[row] - counts[row], ends[row])
        order = np.lexsort((terms[here], -impacts[here].astype(np.int16)))
        kept[here[order[MOST_TERMS:]]] = False
    return kept


def contained(values: npt.NDArray[np.integer], ascending: npt.NDArray[np.integer]) -> Flags:
    """Which of `values` are among `ascending`, by binary search."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    found: Flags = ascending[at] == values
    return found
