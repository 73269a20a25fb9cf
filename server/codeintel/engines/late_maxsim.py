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
# Entries of one product: 1.5 MB of float32 at 48 dimensions, which a core's caches hold. Half and double are as fast.
BLOCK_ENTRIES = 8_192
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
    first = 0
    while first < count:
        last = int(np.searchsorted(starts, starts[first] + BLOCK_ENTRIES, side="right")) - 1
        last = min(max(last, first + 1), count)
        filled = np.flatnonzero(starts[first + 1 : last + 1] > starts[first:last])
        if len(filled):
            similar = similarities(query, entries[starts[first] : starts[last]])
            nearest = np.maximum.reduceat(similar, starts[first:last][filled] - starts[first], axis=1)
            found[first + filled] = nearest.sum(axis=0) / (UNIT * len(query))
        first = last
    return found


def similarities(query: Tokens, entries: Row) -> Scores:
    """The dot products of the query's tokens with `entries`, float32 [q, n].

    A line for each token of the query: the greatest of neighbours that lie side by side is found several at a time.
    """
    products: Scores = query.astype(np.float32) @ entries.astype(np.float32).T
    return products


def alignments(query: Tokens, row: Tokens) -> list[Alignment]:
    """How each token of the query is aligned; the mean of the scores is that of `max_sims`. None for no token."""
    if not len(query) or not len(row):
        return []
    similar = similarities(query, row) / UNIT
    nearest = similar.argmax(axis=1)
    return [Alignment(at, int(token), float(similar[at, token])) for at, token in enumerate(nearest)]
