"""What a view of the sparse engine has on top of its base: the few rows added since, as they came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeintel.engines.sparse_base import Sums
from codeintel.engines.sparse_rows import Flags, Ids, Impacts, TermRows, Terms, contained


@dataclass(frozen=True, slots=True)
class AddedRows:
    """Rows in the order of their coming, which count where `alive`; of an id one at most is.

    A row that died is only marked, so that a later state of the same rows is told by its length and its marks.
    """

    rows: TermRows
    alive: Flags

    @classmethod
    def empty(cls) -> AddedRows:
        """None."""
        return cls(TermRows.empty(), np.empty(0, np.bool_))

    def __len__(self) -> int:
        """Living rows."""
        return int(np.count_nonzero(self.alive))

    def changed(self, gone: Ids, added: TermRows) -> AddedRows:
        """Without `gone`, ascending, and with `added`; copies what there is."""
        alive = self.alive & ~contained(self.rows.ids, gone)
        return AddedRows(self.rows.followed_by(added), np.concatenate([alive, np.ones(len(added), np.bool_)]))

    def scores(self, terms: Terms, steps: Sums) -> Sums:
        """As those of the base: float64 [rows], exact, 0 for a dead one."""
        table = np.zeros(1 + max(int(self.rows.terms.max(initial=0)), int(terms.max(initial=0))), np.float64)
        table[terms] = steps
        products = table[self.rows.terms] * self.rows.impacts
        running = np.concatenate(
            [np.zeros(1), np.cumsum(products)]
        )  # whole numbers below 2**53: no digit is lost
        sums: Sums = np.where(self.alive, running[self.rows.starts[1:]] - running[self.rows.starts[:-1]], 0.0)
        return sums

    def place_of(self, chunk_id: int) -> int:
        """The living row of a chunk, -1 where there is none."""
        found = np.flatnonzero(self.alive & (self.rows.ids == chunk_id))
        return int(found[0]) if len(found) else -1

    def impacts_at(self, row: int, terms: Terms) -> Impacts:
        """The impact of each of `terms` in one row, uint8 [t], 0 where it has not got it."""
        span = slice(int(self.rows.starts[row]), int(self.rows.starts[row + 1]))
        found = np.zeros(len(terms), np.uint8)
        here = contained(terms, self.rows.terms[span])
        at = span.start + np.searchsorted(self.rows.terms[span], terms[here])
        found[here] = self.rows.impacts[at]
        return found

    def living(self) -> TermRows:
        """The rows that count."""
        return self.rows.taken(np.flatnonzero(self.alive))

    def since(self, earlier: AddedRows) -> TermRows:
        """The living rows that came after an earlier state of these."""
        late = np.flatnonzero(self.alive)
        return self.rows.taken(late[late >= len(earlier.rows)])
