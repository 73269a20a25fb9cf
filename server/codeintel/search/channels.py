"""The channels: each finds chunks its own way over every root and ranks them by its own score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk
from codeintel.search.intent import Intent
from codeintel.search.locations import located
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.term_query import TermQuery
from codeintel.search.weights import Weights
from codeintel.snapshot import Snapshot

LATE = "late"
"""The channel of late interaction."""

Ids = npt.NDArray[np.int64]
Vector = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Scope:
    """One root as a query sees it: its snapshot, and the ids the qualifiers allow (None: all)."""

    snapshot: Snapshot
    allowed: Ids | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What the channels look for: terms, and a query vector, or weighed terms, of each model that is to be asked.

    `tokens` are the query's token vectors; `wide` has them looked for in every chunk, not in the other channels' alone.
    """

    intent: Intent
    contextual: Vector | None = None
    static: Vector | None = None
    tokens: Tokens | None = None
    wide: bool = False
    weighed: TermQuery | None = None


Found = Iterator[tuple[int, float]]


def candidates(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> list[Candidate]:
    """Every chunk among the best of some channel, with its place in each."""
    gathered: dict[tuple[str, int], Candidate] = {}
    found = dict(channel_weights(scopes, probe, weights))
    compared = 0.0 if probe.wide else found.pop(LATE, 0.0)
    for channel, weight in found.items():
        search = SEARCHES[channel]
        scored = [
            (score, scope, chunk_id) for scope in scopes for chunk_id, score in search(scope, probe, weights)
        ]
        # equal scores: by id, so that the order never depends on which root or segment answered first
        scored.sort(key=lambda entry: (-entry[0], entry[2]))
        _gather(gathered, channel, weight, scored[: weights.candidates])
    _locate(gathered, scopes, probe.intent)
    if compared:
        _compare(gathered, scopes, probe, compared)
    return list(gathered.values())


def without_channel(found: Sequence[Candidate], channel: str, *, wide: bool) -> list[Candidate]:
    """The candidates that there would be without a channel; who is merely compared is ranked among those left."""
    kept = [replace(one, found=[hit for hit in one.found if hit.channel != channel]) for one in found]
    if wide or channel == LATE:
        return [one for one in kept if one.found or one.located]
    left = [one for one in kept if one.located or any(hit.channel != LATE for hit in one.found)]
    late = [(hit.score, one) for one in left for hit in one.found if hit.channel == LATE]
    for rank, (_, one) in enumerate(sorted(late, key=_by_score), 1):
        one.found = [replace(hit, rank=rank) if hit.channel == LATE else hit for hit in one.found]
    return left


def _compare(
    gathered: Mapping[tuple[str, int], Candidate], scopes: Sequence[Scope], probe: Probe, weight: float
) -> None:
    """Rank the candidates of the other channels by late interaction; one without token vectors stays unranked."""
    assert probe.tokens is not None
    scored: list[tuple[float, Candidate]] = []
    for scope in scopes:
        name, late = scope.snapshot.root.name, scope.snapshot.late
        ids = [chunk_id for root, chunk_id in gathered if root == name]
        if late is not None and ids:
            hits = late.rescore(probe.tokens, ids)
            pairs = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            scored += [(score, gathered[name, chunk_id]) for chunk_id, score in pairs]
    for rank, (score, candidate) in enumerate(sorted(scored, key=_by_score), 1):
        candidate.found.append(ChannelHit(LATE, rank, score, weight))


def _by_score(entry: tuple[float, Candidate]) -> tuple[float, int]:
    return -entry[0], entry[1].chunk.id


def channel_weights(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> Mapping[str, float]:
    """The channels that can answer, each with its weight: those of the meaning tier count for what they cover."""
    chunks = sum(len(scope.snapshot.chunks) for scope in scopes)
    covered = sum(len(scope.snapshot.contextual) for scope in scopes) / max(chunks, 1)
    weighed = sum(len(scope.snapshot.impacts) for scope in scopes) / max(chunks, 1)
    near = nearness(probe.intent, weights)
    found = {"bm25": weights.bm25 if probe.intent.terms else 0.0}
    if probe.contextual is not None:
        found["dense"] = weights.dense * covered * near
    if probe.static is not None:
        found["static"] = weights.static * (1 - covered) * near
    if probe.tokens is not None:
        tokens = sum(len(late.rows) for scope in scopes if (late := scope.snapshot.late))
        found[LATE] = weights.late * tokens / max(chunks, 1)
    if probe.weighed is not None:
        found["splade"] = weights.splade * weighed
    return {channel: weight for channel, weight in found.items() if weight > 0}


def nearness(intent: Intent, weights: Weights) -> float:
    """The share of their weight that vectors have for a kind of query: where a name stands or a program failed counts
    for more than what is near it."""
    if intent.is_pasted:
        return weights.pasted
    return weights.lone_name if intent.is_lone_name else 1.0


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
            candidate = gathered[key] = candidate_of(scope.snapshot, chunk)
        candidate.found.append(ChannelHit(channel, rank, score, weight))


def candidate_of(snapshot: Snapshot, chunk: Chunk) -> Candidate:
    """A chunk of a snapshot as a candidate that nothing speaks for yet."""
    symbols = snapshot.symbols if snapshot.knows_symbols_of(chunk.uri) else None
    file = snapshot.chunks.file(chunk.uri)
    return Candidate(
        snapshot.root, chunk, symbols=symbols, head=file.chunks[0].content if file and file.chunks else ""
    )


def _locate(gathered: dict[tuple[str, int], Candidate], scopes: Sequence[Scope], intent: Intent) -> None:
    """Add the chunks at places that the query names, and note at the candidates how well they agree with one."""
    if not intent.locations:
        return
    for scope in scopes:
        allowed = None if scope.allowed is None else frozenset(scope.allowed.tolist())
        for found in located(scope.snapshot.chunks.files(), intent.locations):
            chunk, key = found.chunk, (scope.snapshot.root.name, found.chunk.id)
            if allowed is not None and chunk.id not in allowed:
                continue
            candidate = gathered.get(key)
            if candidate is None:
                candidate = gathered[key] = candidate_of(scope.snapshot, chunk)
            if candidate.located is None or found.strength > candidate.located.strength:
                candidate.located = found


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


def _late(scope: Scope, probe: Probe, weights: Weights) -> Found:
    late = scope.snapshot.late
    if late is None or probe.tokens is None:
        return iter(())
    hits = late.search(probe.tokens, weights.candidates, scope.allowed)
    return zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)


def _splade(scope: Scope, probe: Probe, weights: Weights) -> Found:
    assert probe.weighed is not None
    hits = scope.snapshot.impacts.search(probe.weighed.query, weights.candidates, scope.allowed)
    return zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)


SEARCHES: dict[str, Callable[[Scope, Probe, Weights], Found]] = {
    "bm25": _bm25,
    "dense": _dense,
    "static": _static,
    LATE: _late,
    "splade": _splade,
}
