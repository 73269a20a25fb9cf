"""Every query's candidates, found once by the product's own channels and kept as arrays for trying out weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.corpora import BenchmarkQuery, Repository, Target
from benchmarks.metrics import DEPTH, Result, ndcg
from benchmarks.workspaces import indexed, settings_with
from codeintel.catalog.symbol_rows import read_symbols
from codeintel.errors import QueryError
from codeintel.indexing.opening import open_index
from codeintel.models.folder import Models, load_models
from codeintel.models.outputs import Output, gives_outputs
from codeintel.models.passage import query_text
from codeintel.search.channels import Probe, Scope, candidates, nearness
from codeintel.search.intent import Intent, intent_of
from codeintel.search.query import parse
from codeintel.search.ranking import Candidate, ChannelHit, rank, read_signals
from codeintel.search.signals import Signal, SignalReader
from codeintel.search.term_query import term_query
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.service import Tier
from codeintel.snapshot import Snapshot
from codeintel.workspace.roots import open_root

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

PLACES = ("test", "example", "vendor", "doc", "data", "generated")
NOWHERE = len(PLACES)  # plain code, or a place that the query asks for
AS_SHIPPED = replace(DEFAULT_WEIGHTS, splade=0.0)
"""The weights, with channels that are off by default not asked."""
VECTOR_CHANNEL = {Tier.TEXT: "static", Tier.MEANING: "dense"}


@dataclass(frozen=True, slots=True)
class Signals:
    """What the weights multiply, one number a candidate; `references` are counts on the product's log scale."""

    definition: Floats
    definition_named: Floats
    references: Floats
    stem: Floats
    path: Floats
    verbatim: Floats
    location: Floats
    place: Integers  # into PLACES, or NOWHERE


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """One query on one tier: its candidates in the order that breaks ties (by place in the repository).

    `bm25_rank`, `vector_rank` and `splade_rank` are infinite where the channel did not find the candidate; `file`
    numbers the files, `text` the texts; `hits` [candidates, targets] says which target a candidate hits under the chunk
    protocol.
    """

    repository: Repository
    query: BenchmarkQuery
    tier: Tier
    intent: Intent
    found: tuple[Candidate, ...]
    bm25_rank: Floats
    vector_rank: Floats
    splade_rank: Floats
    signals: Signals
    file: Integers
    files: int
    text: Integers
    hits: npt.NDArray[np.bool_]
    ideal: float


def prepare(
    repositories: Sequence[Repository], corpora: Path, indexes: Path, tier: Tier, weights: Weights
) -> Iterator[PreparedQuery]:
    """Index what is not indexed yet, and search every query once, by every channel; 20 ms a query."""
    models = load_models(wanted=frozenset({Output.TERMS}))
    for repository in repositories:
        snapshot = snapshot_of(
            repository, corpora, indexes / repository.name / tier.name.lower(), tier, models
        )
        for query in repository.queries:
            yield _prepared(repository, query, tier, snapshot, models, weights)


def product_order(prepared: PreparedQuery, weights: Weights) -> list[int]:
    """The best ten by the product's own ranking, as places in `found`; a channel of no weight is not asked."""
    place = {candidate.chunk.id: number for number, candidate in enumerate(prepared.found)}
    fresh = []
    for one in prepared.found:
        hits = [
            hit for hit in (_reweighted(hit, weights, prepared.intent) for hit in one.found) if hit.weight
        ]
        if hits or one.located:
            fresh.append(replace(one, found=hits))
    return [place[one.chunk.id] for one in rank(fresh, prepared.intent, weights)[:DEPTH]]


def snapshot_of(repository: Repository, corpora: Path, folder: Path, tier: Tier, models: Models) -> Snapshot:
    """The product's snapshot of a repository, indexed up to a tier if it is not yet, with its symbols."""
    source = repository.folder(corpora)
    indexed(source, folder, tier, every_channel=True).close()
    chunk_chars = settings_with(folder).index.chunk_chars
    opened = open_index(open_root(source), folder, models, chunk_chars, readonly=True)
    symbols = read_symbols(opened.store)
    opened.store.close()
    return replace(opened.snapshot, symbols=symbols)


def _prepared(
    repository: Repository,
    query: BenchmarkQuery,
    tier: Tier,
    snapshot: Snapshot,
    models: Models,
    weights: Weights,
) -> PreparedQuery:
    text = _free_text(query)
    intent = intent_of(text, snapshot.lexical.idf)
    found = candidates([Scope(snapshot, None)], _probe(intent, intent.text, tier, models), weights)
    return prepared_from(repository, query, tier, intent, found)


def prepared_from(
    repository: Repository, query: BenchmarkQuery, tier: Tier, intent: Intent, unordered: Sequence[Candidate]
) -> PreparedQuery:
    """The arrays of what the channels found."""
    found = sorted(unordered, key=lambda one: (one.chunk.uri, one.chunk.start_byte))
    read_signals(found, SignalReader(intent))
    numbers: dict[str, int] = {}
    file = [numbers.setdefault(one.chunk.uri, len(numbers)) for one in found]
    return PreparedQuery(
        repository,
        query,
        tier,
        intent,
        tuple(found),
        _ranks(found, "bm25"),
        _ranks(found, VECTOR_CHANNEL[tier]),
        _ranks(found, "splade"),
        _signals(found, intent),
        np.array(file, np.intp),
        len(numbers),
        np.unique([one.chunk.content_hash for one in found], return_inverse=True)[1],
        np.array([[_hits(repository, one, target) for target in query.targets] for one in found], np.bool_),
        sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(query.targets)) + 1)),
    )


def _free_text(query: BenchmarkQuery) -> str:
    """What the query is ranked by; one that the query language refuses is ranked as it stands."""
    try:
        parsed = parse(query.text)
    except QueryError:
        return query.text
    assert not parsed.qualifiers, f"a query of the benchmark restricts its answers: {query.text}"
    return parsed.text


def _probe(intent: Intent, text: str, tier: Tier, models: Models) -> Probe:
    if tier is Tier.MEANING:
        encoder, encoded, weighed = models.encoder, models.encode_query(text), None
        if encoded.terms and gives_outputs(encoder):
            weighed = term_query(encoder, encoded.terms[0], query_text(text))
        return Probe(intent, contextual=encoded.dense[0], weighed=weighed)
    return Probe(intent, static=models.static.encode_query(text))


def _reweighted(hit: ChannelHit, weights: Weights, intent: Intent) -> ChannelHit:
    near = nearness(intent, weights) if hit.channel in VECTOR_CHANNEL.values() else 1.0
    return hit._replace(weight=getattr(weights, hit.channel) * near)


def _ranks(found: Sequence[Candidate], channel: str) -> Floats:
    ranks = ({hit.channel: hit.rank for hit in one.found} for one in found)
    return np.array([of_one.get(channel, np.inf) for of_one in ranks], np.float64)


def _signals(found: Sequence[Candidate], intent: Intent) -> Signals:
    signals = [candidate.signals for candidate in found if candidate.signals]
    defined = _strengths([one.definition for one in signals])
    named = defined == 1.0
    places = [one.place if one.place and one.place not in intent.asks else "" for one in signals]
    return Signals(
        np.where(named, 0.0, defined),
        np.where(named, defined, 0.0),
        np.array([math.log1p(one.references.strength) for one in signals]),
        _strengths([one.stem for one in signals]),
        _strengths([one.path for one in signals]),
        _strengths([one.verbatim for one in signals]),
        np.array([one.located.strength if one.located else 0.0 for one in found], np.float64),
        np.array([PLACES.index(place) if place else NOWHERE for place in places], np.intp),
    )


def _strengths(signals: Sequence[Signal]) -> Floats:
    return np.array([signal.strength for signal in signals], np.float64)


def _hits(repository: Repository, candidate: Candidate, target: Target) -> bool:
    """Whether the candidate alone would gain anything from the target."""
    chunk = candidate.chunk
    result = Result(repository.path_of(chunk.uri), chunk.start_line + 1, chunk.end_line + 1)
    return ndcg([result], [target], "chunk") > 0
