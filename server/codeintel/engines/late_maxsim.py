"""MaxSim of late interaction, exactly: each token of the query with the token of the text that is nearest to it.

After ColBERT (Khattab & Zaharia 2020). Vectors are int8 with one scale; their dot products are whole numbers that
float32 holds exactly, so that a score depends on query and text alone, never on what was computed beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int8]
"""Unit vectors of a text's tokens times 127, int8 [t, width]."""
Scores = npt.NDArray[np.float32]
Row = npt.NDArray[Any]

UNIT = 127.0 * 127.0
# Entries of one product: 3 MB of float32 at 48 dimensions, which the caches of a core hold. A guess.
BLOCK_ENTRIES = 16_384
NOTHING = -1.0
"""The score of a text without a token, below which no other is."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The text's token that is nearest to one of the query's, both counted from 0, and their cosine."""

    query_token: int
    token: int
    score: float


def max_sims(query: Tokens, rows: Sequence[Row]) -> Scores:
    """The mean over the query's tokens of the cosine of the nearest token, float32 [n], of texts given as Tokens."""
    if not len(query):
        return np.full(len(rows), NOTHING, np.float32)
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    found = np.full(len(rows), NOTHING, np.float32)
    kept = np.flatnonzero(lengths)
    if len(kept):
        entries = np.concatenate([rows[at] for at in kept.tolist()])
        found[kept] = segment_max_sims(query, entries, np.concatenate([[0], np.cumsum(lengths[kept])]))
    return found


def segment_max_sims(query: Tokens, entries: Row, starts: npt.NDArray[np.int64]) -> Scores:
    """The same of texts that lie one after the other: text i has `entries[starts[i]:starts[i + 1]]`, perhaps none."""
    count = len(starts) - 1
    found = np.full(count, NOTHING, np.float32)
    turned = query.T.astype(np.float32)
    first = 0
    while first < count:
        last = int(np.searchsorted(starts, starts[first] + BLOCK_ENTRIES, side="right")) - 1
        last = min(max(last, first + 1), count)
        similar = entries[starts[first] : starts[last]].astype(np.float32) @ turned
        filled = np.flatnonzero(starts[first + 1 : last + 1] > starts[first:last])
        if len(filled):
            nearest = np.maximum.reduceat(similar, starts[first:last][filled] - starts[first], axis=0)
            found[first + filled] = nearest.sum(axis=1) / (UNIT * len(query))
        first = last
    return found


def alignments(query: Tokens, row: Tokens) -> list[Alignment]:
    """How each token of the query is aligned; the mean of the scores is that of `max_sims`. None for no token."""
    if not len(query) or not len(row):
        return []
    similar = query.astype(np.float32) @ row.T.astype(np.float32) / UNIT
    nearest = similar.argmax(axis=1)
    return [Alignment(at, int(token), float(similar[at, token])) for at, token in enumerate(nearest)]
