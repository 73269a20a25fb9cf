"""Late interaction over a view of token vectors: exact scores of given chunks, and the best of all of them.

What lies in segments with lists is found through these; everything else, recent changes above all, is compared
exactly. Both ends in exact MaxSim, so that a score does not tell where a chunk's vectors lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.engines.late_lists import TokenLists
from codeintel.engines.late_maxsim import (
    Alignment,
    Scores,
    Tokens,
    alignments,
    max_sims,
    segment_max_sims,
)
from codeintel.engines.ragged_segment import Ids
from codeintel.engines.ragged_view import Held, RaggedView

# Rows that lists propose, or half as many again as are wanted where that is more; all of them are scored exactly. With
# 400 of them .981 of the ten best are found (benchmarks/late_interaction.py).
PROPOSED = 400


@dataclass(frozen=True, slots=True)
class LateHits:
    """Chunk ids, int64 [n], and their MaxSim, float32 [n], the best first, equal ones by id."""

    ids: Ids
    scores: Scores


@dataclass(frozen=True, slots=True)
class Trace:
    """How a query's tokens are aligned with those of a chunk; `imputed` has those that the lists had to impute.

    The score is exact all the same: imputing only decides who is compared.
    """

    alignments: tuple[Alignment, ...]
    imputed: frozenset[int]


@dataclass(frozen=True, slots=True)
class LateView:
    """What one query sees of a root's token vectors; `lists` are by their segment's name, perhaps none."""

    rows: RaggedView
    lists: Mapping[str, TokenLists]

    def rescore(self, query: Tokens, ids: Sequence[int] | Ids) -> LateHits:
        """Those of `ids` that have token vectors, exactly and in order."""
        wanted = np.unique(np.asarray(ids, np.int64))
        found = self.rows.rows(wanted)
        present = [at for at, row in enumerate(found) if row is not None]
        scores = max_sims(query, [row for row in found if row is not None])
        return _ranked(wanted[present], scores, len(present))

    def search(self, query: Tokens, k: int, allowed: Ids | None = None) -> LateHits:
        """The `k` best of all, or of `allowed` ids."""
        if not len(query) or k < 1:
            return _ranked(np.empty(0, np.int64), np.empty(0, np.float32), 0)
        proposed: list[Ids] = []
        ids: list[Ids] = []
        scores: list[Scores] = []
        for held in self.rows.held:
            counts = _counting(held, allowed)
            lists = self.lists.get(held.segment.name)
            found = _proposed(lists, query, counts, k) if lists is not None else None
            if found is not None:
                proposed.append(held.segment.ids[found])
            elif counts.any():
                rows, exact = _exact(held, query, counts)
                ids.append(held.segment.ids[rows])
                scores.append(exact)
        added = np.fromiter(self.rows.added, np.int64, len(self.rows.added))
        proposed.append(added if allowed is None else added[np.isin(added, allowed)])
        near = self.rescore(query, np.concatenate(proposed))
        return _ranked(np.concatenate([near.ids, *ids]), np.concatenate([near.scores, *scores]), k)

    def explain(self, query: Tokens, chunk_id: int) -> Trace | None:
        """How the query is aligned with a chunk; None for one without token vectors."""
        (row,) = self.rows.rows([chunk_id])
        if row is None:
            return None
        return Trace(tuple(alignments(query, row)), self._imputed(query, chunk_id))

    def _imputed(self, query: Tokens, chunk_id: int) -> frozenset[int]:
        for held in self.rows.held:
            place = int(held.places(np.array([chunk_id]))[0])
            lists = self.lists.get(held.segment.name)
            if place >= 0 and lists is not None:
                return frozenset(np.flatnonzero(~lists.retrieves(query, place)).tolist())
        return frozenset()


def _counting(held: Held, allowed: Ids | None) -> npt.NDArray[np.bool_]:
    counts = held.living()
    return counts if allowed is None else counts & np.isin(held.segment.ids, allowed)


def _proposed(lists: TokenLists, query: Tokens, counts: npt.NDArray[np.bool_], k: int) -> Ids | None:
    """The rows that lists propose; None where they find too few, or so few count that all can be compared."""
    most = max(PROPOSED, k + k // 2)
    if counts.sum() <= most:
        return None
    rows, scores = lists.estimates(query)
    rows, scores = rows[counts[rows]], scores[counts[rows]]
    if len(rows) <= most:
        return rows if len(rows) >= k else None
    best: Ids = rows[np.argpartition(-scores, most)[:most]]
    return best


def _exact(held: Held, query: Tokens, counts: npt.NDArray[np.bool_]) -> tuple[Ids, Scores]:
    """Every row that counts; few of them are gathered, many scored along with those that do not."""
    segment, rows = held.segment, np.flatnonzero(counts)
    if 2 * len(rows) < len(segment):
        return rows, max_sims(query, [segment.row(int(at)) for at in rows])
    return rows, segment_max_sims(query, segment.entries, segment.starts)[rows]


def _ranked(ids: Ids, scores: Scores, k: int) -> LateHits:
    order = np.lexsort((ids, -scores))[:k]
    return LateHits(ids[order], scores[order])
