"""The channels: each finds chunks its own way over every root and ranks them by its own score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk
from codeintel.search.intent import Intent
from codeintel.search.late_ranks import LATE, Scored, rank_late
from codeintel.search.locations import located
from codeintel.search.ranking import Candidate, ChannelHit, read_signals
from codeintel.search.signals import SignalReader
from codeintel.search.term_query import TermQuery
from codeintel.search.weights import Weights
from codeintel.snapshot import Snapshot
from codeintel.symbol_table import SymbolTable

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


class Gathered:
    """The candidates of one query; what the chunks of a file have in common is looked up once for all of them."""

    def __init__(self, intent: Intent) -> None:
        self.of_root: dict[str, dict[int, Candidate]] = {}
        """By the root's name and the chunk's id, in the order in which they were found."""
        self._reader = SignalReader(intent)
        self._files: dict[tuple[str, str], tuple[SymbolTable | None, str]] = {}

    def found(self, snapshot: Snapshot, chunk_id: int) -> Candidate | None:
        """The candidate of a chunk; None from an engine that is a moment ahead of this snapshot."""
        known = self.of_root.get(snapshot.root.name, {}).get(chunk_id)
        if known is not None or (chunk := snapshot.chunks.get(chunk_id)) is None:
            return known
        return self.of(snapshot, chunk)

    def of(self, snapshot: Snapshot, chunk: Chunk) -> Candidate:
        """The one that was gathered of a chunk, or a new one that nothing speaks for yet."""
        own = self.of_root.setdefault(snapshot.root.name, {})
        candidate = own.get(chunk.id)
        if candidate is None:
            symbols, head = self._of_file(snapshot, chunk.uri)
            candidate = own[chunk.id] = Candidate(snapshot.root, chunk, symbols=symbols, head=head)
        return candidate

    def everyone(self) -> list[Candidate]:
        """All of them."""
        return [candidate for own in self.of_root.values() for candidate in own.values()]

    def read_signals(self) -> None:
        """Read the signals of those that have none yet."""
        read_signals(self.everyone(), self._reader)

    def _of_file(self, snapshot: Snapshot, uri: str) -> tuple[SymbolTable | None, str]:
        key = (snapshot.root.name, uri)
        known = self._files.get(key)
        if known is None:
            file = snapshot.chunks.file(uri)
            head = file.chunks[0].content if file and file.chunks else ""
            known = self._files[key] = (snapshot.symbols if snapshot.knows_symbols_of(uri) else None, head)
        return known


def gathered_by_words(scopes: Sequence[Scope], intent: Intent, weights: Weights) -> Gathered:
    """The candidates that the query's words find: all that needs no model, so that one may read the query meanwhile."""
    gathered = Gathered(intent)
    if intent.terms and weights.bm25 > 0:
        _ask("bm25", weights.bm25, gathered, scopes, Probe(intent), weights)
        gathered.read_signals()
    return gathered


def candidates(
    scopes: Sequence[Scope], probe: Probe, weights: Weights, by_words: Gathered | None = None
) -> list[Candidate]:
    """Every chunk among the best of some channel, with its place in each; `by_words` where these are there already."""
    gathered = by_words or gathered_by_words(scopes, probe.intent, weights)
    found = dict(model_weights(scopes, probe, weights))
    late = found.pop(LATE, 0.0)
    for channel, weight in found.items():
        _ask(channel, weight, gathered, scopes, probe, weights)
    _locate(gathered, scopes, probe.intent)
    if late:
        lacking = lacking_tokens(gathered.everyone(), (scope.snapshot for scope in scopes))
        scored = (
            _best(_late, gathered, scopes, probe, weights)
            if probe.wide
            else _compared(gathered, scopes, probe)
        )
        rank_late(scored, lacking, gathered.everyone(), late, weights)
    gathered.read_signals()
    return gathered.everyone()


def _ask(
    channel: str,
    weight: float,
    gathered: Gathered,
    scopes: Sequence[Scope],
    probe: Probe,
    weights: Weights,
) -> None:
    """Have a channel find its best."""
    best = _best(SEARCHES[channel], gathered, scopes, probe, weights)
    for rank, (score, candidate) in enumerate(best, 1):
        candidate.found.append(ChannelHit(channel, rank, score, weight))


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


def lacking_tokens(candidates: Sequence[Candidate], snapshots: Iterable[Snapshot]) -> list[Candidate]:
    """The candidates of these roots whose chunks have no token vectors, which late interaction cannot compare."""
    found: list[Candidate] = []
    for snapshot in snapshots:
        own = [one for one in candidates if one.root == snapshot.root]
        late = snapshot.late
        held = late.rows.holds([one.chunk.id for one in own]).tolist() if late else [False] * len(own)
        found += [one for one, has in zip(own, held, strict=True) if not has]
    return found


def _compared(gathered: Gathered, scopes: Sequence[Scope], probe: Probe) -> Scored:
    """The candidates that have token vectors, by late interaction."""
    assert probe.tokens is not None
    scored: list[tuple[float, Candidate]] = []
    for scope in scopes:
        own, late = gathered.of_root.get(scope.snapshot.root.name, {}), scope.snapshot.late
        if late is not None and own:
            hits = late.rescore(probe.tokens, list(own))
            pairs = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            scored += [(score, own[chunk_id]) for chunk_id, score in pairs]
    return scored


def model_weights(scopes: Sequence[Scope], probe: Probe, weights: Weights) -> Mapping[str, float]:
    """The channels that a model's reading of the query can ask, each with its weight: they count for what they cover.

    Late interaction counts in full: whom it does not know keeps its place, so that no order depends on who is known.
    """
    chunks = sum(len(scope.snapshot.chunks) for scope in scopes)
    covered = sum(len(scope.snapshot.contextual) for scope in scopes) / max(chunks, 1)
    weighed = sum(len(scope.snapshot.impacts) for scope in scopes) / max(chunks, 1)
    near = nearness(probe.intent, weights)
    found: dict[str, float] = {}
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
    gathered: Gathered,
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
    best = found[: weights.candidates]
    scored = ((score, gathered.found(scope.snapshot, chunk_id)) for score, scope, chunk_id in best)
    return [(score, candidate) for score, candidate in scored if candidate]


def _locate(gathered: Gathered, scopes: Sequence[Scope], intent: Intent) -> None:
    """Add the chunks at places that the query names, and note at the candidates how well they agree with one."""
    if not intent.locations:
        return
    for scope in scopes:
        allowed = None if scope.allowed is None else frozenset(scope.allowed.tolist())
        for found in located(scope.snapshot.chunks.files(), intent.locations):
            if allowed is not None and found.chunk.id not in allowed:
                continue
            candidate = gathered.of(scope.snapshot, found.chunk)
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
