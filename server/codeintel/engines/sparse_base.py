"""The base of the sparse engine: postings sorted by term (compressed sparse columns), immutable, so shared by views.

numpy alone: scipy.sparse is the same columns, and 140 MB more to install (docs/decisions/0015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.engines.sparse_rows import NO_IDS, Flags, Ids, Impacts, TermRows, Terms, contained

Sums = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ImpactBase:
    """Chunk `ids[r]`, ascending, is row r; `terms[i]`, ascending, has `rows[starts[i]:starts[i + 1]]`, ascending.

    `impacts` go with `rows`. The layout depends on the content alone: it is that of a fresh build.
    """

    ids: Ids
    terms: Terms
    starts: Ids
    rows: Rows
    impacts: Impacts

    @classmethod
    def empty(cls) -> ImpactBase:
        """No chunk."""
        return cls.build(TermRows.empty())

    @classmethod
    def build(cls, given: TermRows) -> ImpactBase:
        """Everything in `given`, whose ids are distinct. Costs a sort of all postings."""
        none = np.empty(0, np.int32)
        return cls(NO_IDS, none, np.zeros(1, np.int64), none, given.impacts[:0]).merged(
            np.empty(0, np.int64), given
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """What it takes in memory, and within a few bytes on disk."""
        return sum(one.nbytes for one in (self.ids, self.terms, self.starts, self.rows, self.impacts))

    def rows_of(self, ids: Ids) -> Ids:
        """The row of each of `ids` that is here, int64, in ascending order of row."""
        at = np.searchsorted(self.ids, ids)
        here = contained(ids, self.ids)
        return np.sort(at[here]).astype(np.int64)

    def scores(self, terms: Terms, steps: Sums) -> Sums:
        """For each row the sum over `terms`, distinct, of impact times `steps`, whole numbers: float64 [n], exact."""
        sums = np.zeros(len(self.ids), np.float64)
        for span, weight in self._spans(terms, steps):
            sums[self.rows[span]] += self.impacts[span] * weight  # a row comes once in a span
        return sums

    def impacts_at(self, row: int, terms: Terms) -> Impacts:
        """The impact of each of `terms` in one row, uint8 [t], 0 where it has not got it."""
        found = np.zeros(len(terms), np.uint8)
        for place, term in enumerate(terms.tolist()):
            span = self._span(term)
            at = span.start + int(np.searchsorted(self.rows[span], row))
            if at < span.stop and self.rows[at] == row:
                found[place] = self.impacts[at]
        return found

    def term_rows(self, rows: Ids) -> TermRows:
        """What it has of `rows`, ascending; costs a pass over every posting."""
        place = np.full(len(self.ids), -1, np.int64)
        place[rows] = np.arange(len(rows))
        owners = place[self.rows]
        here = np.flatnonzero(owners >= 0)
        order = here[np.argsort(owners[here], kind="stable")]  # postings come by term: so do those of a row
        counts = np.bincount(owners[here], minlength=len(rows))
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return TermRows(self.ids[rows], starts, self._terms_of(order), self.impacts[order])

    def merged(self, dead: Ids, added: TermRows) -> ImpactBase:
        """Without the rows `dead`, ascending, and with `added`, whose ids are distinct and none of them left here.

        Costs a pass over every posting.
        """
        alive = np.ones(len(self.ids), np.bool_)
        alive[dead] = False
        added = added.taken(np.argsort(added.ids))
        ids = np.sort(np.concatenate([self.ids[alive], added.ids]), kind="stable")
        kept = alive[self.rows]
        own = self._keys(kept, alive, ids)
        by_term = np.argsort(_narrow(added.terms), kind="stable")  # rows ascend within a term
        new = added.terms[by_term].astype(np.int64) * len(ids)
        new += np.searchsorted(ids, added.ids)[added.owners[by_term]]
        keys = np.concatenate([own, new])
        order = np.argsort(keys, kind="stable")  # merges two ascending runs
        terms, rows = np.divmod(keys[order], max(len(ids), 1))
        distinct, starts = np.unique(terms, return_index=True)
        return ImpactBase(
            ids,
            distinct.astype(np.int32),
            np.append(starts, len(rows)).astype(np.int64),
            rows.astype(np.int32),
            np.concatenate([self.impacts[kept], added.impacts[by_term]])[order],
        )

    def _keys(self, kept: Flags, alive: Flags, ids: Ids) -> Ids:
        """The postings that stay as term * n + row among `ids`; they ascend."""
        renumbered = np.zeros(len(self.ids), np.int64)
        renumbered[alive] = np.searchsorted(ids, self.ids[alive])
        terms = np.repeat(self.terms.astype(np.int64), np.diff(self.starts))[kept]
        found: Ids = terms * len(ids) + renumbered[self.rows[kept]]
        return found

    def _terms_of(self, postings: npt.NDArray[np.intp]) -> Terms:
        found: Terms = self.terms[np.searchsorted(self.starts, postings, side="right") - 1]
        return found

    def _span(self, term: int) -> slice:
        at = int(np.searchsorted(self.terms, term))
        if at == len(self.terms) or self.terms[at] != term:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def _spans(self, terms: Terms, steps: Sums) -> list[tuple[slice, float]]:
        found = ((self._span(term), step) for term, step in zip(terms.tolist(), steps.tolist(), strict=True))
        return [(span, step) for span, step in found if span.stop > span.start]


def _narrow(terms: Terms) -> npt.NDArray[np.integer]:
    """The same numbers in 16 bits where they fit, which numpy sorts by radix."""
    return terms.astype(np.uint16) if not len(terms) or terms.max() < 2**16 else terms
