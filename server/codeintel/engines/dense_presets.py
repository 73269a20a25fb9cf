"""The table of FAISS factories by corpus size, type and metric; no index is built here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from codeintel.errors import UsageError

Metric = Literal["ip", "l2"]
VectorType = Literal["float32", "int8"]

# On one thread Flat answers in 3 ms at 50,000 vectors of 384 dimensions, a scalar quantizer in 8 at 200,000.
FLAT_COUNT = 50_000
SCALAR_COUNT = 200_000
ANY_COUNT = 2**63 - 1

# Guess: the usual 4 * sqrt(n) lists double the training on two cores; nprobe is tuned anyway.
LISTS_PER_ROOT = 2

# Below 39 points a list FAISS warns that the centroids mean little.
POINTS_PER_LIST = 39


@dataclass(frozen=True, slots=True)
class Preset:
    """A FAISS factory and its search parameters for corpora of `min_count` to `max_count` vectors."""

    name: str
    factory: str
    metric: Metric
    type: VectorType
    min_count: int
    max_count: int
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def inverted(self) -> bool:
        """Whether vectors lie in trained lists: later additions then go to a secondary index."""
        return self.factory.startswith("IVF")

    def factory_for(self, count: int) -> str:
        """The factory string for `count` vectors, with the number of lists filled in."""
        wanted = LISTS_PER_ROOT * math.isqrt(count)
        return self.factory.format(nlist=max(1, min(wanted, count // POINTS_PER_LIST)))


def preset_for(count: int, metric: str = "ip", type: str = "float32") -> Preset:
    """The preset for `count` vectors; raises UsageError for an unknown metric or type."""
    for preset in PRESETS:
        if preset.metric == metric and preset.type == type and preset.min_count <= count <= preset.max_count:
            return preset
    raise UsageError(
        f"There is no dense preset for metric {metric!r} and type {type!r}.",
        "Use metric 'ip' or 'l2' and type 'float32' or 'int8'.",
        field="metric",
    )


def _sizes(metric: Metric, type_: VectorType, scalar: str, lists: str) -> tuple[Preset, Preset, Preset]:
    return (
        Preset(f"flat-{metric}-{type_}", "Flat", metric, type_, 0, FLAT_COUNT),
        Preset(f"scalar-{metric}-{type_}", scalar, metric, type_, FLAT_COUNT + 1, SCALAR_COUNT),
        Preset(f"lists-{metric}-{type_}", lists, metric, type_, SCALAR_COUNT + 1, ANY_COUNT, {"nprobe": 16}),
    )


# A small corpus is Flat whatever the type: it is exact, needs no training and starts empty.
PRESETS: tuple[Preset, ...] = (
    *_sizes("ip", "float32", "SQfp16", "IVF{nlist},Flat"),
    *_sizes("ip", "int8", "SQ8", "IVF{nlist},SQ8"),
    *_sizes("l2", "float32", "SQfp16", "IVF{nlist},Flat"),
    *_sizes("l2", "int8", "SQ8", "IVF{nlist},SQ8"),
)
