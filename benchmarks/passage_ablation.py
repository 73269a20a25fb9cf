"""What of a chunk the contextual encoder should read: path, breadcrumb, names, comments, signature, body.

Each form is encoded anew and takes the place of the dense channel; dense alone and the hybrid are scored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from benchmarks.arguments import Places, parser, places_of
from benchmarks.candidates import AS_SHIPPED, prepared_from, snapshot_of
from benchmarks.corpora import Repository, read_repositories
from benchmarks.fast_ranking import score
from benchmarks.metrics import bootstrap, grouped_means
from benchmarks.reporting import console, table, write_result
from codeintel.catalog.rows import Chunk
from codeintel.models.folder import Models, load_models
from codeintel.models.passage import passage_text
from codeintel.models.vectors import Vectors
from codeintel.search.channels import Gathered, Probe, Scope, candidates
from codeintel.search.intent import Intent, intent_of
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.weights import Weights
from codeintel.service import Tier
from codeintel.snapshot import Snapshot

NAME: Final = "passage_ablation"
SIGNATURE_LINES: Final = 3
_COMMENT: Final = re.compile(
    r"^\s*(?:#(?!\[|include|define|if|endif)|//|/\*|\*|--|;;|\"\"\"|''').*$", re.MULTILINE
)
_DOCSTRING: Final = re.compile(r"(\"\"\"|''').*?\1", re.DOTALL)
AS_IS: Final = "breadcrumb, text (as shipped)"


def _without_comments(chunk: Chunk) -> str:
    return _COMMENT.sub("", _DOCSTRING.sub("", chunk.content)) or chunk.content


def _signature(chunk: Chunk) -> str:
    return "\n".join(chunk.content.strip().split("\n")[:SIGNATURE_LINES])


FORMS: Final[Mapping[str, Callable[[Chunk], str]]] = {
    AS_IS: lambda chunk: passage_text("", chunk.breadcrumb, chunk.content),
    "text": lambda chunk: passage_text("", "", chunk.content),
    "path, breadcrumb, text": lambda chunk: passage_text(chunk.uri, chunk.breadcrumb, chunk.content),
    "breadcrumb, names, text": lambda chunk: passage_text(
        "", f"{chunk.breadcrumb}\n{' '.join(chunk.symbols)}", chunk.content
    ),
    "breadcrumb, text without comments": lambda chunk: passage_text(
        "", chunk.breadcrumb, _without_comments(chunk)
    ),
    "breadcrumb, first lines": lambda chunk: passage_text("", chunk.breadcrumb, _signature(chunk)),
}


def main() -> None:
    """Measure, print, write; nothing of the product is changed."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """About 2 minutes a form on two cores, nearly all of it encoding."""
    repositories = read_repositories(places.bench)
    models = load_models()
    scores: dict[str, list[tuple[str, float]]] = {}
    with places.index_folder() as folder:
        for repository in repositories:
            snapshot = snapshot_of(
                repository, places.corpora, folder / repository.name / "meaning", Tier.MEANING, models
            )
            chunks = list(snapshot.chunks)
            for form, text_of in FORMS.items():
                vectors = models.encoder.encode([text_of(chunk) for chunk in chunks])
                for name, value in _scores(repository, snapshot, models, chunks, vectors):
                    scores.setdefault(f"{form}|{name}", []).append((repository.name, value))
            console.print(repository.name, style="dim")
    figures = summary(scores)
    rows: list[list[object]] = [
        [
            form,
            of["alone"]["mean"],
            of["hybrid"]["mean"],
            of["gain"]["mean"],
            of["gain"]["low"],
            of["gain"]["high"],
        ]
        for form, of in figures.items()
    ]
    columns = ["the encoder reads", "dense alone", "hybrid", "gain", "low", "high"]
    console.print(table("NDCG@10, chunk protocol, meaning tier", columns, rows))
    write_result(places.results, NAME, figures)


def summary(scores: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, Any]:
    """Of each form: dense alone and the hybrid, and what the hybrid gains over the form that ships, paired."""
    means = {key: grouped_means(found) for key, found in scores.items()}
    shipped = means[f"{AS_IS}|hybrid"]
    return {
        form: {
            "alone": asdict(bootstrap(list(means[f"{form}|alone"].values()))),
            "hybrid": asdict(bootstrap(list(means[f"{form}|hybrid"].values()))),
            "gain": asdict(
                bootstrap([value - shipped[name] for name, value in means[f"{form}|hybrid"].items()])
            ),
        }
        for form in FORMS
    }


def _scores(
    repository: Repository, snapshot: Snapshot, models: Models, chunks: Sequence[Chunk], vectors: Vectors
) -> list[tuple[str, float]]:
    found = []
    for query in repository.queries:
        intent = intent_of(query.text, snapshot.lexical.idf)
        lexical = candidates([Scope(snapshot, None)], Probe(intent), AS_SHIPPED)
        likeness = vectors @ models.encoder.encode_query(intent.text)
        nearest = np.argsort(-likeness, kind="stable")[: AS_SHIPPED.candidates]
        hits = {
            chunks[at].id: (chunks[at], ChannelHit("dense", rank, float(likeness[at]), AS_SHIPPED.dense))
            for rank, at in enumerate(nearest.tolist(), 1)
        }
        for name, known in (("alone", []), ("hybrid", lexical)):
            prepared = prepared_from(
                repository, query, Tier.MEANING, intent, _with_dense(known, hits, snapshot, intent)
            )
            found.append((name, score(prepared, _only_dense() if name == "alone" else AS_SHIPPED)))
    return found


def _with_dense(
    known: Sequence[Candidate],
    hits: Mapping[int, tuple[Chunk, ChannelHit]],
    snapshot: Snapshot,
    intent: Intent,
) -> list[Candidate]:
    by_id = {one.chunk.id: one for one in known}
    gathered = Gathered(intent)
    for number, (chunk, hit) in hits.items():
        one = by_id.setdefault(number, gathered.of(snapshot, chunk))
        one.found = [*one.found, hit]
    return list(by_id.values())


def _only_dense() -> Weights:
    silent = dict.fromkeys(
        "bm25 definition definition_named references stem path coherence test example vendor doc data "
        "generated verbatim location repeat".split(" "),
        0.0,
    )
    return Weights(**silent)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
