"""From the rows that an encoder's sparse output left, in segments and in memory, to impacts, which no file keeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codeintel.engines.ragged_segment import Row
from codeintel.engines.ragged_view import Held, RaggedView
from codeintel.engines.sparse import SparseView
from codeintel.engines.sparse_rows import Ids, TermRows


def impacts_of(view: RaggedView) -> SparseView:
    """An index of every row, each entry of which has an `id` and a `weight`."""
    rows = TermRows.empty()
    for held in view.held:
        rows = rows.followed_by(_living(held))
    return SparseView.build(rows.followed_by(impact_rows(view.added)))


def impact_rows(rows: Mapping[int, Row]) -> TermRows:
    """The impacts of rows by chunk id."""
    return TermRows.of(list(rows), [(row["id"], row["weight"]) for row in rows.values()])


def matched(index: SparseView, view: RaggedView) -> SparseView:
    """The index with rows that it lacks, and without those that the view lacks; of an id that both have, its own."""
    mine, theirs = index.ids(), view.ids()
    missing = np.setdiff1d(theirs, mine, assume_unique=True)
    rows = zip(missing.tolist(), view.rows(missing), strict=True)
    added = impact_rows({number: row for number, row in rows if row is not None})
    return index.changed(np.setdiff1d(mine, theirs, assume_unique=True), added)


def _living(held: Held) -> TermRows:
    segment, places = held.segment, np.flatnonzero(held.living())
    counts: Ids = np.diff(segment.starts)[places]
    first = np.cumsum(counts) - counts
    at = np.repeat(segment.starts[places] - first, counts) + np.arange(int(counts.sum()))
    entries = np.asarray(segment.entries)[at]
    return TermRows.gathered(np.asarray(segment.ids)[places], counts, entries["id"], entries["weight"])
