"""The channels: each finds chunks its own way over every root and ranks them by its own score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk
from codeintel.search.intent import Intent
from codeintel.search.late_ranks import LATE, Scored, rank_late
from codeintel.search.locations import located
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.term_query import TermQuery
from codeintel.search.weights import Weights
from codeintel.snapshot import Snapshot

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
Key = tuple[str, int]
"""A root's name and a chunk's id."""


def candidates(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> list[Candidate]:
    """Every chunk among the best of some channel, with its place in each."""
    gathered: dict[Key, Candidate] = {}
    found = dict(channel_weights(scopes, probe, weights))
    late = found.pop(LATE, 0.0)
    for channel, weight in found.items():
        best = _best(SEARCHES[channel], gathered, scopes, probe, weights)
        for rank, (score, candidate) in enumerate(best, 1):
            candidate.found.append(ChannelHit(channel, rank, score, weight))
    _locate(gathered, scopes, probe.intent)
    if late:
        lacking = _lacking(gathered, scopes)
        scored = (
            _best(_late, gathered, scopes, probe, weights)
            if probe.wide
            else _compared(gathered, scopes, probe)
        )
        rank_late(scored, lacking, gathered.values(), late, weights)
    return list(gathered.values())


def without_channel(
    found: Sequence[Candidate], channel: str, weights: Weights, *, wide: bool
) -> list[Candidate]:
    """The candidates that there would be without a channel; late interaction ranks those that are left."""
    scored: list[tuple[float, Candidate]] = []
    lacking: list[Candidate] = []
    left: list[Candidate] = []
    weight = 0.0
    for one in found:
        late = next((hit for hit in one.found if hit.channel == LATE and channel != LATE), None)
        kept = replace(one, found=[hit for hit in one.found if hit.channel not in (channel, LATE)])
        if not (kept.found or kept.located) and (late is None or late.score is None or not wide):
            continue
        left.append(kept)
        if late is not None and late.score is not None:
            scored.append((late.score, kept))
        elif late is not None:
            lacking.append(kept)
        weight = late.weight if late else weight
    rank_late(scored, lacking, left, weight, weights)
    return left


def _lacking(gathered: Mapping[Key, Candidate], scopes: Sequence[Scope]) -> list[Candidate]:
    """The candidates without token vectors."""
    found: list[Candidate] = []
    for scope in scopes:
        name, late = scope.snapshot.root.name, scope.snapshot.late
        own = [candidate for (root, _), candidate in gathered.items() if root == name]
        held = late.rows.holds([one.chunk.id for one in own]).tolist() if late else [False] * len(own)
        found += [one for one, has in zip(own, held, strict=True) if not has]
    return found


def _compared(gathered: Mapping[Key, Candidate], scopes: Sequence[Scope], probe: Probe) -> Scored:
    """The candidates that have token vectors, by late interaction."""
    assert probe.tokens is not None
    scored: list[tuple[float, Candidate]] = []
    for scope in scopes:
        name, late = scope.snapshot.root.name, scope.snapshot.late
        ids = [chunk_id for root, chunk_id in gathered if root == name]
        if late is not None and ids:
            hits = late.rescore(probe.tokens, ids)
            pairs = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            scored += [(score, gathered[name, chunk_id]) for chunk_id, score in pairs]
    return scored


def channel_weights(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> Mapping[str, float]:
    """The channels that can answer, each with its weight: those of the meaning tier count for what they cover.

    Late interaction counts in full: whom it does not know keeps its place, so that no order depends on who is known.
    """
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
        found[LATE] = weights.late
    if probe.weighed is not None:
        found["splade"] = weights.splade * weighed
    return {channel: weight for channel, weight in found.items() if weight > 0}


def nearness(intent: Intent, weights: Weights) -> float:
    """The share of their weight that vectors have for a kind of query: where a name stands or a program failed counts
    for more than what is near it."""
    if intent.is_pasted:
        return weights.pasted
    return weights.lone_name if intent.is_lone_name else 1.0


def _best(
    search: Callable[[Scope, Probe, Weights], Found],
    gathered: dict[Key, Candidate],
    scopes: Sequence[Scope],
    probe: Probe,
    weights: Weights,
) -> Scored:
    """A channel's best chunks over every root, in order, each gathered as a candidate."""
    found = [
        (score, scope, chunk_id) for scope in scopes for chunk_id, score in search(scope, probe, weights)
    ]
    # equal scores: by id, so that the order never depends on which root or segment answered first
    found.sort(key=lambda entry: (-entry[0], entry[2]))
    scored = ((score, _gather(gathered, scope, one)) for score, scope, one in found[: weights.candidates])
    return [(score, candidate) for score, candidate in scored if candidate]


def _gather(gathered: dict[Key, Candidate], scope: Scope, chunk_id: int) -> Candidate | None:
    """The candidate of a chunk; None from an engine that is a moment ahead of this snapshot."""
    chunk = scope.snapshot.chunks.get(chunk_id)
    if chunk is None:
        return None
    return _candidate(gathered, scope.snapshot, chunk)


def _candidate(gathered: dict[Key, Candidate], snapshot: Snapshot, chunk: Chunk) -> Candidate:
    """The one that was gathered of a chunk, or a new one."""
    key = (snapshot.root.name, chunk.id)
    if (known := gathered.get(key)) is not None:
        return known
    gathered[key] = candidate_of(snapshot, chunk)
    return gathered[key]


def candidate_of(snapshot: Snapshot, chunk: Chunk) -> Candidate:
    """A chunk of a snapshot as a candidate that nothing speaks for yet."""
    symbols = snapshot.symbols if snapshot.knows_symbols_of(chunk.uri) else None
    file = snapshot.chunks.file(chunk.uri)
    return Candidate(
        snapshot.root, chunk, symbols=symbols, head=file.chunks[0].content if file and file.chunks else ""
    )


def _locate(gathered: dict[Key, Candidate], scopes: Sequence[Scope], intent: Intent) -> None:
    """Add the chunks at places that the query names, and note at the candidates how well they agree with one."""
    if not intent.locations:
        return
    for scope in scopes:
        allowed = None if scope.allowed is None else frozenset(scope.allowed.tolist())
        for found in located(scope.snapshot.chunks.files(), intent.locations):
            if allowed is not None and found.chunk.id not in allowed:
                continue
            candidate = _candidate(gathered, scope.snapshot, found.chunk)
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
    "splade": _splade,
}
