"""How well a model's outputs find the right places: NDCG@10 on the benchmark's repositories, output by output.

    python -m training.retrieval --bench DIR --corpora DIR --indexes DIR --out figures.json NAME=MODEL ...

MODEL is a folder that holds an ONNX encoder or a static table, an .onnx file beside its tokenizer.json, a .pt file of
train_encoder, or `base`. Each output is scored alone over all chunks and as a channel of the product's ranking, with
the product's chunks, BM25, priors and constants.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.corpora import BenchmarkQuery, Repository, read_repositories
from benchmarks.metrics import Result, grouped_means, mean, ndcg
from benchmarks.workspaces import indexed, settings_with
from numpy.typing import NDArray

from codeintel.catalog.rows import Chunk
from codeintel.indexing.opening import open_index
from codeintel.models.folder import load_models
from codeintel.models.passage import passage_text, query_text
from codeintel.search.channels import Probe, Scope, candidates
from codeintel.search.intent import Intent, intent_of
from codeintel.search.query import parse
from codeintel.search.ranking import Candidate, ChannelHit, rank
from codeintel.search.weights import DEFAULT_WEIGHTS
from codeintel.service import Tier
from codeintel.snapshot import Snapshot
from codeintel.workspace.roots import open_root
from training.readers import Read, Reader, StaticReader, reader_of

Floats = NDArray[np.float32]
Order = list[int]
# Query by query, by way of ranking, repository and model: kept as they come, so that a stopped run goes on.
Values = dict[str, dict[str, dict[str, list[float]]]]
# What is rescored by late interaction: the best of the other channels, as the product's narrow mode will.
RESCORED = 200
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with what does not depend on the model: BM25's hits as rows of the repository's chunks."""

    query: BenchmarkQuery
    intent: Intent
    bm25: Order


@dataclass(frozen=True, slots=True)
class Collection:
    """One repository as it is searched."""

    repository: Repository
    snapshot: Snapshot
    chunks: tuple[Chunk, ...]
    asked: tuple[Asked, ...]

    def ndcg(self, order: Sequence[int], query: BenchmarkQuery) -> float:
        """NDCG@10 under the chunk protocol of chunk rows, best first."""
        results = [self._result(self.chunks[row]) for row in order[:SHOWN]]
        return ndcg(results, query.targets, "chunk")

    def _result(self, chunk: Chunk) -> Result:
        return Result(self.repository.path_of(chunk.uri), chunk.start_line + 1, chunk.end_line + 1)


def collection(repository: Repository, corpora: Path, indexes: Path) -> Collection:
    """The repository's chunks and BM25 hits; indexed into `indexes` by text where it is not there yet."""
    source, folder = repository.folder(corpora), indexes / repository.name
    indexed(source, folder, Tier.TEXT).close()
    chunk_chars = settings_with(folder).index.chunk_chars
    opened = open_index(open_root(source), folder, load_models(), chunk_chars, readonly=True)
    opened.store.close()
    snapshot = opened.snapshot
    chunks = tuple(sorted(snapshot.chunks, key=lambda chunk: (chunk.uri, chunk.start_byte)))
    rows = {chunk.id: row for row, chunk in enumerate(chunks)}
    asked = []
    for query in repository.queries:
        intent = intent_of(parse(query.text).text, snapshot.lexical.idf)
        found = candidates([Scope(snapshot, None)], Probe(intent), DEFAULT_WEIGHTS)
        found.sort(key=lambda one: one.found[0].rank)
        asked.append(Asked(query, intent, [rows[one.chunk.id] for one in found]))
    return Collection(repository, snapshot, chunks, tuple(asked))


@dataclass(frozen=True, slots=True)
class Scored:
    """A query's chunks by each output, scores float32 [chunks]; None where the model has no such output."""

    dense: Floats
    tokens: Floats | None
    terms: Floats | None


def scored(queries: Read, passages: Read) -> Iterator[Scored]:
    """Every query against every passage, exactly."""
    index = _TermIndex(passages) if passages.terms is not None else None
    for row in range(len(queries.dense)):
        dense = passages.dense @ queries.dense[row]
        tokens = maxsim(queries, passages, row) if passages.tokens is not None else None
        yield Scored(dense, tokens, index.scores(queries, row) if index is not None else None)


def maxsim(queries: Read, passages: Read, row: int) -> Floats:
    """The sum over the query's tokens of the best cosine in each passage (Khattab and Zaharia 2020)."""
    assert queries.tokens is not None and passages.tokens is not None
    first, last = passages.starts[:-1], passages.starts[1:]
    asked = queries.tokens[queries.starts[row] : queries.starts[row + 1]]
    if not len(asked):
        return np.zeros(len(first), np.float32)
    best = np.maximum.reduceat(
        np.vstack([passages.tokens @ asked.T, np.zeros((1, len(asked)), np.float32)]), first
    )
    best[first == last] = 0
    return np.asarray(best.sum(axis=1), np.float32)


class _TermIndex:
    """Passage weights by term."""

    def __init__(self, passages: Read) -> None:
        assert passages.terms is not None
        owners = np.repeat(np.arange(len(passages.dense)), np.diff(passages.starts))
        key = passages.ids.astype(np.int64) * len(passages.dense) + owners
        order = np.lexsort((-passages.terms, key))
        key, first = np.unique(key[order], return_index=True)
        self._terms, self._rows = np.divmod(key, len(passages.dense))
        self._weights = passages.terms[order][first]
        self._chunks = len(passages.dense)

    def scores(self, queries: Read, row: int) -> Floats:
        """The dot product of the query's term weights with every passage's."""
        assert queries.terms is not None
        found = np.zeros(self._chunks, np.float32)
        span = slice(queries.starts[row], queries.starts[row + 1])
        weights: dict[int, float] = {}
        for term, weight in zip(queries.ids[span].tolist(), queries.terms[span].tolist(), strict=True):
            weights[term] = max(weight, weights.get(term, 0.0))
        for term, weight in weights.items():
            left, right = np.searchsorted(self._terms, [term, term + 1])
            found[self._rows[left:right]] += weight * self._weights[left:right]
        return found


def best_of(scores: Floats, count: int = DEFAULT_WEIGHTS.candidates) -> Order:
    """The rows with the greatest positive scores, best first."""
    order = np.argsort(-scores, kind="stable")[:count]
    return [int(row) for row in order if scores[row] > 0]


def fused(held: Collection, asked: Asked, channels: Sequence[tuple[Order, float]]) -> Order:
    """The product's ranking of what the channels found, each with its weight."""
    gathered: dict[int, Candidate] = {}
    for order, weight in channels:
        for place, row in enumerate(order, start=1):
            candidate = gathered.setdefault(row, Candidate(held.snapshot.root, held.chunks[row]))
            # `rank` takes a channel's name for its reason only; weight and rank decide.
            candidate.found.append(ChannelHit("dense", place, 0.0, weight))
    rows = {id(candidate): row for row, candidate in gathered.items()}
    return [rows[id(one)] for one in rank(list(gathered.values()), asked.intent, DEFAULT_WEIGHTS)]


def rescored(first: Order, scores: Floats) -> Order:
    """The best RESCORED of an order by another score."""
    return sorted(first[:RESCORED], key=lambda row: (-scores[row], row))


def orders(held: Collection, asked: Asked, found: Scored) -> Mapping[str, Order]:
    """Every way of ranking that is compared, by name.

    A third channel shares the weight of the one that it resembles: priors were tuned for two channels of weight 1.
    """
    dense = best_of(found.dense)
    words, meaning = (asked.bm25, 1.0), (dense, 1.0)
    hybrid = fused(held, asked, [words, meaning])
    ranked = {"dense": dense, "hybrid": hybrid}
    if found.tokens is not None:
        maxsim = best_of(found.tokens)
        narrow = rescored(hybrid, found.tokens)
        ranked["maxsim"] = maxsim
        ranked["hybrid, rescored by maxsim"] = fused(held, asked, [words, (dense, 0.5), (narrow, 0.5)])
        ranked["hybrid, maxsim over all"] = fused(held, asked, [words, (dense, 0.5), (maxsim, 0.5)])
        ranked["hybrid, maxsim for dense"] = fused(held, asked, [words, (maxsim, 1.0)])
    if found.terms is not None:
        terms = best_of(found.terms)
        ranked["terms"] = terms
        ranked["hybrid and terms"] = fused(held, asked, [(asked.bm25, 0.5), meaning, (terms, 0.5)])
    return ranked


def measured(held: Collection, reader: Reader) -> dict[str, list[float]]:
    """NDCG@10 of every query of a repository under each way of ranking."""
    passage = table_passage if isinstance(reader, StaticReader) else encoder_passage
    passages = reader.read([passage(chunk) for chunk in held.chunks])
    queries = reader.read([query_text(asked.query.text) for asked in held.asked])
    values: dict[str, list[float]] = {}
    for asked, found in zip(held.asked, scored(queries, passages), strict=True):
        for name, order in orders(held, asked, found).items():
            values.setdefault(name, []).append(held.ndcg(order, asked.query))
    return values


def encoder_passage(chunk: Chunk) -> str:
    """A chunk as the encoder sees it."""
    return passage_text("", chunk.breadcrumb, chunk.content)


def table_passage(chunk: Chunk) -> str:
    """A chunk as the static table sees it."""
    return passage_text(chunk.uri, chunk.breadcrumb, chunk.content)


def figures(
    values: Mapping[str, Mapping[str, Sequence[float]]], repositories: Sequence[Repository]
) -> dict[str, object]:
    """Means by way of ranking: overall over repositories, by repository, by language, by category of query."""
    ways = list(next(iter(values.values())))
    found: dict[str, object] = {}
    for way in ways:
        by_repository = {one.name: mean(values[one.name][way]) for one in repositories}
        by_language = grouped_means((one.language, by_repository[one.name]) for one in repositories)
        by_category = grouped_means(
            (query.category, value)
            for one in repositories
            for query, value in zip(one.queries, values[one.name][way], strict=True)
        )
        found[way] = {
            "mean": mean(by_repository.values()),
            "repositories": by_repository,
            "languages": by_language,
            "categories": by_category,
        }
    return found


def main() -> None:
    """Measure each model on every repository, print means, write everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    parser.add_argument("--bench", type=Path, required=True, metavar="DIR")
    parser.add_argument("--corpora", type=Path, required=True, metavar="DIR")
    parser.add_argument("--indexes", type=Path, required=True, metavar="DIR", help="kept: BM25 and chunks")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--only", nargs="*", metavar="REPOSITORY", help="instead of all")
    options = parser.parse_args()
    repositories = [
        one for one in read_repositories(options.bench) if not options.only or one.name in options.only
    ]
    readers: dict[str, Reader] = {
        name: reader_of(model) for name, _, model in (entry.partition("=") for entry in options.models)
    }
    stored = options.out.with_suffix(".values.json")
    values: Values = json.loads(stored.read_text(encoding="utf-8")) if stored.is_file() else {}
    for repository in repositories:
        lacking = [name for name in readers if repository.name not in values.setdefault(name, {})]
        if not lacking:
            continue
        held = collection(repository, options.corpora, options.indexes)
        for name in lacking:
            values[name][repository.name] = measured(held, readers[name])
        stored.write_text(json.dumps(values) + "\n", encoding="utf-8")
        print(repository.name, len(held.chunks), flush=True)  # noqa: T201
    found = {name: figures(values[name], repositories) for name in readers}
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, ways in found.items():
        for way, figure in ways.items():
            print(f"{name:<24} {way:<28} {figure['mean']:.4f}")  # type: ignore[index]  # noqa: T201


if __name__ == "__main__":
    main()
