"""Late interaction at 50,000 chunks: how near lists come to exact MaxSim, how much faster, and what it all takes.

The chunks are those of the benchmark's repositories, cut short so that there are so many; the queries are the
benchmark's. Narrow is the rescoring of 200 candidates, the 200 nearest by their dense vectors.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import parser, places_of
from benchmarks.corpora import Repository, read_repositories
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.mixed_workspace import assemble
from benchmarks.processes import memory_of
from benchmarks.reporting import console, table, write_result
from codeintel.engines.late_maxsim import Tokens
from codeintel.engines.late_view import LateHits, LateView
from codeintel.models.folder import Models, load_models
from codeintel.models.outputs import Output
from codeintel.service import Service, Tier
from codeintel.settings import Settings, from_flags
from codeintel.snapshot import Snapshot

NAME = "late_interaction"
CHUNK_CHARS = 350
"""Of a chunk, a quarter of the default: the repositories have no 50,000 chunks otherwise."""
CANDIDATES, DEPTH = 200, 10
NARROW = Target(p50=8)


def main() -> None:
    """Measure, print, write."""
    made = parser(__doc__ or "")
    add_arguments(made)
    run(made.parse_args())


def add_arguments(made: argparse.ArgumentParser) -> None:
    """Those of both benchmarks of late interaction."""
    made.add_argument("--model", default="embedded", help="a model folder whose encoder has token vectors")
    made.add_argument(
        "--cache",
        default="off",
        help="a folder for the encoder's vectors, which take 20 minutes the first time",
    )


def run(options: argparse.Namespace) -> None:
    """About 2 minutes where the vectors are cached; nothing for a model without token vectors."""
    places = places_of(options)
    models = load_models(options.model, wanted=frozenset({Output.TOKENS}))
    if Output.TOKENS not in models.layouts:
        console.print(f"{NAME}: {models.encoder.model_id} has no token vectors", style="dim")
        return
    repositories = read_repositories(places.bench)
    with places.index_folder() as folder:
        workspace = folder / "late-workspace"
        assemble(repositories, places.corpora, workspace, chunks=10**9)
        kept = (folder / "late-index").exists()
        with Service.open([workspace], late_settings(options, folder / "late-index", CHUNK_CHARS)) as service:
            seconds = _index(service)
            (snapshot,) = service._snapshots()
            figures = {**_measured(snapshot, models, repositories), "indexing": {} if kept else seconds}
            figures["bytes"] = _bytes(service, snapshot, folder / "late-index")
    print_summary(figures)
    write_result(places.results, NAME, figures)


def late_settings(options: argparse.Namespace, folder: Path, chunk_chars: int) -> Settings:
    """The defaults with late interaction over every chunk, by the model that was asked for."""
    flags = {
        "index.folder": str(folder),
        "index.chunk_chars": chunk_chars,
        "model.folder": options.model,
        "model.cache": options.cache,
        "channels.late": "wide",
    }
    settings, dropped = Settings.resolve([from_flags(flags)])
    assert not dropped, dropped
    return settings


def _index(service: Service) -> dict[str, float]:
    """Text and meaning, as long as each step takes; the structure tier has no part in this."""
    began = time.perf_counter()
    service.index(until=Tier.TEXT)
    read = time.perf_counter()
    while service.encode_some():
        pass
    encoded = time.perf_counter()
    service.publish(with_vectors=True)
    published = time.perf_counter()
    service.upkeep()
    return {
        "text_s": read - began,
        "meaning_s": encoded - read,
        "publish_s": published - encoded,
        "lists_s": time.perf_counter() - published,
    }


def _measured(snapshot: Snapshot, models: Models, repositories: Sequence[Repository]) -> dict[str, Any]:
    listed = snapshot.late
    assert listed is not None
    exact = LateView(listed.rows, {})
    queries = [query.text for one in repositories for query in one.queries]
    encoded = [models.encode_query(text) for text in queries]
    tokens = [one.tokens[0] for one in encoded]
    nearest = [snapshot.contextual.search(one.dense[0], CANDIDATES).ids for one in encoded]
    truth, exact_ms = _timed(lambda at: exact.search(tokens[at], DEPTH), len(tokens))
    found, wide_ms = _timed(lambda at: listed.search(tokens[at], DEPTH), len(tokens))
    _, narrow_ms = _timed(lambda at: exact.rescore(tokens[at], nearest[at]), len(tokens))
    recalls = [_recall(mine, best) for mine, best in zip(found, truth, strict=True)]
    memory = memory_of(os.getpid())
    return {
        "chunks": len(snapshot.chunks),
        "tokens": sum(len(held.segment.entries) for held in listed.rows.held),
        "query_tokens": float(np.mean([len(one) for one in tokens])),
        "recall_at_10": float(np.mean(recalls)),
        "queries_below_half": sum(recall < 0.5 for recall in recalls),
        "exact": spread(exact_ms),
        "wide": spread(wide_ms),
        "narrow": spread(narrow_ms, NARROW),
        "times_faster": float(np.median(exact_ms) / np.median(wide_ms)),
        "exact_ms_per_1000_chunks": float(np.median(exact_ms)) / len(snapshot.chunks) * 1000,
        "memory": {"resident_mib": memory.resident_mib, "peak_mib": memory.peak_mib},
    }


def _timed(ask: Callable[[int], LateHits], count: int) -> tuple[list[LateHits], list[float]]:
    """Every answer, and its milliseconds; the first answers warm the system's cache and are given again."""
    for at in range(min(count, 10)):
        ask(at)
    found: list[LateHits] = []
    taken: list[float] = []
    for at in range(count):
        began = time.perf_counter()
        found.append(ask(at))
        taken.append((time.perf_counter() - began) * 1000)
    return found, taken


def _recall(found: LateHits, truth: LateHits) -> float:
    """The share of the best ten that were found; of equal scores any will do."""
    return float(np.mean(found.scores[: len(truth.scores)] >= truth.scores[-1]))


def _bytes(service: Service, snapshot: Snapshot, folder: Path) -> dict[str, float]:
    """Bytes a chunk of what late interaction keeps, and of the whole index."""
    tokens = [path for path in (folder / "tokens").iterdir() if path.name in _published(service)]
    sizes = {suffix: sum(p.stat().st_size for p in tokens if p.suffix == suffix) for suffix in SUFFIXES}
    whole = service.status().roots[0].size_bytes
    return {name.strip("."): size / len(snapshot.chunks) for name, size in {**sizes, "index": whole}.items()}


SUFFIXES = (".rows", ".lists", ".centroids")


def _published(service: Service) -> set[str]:
    (index,) = service._indexes
    return {artifact.name.rpartition("/")[2] for artifact in index.store.manifest.artifacts}


def print_summary(figures: dict[str, Any]) -> None:
    """The figures as tables."""
    title = f"Milliseconds at {figures['chunks']:,} chunks, {figures['tokens']:,} tokens"
    console.print(spreads_table(title, {name: figures[name] for name in ("exact", "wide", "narrow")}))
    rows: list[tuple[str, object]] = [
        ("recall@10 of wide", figures["recall_at_10"]),
        ("times faster than exact", f"{figures['times_faster']:.1f}"),
        *((f"bytes a chunk: {name}", f"{size:,.0f}") for name, size in figures["bytes"].items()),
        *((f"seconds: {name}", f"{seconds:,.1f}") for name, seconds in figures["indexing"].items()),
        ("resident, MiB", f"{figures['memory']['resident_mib']:,.0f}"),
    ]
    console.print(table("Wide", ["", ""], rows))


def query_tokens(models: Models, text: str) -> Tokens:
    """A query's token vectors."""
    tokens: Tokens = models.encode_query(text).tokens[0]
    return tokens


if __name__ == "__main__":
    main()
