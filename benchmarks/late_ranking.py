"""What late interaction is worth to the ranking: NDCG@10 alone, on top of the hybrid by weight, and with pooled tokens.

`pooled` halves the token vectors of a chunk: neighbours are averaged two by two.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from benchmarks.arguments import parser, places_of
from benchmarks.corpora import BenchmarkQuery, Repository, read_repositories
from benchmarks.late_interaction import add_arguments, late_settings, query_tokens
from benchmarks.metrics import Result, bootstrap, grouped_means, ndcg
from benchmarks.reporting import console, table, write_result
from codeintel.catalog.rows import Chunk
from codeintel.engines.late_maxsim import Tokens
from codeintel.engines.late_view import LateView
from codeintel.engines.ragged_view import RaggedView
from codeintel.models.folder import Models, load_models
from codeintel.models.outputs import Output, quantized
from codeintel.search.channels import Probe, Scope, candidates
from codeintel.search.intent import Intent, intent_of
from codeintel.search.late_ranks import LATE
from codeintel.search.ranking import Candidate, rank
from codeintel.search.weights import DEFAULT_WEIGHTS
from codeintel.service import Service, Tier
from codeintel.snapshot import Snapshot

NAME = "late_ranking"
CHUNK_CHARS = 1_500
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
LIMIT = 10


def main() -> None:
    """Measure, print, write."""
    made = parser(__doc__ or "")
    add_arguments(made)
    run(made.parse_args())


def run(options: argparse.Namespace) -> None:
    """About 5 minutes where the vectors are cached; nothing for a model without token vectors."""
    places = places_of(options)
    models = load_models(options.model, wanted=frozenset({Output.TOKENS}))
    if Output.TOKENS not in models.layouts:
        console.print(f"{NAME}: {models.encoder.model_id} has no token vectors", style="dim")
        return
    scores: dict[str, list[tuple[str, float]]] = defaultdict(list)
    with places.index_folder() as folder:
        for repository in read_repositories(places.bench):
            settings = late_settings(options, folder / repository.name / "late", CHUNK_CHARS)
            settings.index.folder.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
            with Service.open([repository.folder(places.corpora)], settings) as service:
                service.index(until=Tier.MEANING)
                (snapshot,) = service._snapshots()
                for name, value in _scores(repository, snapshot, models):
                    scores[name].append((repository.name, value))
            console.print(repository.name, style="dim")
    figures = summary(scores)
    rows: list[list[object]] = [
        [name, *(one[key] for key in ("mean", "low", "high"))] for name, one in figures.items()
    ]
    console.print(table("NDCG@10, chunk protocol", ["", "mean", "low", "high"], rows))
    write_result(places.results, NAME, figures)


def summary(scores: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, Any]:
    """Of each way to rank: the mean over repositories with its interval, and what it adds to the hybrid, paired."""
    by_name = {name: grouped_means(found) for name, found in scores.items()}
    plain = by_name["hybrid"]
    return {
        name: {
            **asdict(bootstrap(list(found.values()))),
            "gain": asdict(bootstrap([value - plain[one] for one, value in found.items()])),
        }
        for name, found in by_name.items()
    }


def _scores(repository: Repository, snapshot: Snapshot, models: Models) -> Iterator[tuple[str, float]]:
    late = snapshot.late
    assert late is not None
    halved = LateView(pooled(late.rows), {})
    other = replace(snapshot, outputs={Output.TOKENS: halved.rows}, token_lists={})
    for query in repository.queries:
        tokens = query_tokens(models, query.text)
        for name, view in (("alone", late), ("alone, pooled", halved)):
            chunks = [snapshot.chunks.get(number) for number in view.search(tokens, LIMIT).ids.tolist()]
            yield name, _ndcg(repository, query, [chunk for chunk in chunks if chunk])
        intent = intent_of(query.text, snapshot.lexical.idf)
        dense = models.encode_query(intent.text).dense[0]
        probe = Probe(intent, dense, tokens=tokens)
        found = candidates([Scope(snapshot, None)], replace(probe, tokens=None), DEFAULT_WEIGHTS)
        yield "hybrid", _reranked(repository, query, found, intent, 0.0)
        for name, asked, of in (
            ("narrow", probe, snapshot),
            ("wide", replace(probe, wide=True), snapshot),
            ("narrow, pooled", probe, other),
        ):
            found = candidates([Scope(of, None)], asked, DEFAULT_WEIGHTS)
            for weight in WEIGHTS:
                yield f"{name}, {weight:g}", _reranked(repository, query, found, intent, weight)


def _reranked(
    repository: Repository, query: BenchmarkQuery, found: Sequence[Candidate], intent: Intent, weight: float
) -> float:
    """With another weight of late interaction; who is found by it alone stays a candidate."""
    for one in found:
        one.found = [hit._replace(weight=weight) if hit.channel == LATE else hit for hit in one.found]
    ranked = rank(found, intent, DEFAULT_WEIGHTS)
    return _ndcg(repository, query, [one.chunk for one in ranked[:LIMIT]])


def _ndcg(repository: Repository, query: BenchmarkQuery, chunks: Sequence[Chunk]) -> float:
    results = [
        Result(repository.path_of(chunk.uri), chunk.start_line + 1, chunk.end_line + 1) for chunk in chunks
    ]
    return ndcg(results, query.targets, "chunk")


def pooled(view: RaggedView) -> RaggedView:
    """The same rows, two neighbouring tokens averaged to one."""
    ids = view.ids()
    rows = {
        int(number): _halved(row) for number, row in zip(ids, view.rows(ids), strict=True) if row is not None
    }
    return RaggedView(view.layout, (), rows)


def _halved(row: Tokens) -> Tokens:
    if len(row) < 2:
        return row
    starts = np.arange(0, len(row), 2)
    halved: Tokens = quantized(np.add.reduceat(row.astype(np.float32), starts, axis=0))
    return halved


if __name__ == "__main__":
    main()
