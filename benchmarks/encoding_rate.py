"""Chunks a second of the meaning tier with all outputs, beside the dense vectors alone and beside the base model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.workspaces import settings_with
from codeintel.indexing.analysis import AnalysisRules, analyse_file
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import ENCODER, embedded_folder
from codeintel.models.passage import passage_text
from codeintel.workspace.discovery import discover
from codeintel.workspace.roots import open_root
from codeintel.workspace.skipping import SkipRules

ROUNDS, ROUND_PASSAGES = 10, 128
SEED = 20_261_123
TARGET = 60.0
"""Chunks a second that are fast enough on two cores."""

Encode = Callable[[Sequence[str]], object]


def measured(workspace: Path, base: Path | None) -> dict[str, Any]:
    """Medians over rounds on the same passages by turns, so that a busy machine slows all of them alike."""
    encoder = OnnxEncoder(embedded_folder() / ENCODER)
    outputs = frozenset(encoder.layouts)
    ways: dict[str, Encode] = {
        "all outputs": lambda texts: encoder.encode_outputs(texts, outputs),
        "dense alone": encoder.encode,
    }
    models = {"encoder": encoder.model_id, "outputs": sorted(outputs)}
    if base is not None:
        other = OnnxEncoder(base)
        ways["base model"] = other.encode
        models["base"] = other.model_id
    return {**models, **rates(ways, passages(workspace))}


def rates(ways: Mapping[str, Encode], texts: Sequence[str]) -> dict[str, Any]:
    """Of each way the median rate, and the median of what the first reaches of it in the same round."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for encode in ways.values():
        encode(texts[:4])  # opens the model
    for start in range(0, ROUNDS * ROUND_PASSAGES, ROUND_PASSAGES):
        part = texts[start : start + ROUND_PASSAGES]
        for name, encode in ways.items():
            began = time.perf_counter()
            encode(part)
            taken[name].append(len(part) / (time.perf_counter() - began))
    first = next(iter(ways))
    shares = {name: median(np.divide(taken[first], found).tolist()) for name, found in taken.items()}
    per_second = {name: median(found) for name, found in taken.items()}
    return {
        "chunks_per_second": per_second,
        "share_of": {name: share for name, share in shares.items() if name != first},
        "target_per_second": TARGET,
        "met": per_second[first] >= TARGET,
    }


def passages(workspace: Path) -> list[str]:
    """What the encoder reads of the workspace's chunks, in a fixed random order."""
    index = settings_with(None).index
    rules = AnalysisRules(SkipRules(index.max_file_bytes), index.chunk_chars)
    found = [
        passage_text("", chunk.span.breadcrumb, chunk.content)
        for file in discover(open_root(workspace), rules.skip).files
        for chunk in analyse_file(file, rules).chunks
    ]
    order = np.random.default_rng(SEED).permutation(len(found))[: ROUNDS * ROUND_PASSAGES]
    return [found[at] for at in order.tolist()]
