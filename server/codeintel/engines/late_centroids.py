"""Centroids of token vectors: two levels of spherical k-means, so that thousands are found in seconds.

One level of 8,192 over four million tokens is three trillion products; with the square root of as many groups, each
divided again, a token is compared with twice that root's number.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from codeintel.cancellation import CancelCheck, never, stop_if

Vectors = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int32]
Row = npt.NDArray[np.int8]

# About 4 sqrt(N) centroids, after what was measured on two cores; 16 sqrt(N), the paper's, is too many for them.
CENTROIDS_PER_ROOT, MOST_CENTROIDS = 4, 8_192
# Tokens that k-means looks at for each centroid, and its rounds: guesses.
SAMPLE_PER_CENTROID, ROUNDS = 64, 4
BLOCK = 65_536
SEED = 20_261_123


def centroid_count(tokens: int) -> int:
    """How many centroids so many tokens are given."""
    return int(max(1, min(CENTROIDS_PER_ROOT * math.sqrt(tokens), MOST_CENTROIDS)))


def clustered(entries: Row, cancelled: CancelCheck = never) -> tuple[Row, Codes]:
    """Centroids, int8 [k, width], and the centroid of each entry, int32 [n]; the same for the same entries.

    Raises Cancelled between blocks.
    """
    groups = max(1, round(math.sqrt(centroid_count(len(entries)))))
    random = np.random.default_rng(SEED)
    sample = min(len(entries), groups * groups * SAMPLE_PER_CENTROID)
    picked = entries[np.sort(random.choice(len(entries), sample, replace=False))].astype(np.float32)
    roots = _k_means(picked, groups, random)
    stop_if(cancelled)
    of_root = _nearest(picked, roots)
    leaves = [_k_means(picked[of_root == root], groups, random) for root in range(len(roots))]
    first = np.concatenate([[0], np.cumsum([len(found) for found in leaves])])
    codes = np.empty(len(entries), np.int32)
    for start in range(0, len(entries), BLOCK):
        stop_if(cancelled)
        block = entries[start : start + BLOCK].astype(np.float32)
        nearest = _nearest(block, roots)
        for root in np.unique(nearest).tolist():
            mine = np.flatnonzero(nearest == root)
            codes[start + mine] = first[root] + _nearest(block[mine], leaves[root])
    return np.rint(np.concatenate(leaves) * 127).astype(np.int8), codes


def _k_means(vectors: Vectors, count: int, random: np.random.Generator) -> Vectors:
    """At most `count` centroids of unit length; one without members keeps its place."""
    centroids = _unit(vectors[random.choice(len(vectors), min(count, len(vectors)), replace=False)])
    for _ in range(ROUNDS):
        codes = _nearest(vectors, centroids)
        sums = np.zeros_like(centroids)
        np.add.at(sums, codes, vectors)
        filled = np.linalg.norm(sums, axis=1) > 0
        centroids[filled] = _unit(sums[filled])
    return centroids


def _nearest(vectors: Vectors, centroids: Vectors) -> Codes:
    found = np.empty(len(vectors), np.int32)
    for start in range(0, len(vectors), BLOCK):
        found[start : start + BLOCK] = (vectors[start : start + BLOCK] @ centroids.T).argmax(axis=1)
    return found


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)
    return unit
