"""The channels: each finds chunks its own way over every root and ranks them by its own score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.search.intent import Intent
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.weights import Weights
from codeintel.snapshot import Snapshot

Ids = npt.NDArray[np.int64]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scope:
    """One root as a query sees it: its snapshot, and the ids the qualifiers allow (None: all)."""

    snapshot: Snapshot
    allowed: Ids | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What the channels look for: terms, and a query vector per model where that model is to be asked."""

    intent: Intent
    contextual: Vector | None = None
    static: Vector | None = None


Found = Iterator[tuple[int, float]]


def candidates(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> list[Candidate]:
    """Every chunk among the best of some channel, with its place in each."""
    gathered: dict[tuple[str, int], Candidate] = {}
    for channel, weight in channel_weights(scopes, probe, weights).items():
        search = SEARCHES[channel]
        scored = [
            (score, scope, chunk_id) for scope in scopes for chunk_id, score in search(scope, probe, weights)
        ]
        # equal scores: by id, so that the order never depends on which root or segment answered first
        scored.sort(key=lambda entry: (-entry[0], entry[2]))
        _gather(gathered, channel, weight, scored[: weights.candidates])
    return list(gathered.values())


def channel_weights(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> Mapping[str, float]:
    """The channels that can answer, each with its weight: contextual vectors count for what they cover."""
    chunks = sum(len(scope.snapshot.chunks) for scope in scopes)
    covered = sum(len(scope.snapshot.contextual) for scope in scopes) / max(chunks, 1)
    found = {"bm25": weights.bm25 if probe.intent.terms else 0.0}
    if probe.contextual is not None:
        found["dense"] = weights.dense * covered
    if probe.static is not None:
        found["static"] = weights.static * (1 - covered)
    return {channel: weight for channel, weight in found.items() if weight > 0}


def _gather(
    gathered: dict[tuple[str, int], Candidate],
    channel: str,
    weight: float,
    scored: Sequence[tuple[float, Scope, int]],
) -> None:
    rank = 0
    for score, scope, chunk_id in scored:
        chunk = scope.snapshot.chunks.get(chunk_id)
        if chunk is None:  # an engine that is a moment ahead of this snapshot
            continue
        rank += 1
        key = (scope.snapshot.root.name, chunk_id)
        candidate = gathered.get(key)
        if candidate is None:
            symbols = scope.snapshot.symbols if scope.snapshot.knows_symbols_of(chunk.uri) else None
            candidate = gathered[key] = Candidate(scope.snapshot.root, chunk, symbols=symbols)
        candidate.found.append(ChannelHit(channel, rank, score, weight))


def _bm25(scope: Scope, probe: Probe, weights: Weights) -> Found:
    hits = scope.snapshot.lexical.search(
        probe.intent.terms, weights.candidates, scope.allowed, boosts=weights.boosts
    )
    return zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)


def _dense(scope: Scope, probe: Probe, weights: Weights) -> Found:
    assert probe.contextual is not None
    hits = scope.snapshot.contextual.search(probe.contextual, weights.candidates, scope.allowed)
    return zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)


def _static(scope: Scope, probe: Probe, weights: Weights) -> Found:
    assert probe.static is not None
    hits = scope.snapshot.static.search(probe.static, weights.candidates, scope.allowed)
    return zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)


SEARCHES: dict[str, Callable[[Scope, Probe, Weights], Found]] = {
    "bm25": _bm25,
    "dense": _dense,
    "static": _static,
}
