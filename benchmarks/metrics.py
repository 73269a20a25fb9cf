"""The figures of merit: NDCG@10 under both protocols, bootstrap intervals, percentiles."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from benchmarks.corpora import Target

Protocol = Literal["chunk", "file"]
PROTOCOLS: tuple[Protocol, ...] = ("chunk", "file")
DEPTH = 10
RESAMPLES = 10_000  # the interval's ends then vary by less than .001
SEED = 20_261_122

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Result:
    """A retrieved chunk: its path from the repository's top, its lines 1-based and inclusive."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def ndcg(results: Sequence[Result], targets: Sequence[Target], protocol: Protocol) -> float:
    """NDCG@10 with binary gains: each target counts at the rank of the first result that hits it.

    `chunk`: results as they are, a target with lines needs an overlap. `file`: results deduplicated to files
    before the cut at 10, lines ignored.
    """
    shown = (results if protocol == "chunk" else _one_per_file(results))[:DEPTH]
    ranks = (rank_of(shown, target, protocol) for target in targets)
    gained = sum(_discount(rank) for rank in ranks if rank is not None)
    ideal = sum(_discount(rank) for rank in range(1, min(DEPTH, len(targets)) + 1))
    return gained / ideal


def rank_of(shown: Sequence[Result], target: Target, protocol: Protocol) -> int | None:
    """The rank of the first result that hits a target, from 1; None where none does."""
    for rank, result in enumerate(shown, start=1):
        if result.path == target.path and (protocol == "file" or _overlaps(result, target)):
            return rank
    return None


def _overlaps(result: Result, target: Target) -> bool:
    if target.start_line is None or target.end_line is None:
        return True
    return result.start_line <= target.end_line and result.end_line >= target.start_line


def _one_per_file(results: Sequence[Result]) -> list[Result]:
    """The first result of each file, in order."""
    first: dict[str, Result] = {}
    for result in results:
        first.setdefault(result.path, result)
    return list(first.values())


def _discount(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def bootstrap(values: Sequence[float]) -> Interval:
    """The mean of `values` with its 95 % percentile bootstrap interval (Efron 1979), resampling the values."""
    array = np.asarray(values, np.float64)
    rows = np.random.default_rng(SEED).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[rows].mean(axis=1), [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high))


def mean(values: Iterable[float]) -> float:
    """The mean; there must be a value."""
    kept = list(values)
    return math.fsum(kept) / len(kept)


def grouped_means(pairs: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """The mean of the values of each key, keys in the order of their first value."""
    groups: dict[Key, list[float]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: mean(values) for key, values in groups.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by at least `share` (0 to 1) of the values (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
