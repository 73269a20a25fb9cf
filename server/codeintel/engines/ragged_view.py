"""An immutable view of rows by chunk id: mapped segments, the ids dead in each, and what was added since in memory.

A change makes another view and costs what it changes. Views never look at the disk for what is new: who writes
segments tells them (`settled`, `merged`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from codeintel.engines.ragged_segment import Ids, Layout, RaggedSegment, Row

# The share of dead rows of a segment, and the number of segments, that are tolerated: a fifth after the practice of
# incremental WARP indexes, eight a guess. Merging then leaves alone what is four times larger than all that is smaller.
DEAD_SHARE, MANY_SEGMENTS, MUCH_LARGER = 0.2, 8, 4


@dataclass(frozen=True, slots=True)
class Held:
    """A segment and the ascending ids in it that no longer count."""

    segment: RaggedSegment
    dead: Ids

    def __len__(self) -> int:
        return len(self.segment) - len(self.dead)

    def places(self, ids: Ids) -> Ids:
        """Where the rows of living ids lie, -1 for others."""
        places = self.segment.places(ids)
        return np.where(np.isin(ids, self.dead), -1, places) if len(self.dead) else places

    def living(self) -> npt.NDArray[np.bool_]:
        """Which rows count, bool [n]."""
        counts = np.ones(len(self.segment), np.bool_)
        counts[self.segment.places(self.dead)] = False
        return counts

    def without(self, ids: Ids) -> Held:
        """With some more ids dead."""
        hidden = ids[self.places(ids) >= 0]
        return Held(self.segment, np.union1d(self.dead, hidden)) if len(hidden) else self


@dataclass(frozen=True, slots=True)
class RaggedView:
    """What one query sees. An id is alive in one place at most: in `added`, or in one of `held`.

    `maker` is the model of the rows, whose fingerprint segments have.
    """

    layout: Layout
    held: tuple[Held, ...] = ()
    added: Mapping[int, Row] = field(default_factory=dict)
    maker: str = ""

    def __len__(self) -> int:
        return len(self.added) + sum(map(len, self.held))

    def ids(self) -> Ids:
        """Every living id, ascending; it costs all of them."""
        found = [held.segment.ids[held.living()] for held in self.held]
        return np.sort(np.concatenate([*found, np.fromiter(self.added, np.int64, len(self.added))]))

    def holds(self, ids: Sequence[int] | Ids) -> npt.NDArray[np.bool_]:
        """Which of `ids` have a row, bool [n]."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        found = np.fromiter((number in self.added for number in wanted.tolist()), np.bool_, len(wanted))
        for held in self.held:
            found |= held.places(wanted) >= 0
        return found

    def rows(self, ids: Sequence[int] | Ids) -> list[Row | None]:
        """The row of each id, None for one that has none."""
        wanted = np.asarray(ids, np.int64).reshape(-1)
        found: list[Row | None] = [self.added.get(number) for number in wanted.tolist()]
        for held in self.held:
            places = held.places(wanted)
            for at in np.flatnonzero(places >= 0).tolist():
                found[at] = held.segment.row(int(places[at]))
        return found

    def changed(self, removed: Sequence[int] | Ids, rows: Mapping[int, Row]) -> RaggedView:
        """The view without `removed` and with `rows` put in place."""
        gone = np.union1d(np.asarray(removed, np.int64), np.fromiter(rows, np.int64, len(rows)))
        if not len(gone):
            return self
        added = {**self.added, **rows}
        for number in np.asarray(removed, np.int64).tolist():
            if number not in rows:
                added.pop(number, None)
        return replace(self, held=tuple(held.without(gone) for held in self.held), added=added)

    def settled(self, segment: RaggedSegment, written: Mapping[int, Row]) -> RaggedView:
        """The view once `written` rows, which were `added` to some earlier view, lie in a segment."""
        same = {number for number, row in written.items() if self.added.get(number) is row}
        dead = np.array(sorted(written.keys() - same), np.int64)
        added = {number: row for number, row in self.added.items() if number not in same}
        return replace(self, held=(*self.held, Held(segment, dead)), added=added)

    def merged(self, outdated: Iterable[str], segment: RaggedSegment) -> RaggedView:
        """The view once the segments of these names have become one, written from an earlier view."""
        names = set(outdated)
        kept = tuple(held for held in self.held if held.segment.name not in names)
        alive = np.zeros(len(segment), np.bool_)
        for held in self.held:
            if held.segment.name in names:
                alive |= held.places(segment.ids) >= 0
        return replace(self, held=(*kept, Held(segment, segment.ids[~alive])))

    def crowded(self) -> tuple[Held, ...]:
        """The segments that should be made into one: none while all is well."""
        worn = {h.segment.name for h in self.held if len(h.dead) > DEAD_SHARE * len(h.segment)}
        if len(self.held) > MANY_SEGMENTS:
            worn |= {held.segment.name for held in self._smallest()}
        return tuple(held for held in self.held if held.segment.name in worn)

    def _smallest(self) -> Sequence[Held]:
        """The segments up to one that is much larger than all before it together."""
        ascending = sorted(self.held, key=len)
        total = 0
        for at, held in enumerate(ascending):
            if at > 1 and len(held) > MUCH_LARGER * total:
                return ascending[:at]
            total += len(held)
        return ascending


def live_segments(
    segments: Sequence[RaggedSegment], ids: Ids, readings: npt.NDArray[np.uint64]
) -> list[Held]:
    """Segments, the oldest first, with only those rows alive that are of what `ids` (ascending) read as now.

    Where several have a row, the newest counts.
    """
    free = np.ones(len(ids), np.bool_)
    found: list[Held] = []
    for segment in reversed(segments):
        places = segment.places(ids)
        counts = (places >= 0) & free
        counts[counts] = segment.readings[places[counts]] == readings[counts]
        free &= ~counts
        found.append(Held(segment, np.setdiff1d(segment.ids, ids[counts], assume_unique=True)))
    return found[::-1]
