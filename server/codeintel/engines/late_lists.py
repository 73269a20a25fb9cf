"""Tokens by their centroid, for finding texts that no other channel proposes: the wide side of late interaction.

After XTR (Lee et al. 2023: a text is scored by its retrieved tokens, the others' similarity imputed) and WARP
(Scheerer et al. 2025: lists sorted by centroid, an imputed similarity read off the centroids, as many lists as hold
t' tokens). Of the token vectors only their place is kept, four bytes: a list's vectors are gathered from the segment
exactly, so that nothing has to be decompressed and the residuals, half as large again, need not be kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codeintel.cancellation import CancelCheck, never
from codeintel.engines.late_centroids import clustered
from codeintel.engines.late_maxsim import UNIT, Tokens, similarities
from codeintel.engines.ragged_segment import Layout, RaggedSegment, read_segment, write_segment

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32]

PLACE = np.dtype("<i4")
# WARP's t' = floor(sqrt(8 N) / 1000) * 1000 is 0 below 125,000 tokens, which would impute the best centroid's score.
LEAST_RETRIEVED = 1_000
# A longer query looks at no more tokens altogether than one of so many would: a guess.
LONG_QUERY = 16
# Bounds of the lists that a query token looks into until they hold t' tokens. With these
# 54,000 chunks are searched 13.3 times as fast as one by one, and .981 of the ten best are found
# (benchmarks/late_interaction.py).
LEAST_LISTS, MOST_LISTS = 8, 32


def retrieved_tokens(tokens: int) -> int:
    """t': how many of so many tokens each token of a query looks at."""
    return max(LEAST_RETRIEVED, math.floor(math.sqrt(8 * tokens) / 1000) * 1000)


@dataclass(frozen=True)
class TokenLists:
    """Lists over one segment: `centroids` int8 [k, width], and the places of their entries one list after the other."""

    segment: RaggedSegment
    centroids: Tokens
    starts: Rows
    places: npt.NDArray[np.int32]

    @cached_property
    def owners(self) -> npt.NDArray[np.int32]:
        """The row of each entry of the segment, int32 [entries]; 10 ms for four million, once."""
        lengths = np.diff(self.segment.starts)
        return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)

    def estimates(self, query: Tokens) -> tuple[Rows, Scores]:
        """The rows of which a token was retrieved, ascending, and of each an estimate of its MaxSim, float32.

        Whatever one token of the query retrieved counts for all of them; where that is nothing near, the similarity is
        imputed.
        """
        lists, missing = self._probed(query)
        places = np.sort(self._places(lists))
        owners = self.owners[places]
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        retrieved = np.take(self.segment.entries, places, axis=0)  # 4 times as fast as [places]
        similar = similarities(query, retrieved)
        nearest = np.maximum(np.maximum.reduceat(similar, firsts, axis=1), missing[:, None])
        return owners[firsts].astype(np.int64), nearest.sum(axis=0) / (UNIT * len(query))

    def retrieves(self, query: Tokens, row: int) -> Flags:
        """For which of the query's tokens something near was retrieved of a row, bool [q]; the others are imputed."""
        lists, missing = self._probed(query)
        places = self._places(lists)
        mine = places[(places >= self.segment.starts[row]) & (places < self.segment.starts[row + 1])]
        if not len(mine):
            return np.zeros(len(query), np.bool_)
        found: Flags = similarities(query, self.segment.entries[mine]).max(axis=1) >= missing
        return found

    def _probed(self, query: Tokens) -> tuple[Rows, Scores]:
        """The lists to look into, ascending, and the similarity imputed beyond them, float32 [q].

        Each token of the query looks into its nearest lists until they hold t' tokens, fewer for a long query.
        """
        near = similarities(query, self.centroids)
        sizes, wanted = np.diff(self.starts), retrieved_tokens(len(self.places))
        count = len(sizes)
        if wanted >= len(self.places):
            return np.arange(count), np.full(len(query), -UNIT, np.float32)
        wanted = max(LEAST_RETRIEVED, wanted * min(LONG_QUERY, len(query)) // len(query))
        most = min(MOST_LISTS, count - 1)
        nearest = np.argpartition(-near, most, axis=1)[:, : most + 1]
        order = np.argsort(-np.take_along_axis(near, nearest, axis=1), axis=1, kind="stable")
        nearest = np.take_along_axis(nearest, order, axis=1)
        reached = (np.cumsum(sizes[nearest], axis=1) < wanted).sum(axis=1) + 1
        looked = np.clip(reached, min(LEAST_LISTS, most), most)
        lists = nearest[np.arange(most + 1)[None] < looked[:, None]]
        beyond = np.take_along_axis(nearest, looked[:, None], axis=1)
        return np.unique(lists), np.take_along_axis(near, beyond, axis=1)[:, 0]

    def _places(self, lists: Rows) -> npt.NDArray[np.int32]:
        return np.concatenate(
            [self.places[self.starts[one] : self.starts[one + 1]] for one in lists.tolist()]
        )


def build_lists(segment: RaggedSegment, cancelled: CancelCheck = never) -> TokenLists:
    """Cluster the entries of a segment, at least one: seconds for millions. Raises Cancelled."""
    centroids, codes = clustered(segment.entries, cancelled)
    places = np.argsort(codes, kind="stable").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(centroids)))])
    return TokenLists(segment, centroids, starts, places)


def write_lists(folder: Path, lists: TokenLists, maker: str) -> tuple[str, str]:
    """Write lists beside their segment; answers the names of both files. Raises IndexTrouble."""
    count = len(lists.centroids)
    ids, none = np.arange(count), np.zeros(count, np.uint64)
    names = list_names(lists.segment.name)
    rows = [lists.places[lists.starts[at] : lists.starts[at + 1]] for at in range(count)]
    write_segment(folder / names[0], maker, PLACE, ids, none, rows)
    layout = np.dtype((np.int8, lists.centroids.shape[1:]))
    write_segment(folder / names[1], maker, layout, ids, none, list(lists.centroids[:, None]))
    return names


def read_lists(folder: Path, segment: RaggedSegment, maker: str, layout: Layout) -> TokenLists:
    """The lists that were written for a segment. Raises IndexCorrupt."""
    places, centroids = list_names(segment.name)
    found = read_segment(folder, places, maker, PLACE)
    return TokenLists(
        segment, read_segment(folder, centroids, maker, layout).entries, found.starts, found.entries
    )


def list_names(segment: str) -> tuple[str, str]:
    """The files of a segment's lists: places, centroids."""
    stem = segment.rpartition(".")[0]
    return f"{stem}.lists", f"{stem}.centroids"
