"""How well the right places are found: NDCG@10 on real repositories, through the service, beside published figures.

Also holds the promise that a hit's contributions sum to its score to account, on the same queries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.arguments import Places, parser, places_of
from benchmarks.corpora import BenchmarkQuery, Peer, Repository, read_published, read_repositories
from benchmarks.metrics import PROTOCOLS, Protocol, Result, bootstrap, grouped_means, ndcg, rank_of
from benchmarks.reporting import console, table, write_result
from benchmarks.workspaces import indexed
from codeintel.errors import UsageError
from codeintel.service import SearchRequest, Service, Tier

NAME = "retrieval"
RANKS = "retrieval_ranks.txt"
LIMIT = 100  # enough chunks that the best ten files are among them
EXPLAINED_QUERIES = 200  # at least, for the check of sums; as many of each repository
TIERS = (Tier.TEXT, Tier.MEANING)


@dataclass(frozen=True, slots=True)
class Score:
    """One query's NDCG@10 by protocol, 0 for a query that was `refused`; `ranks` are its targets' by chunk."""

    repository: str
    language: str
    query: str
    category: str
    values: Mapping[Protocol, float]
    ranks: tuple[int | None, ...]
    refused: bool


@dataclass(slots=True)
class SumCheck:
    """How far the contributions of explained hits are from their scores."""

    queries: int = 0
    hits: int = 0
    largest_error: float = 0.0

    def look_at(self, service: Service, query: str) -> None:
        """Ask `query` with its evidence and compare every hit."""
        self.queries += 1
        for hit in service.search(SearchRequest(query, explain=True)).hits:
            error = abs(math.fsum(part.contribution for part in hit.contributions) - hit.score)
            self.hits += 1
            self.largest_error = max(self.largest_error, error)


def main() -> None:
    """Measure, print, write."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """Measure every repository on both tiers; about 3 minutes on two cores, most of it encoding."""
    repositories = read_repositories(places.bench)
    scores: dict[Tier, list[Score]] = {tier: [] for tier in TIERS}
    check = SumCheck()
    explained = math.ceil(EXPLAINED_QUERIES / len(repositories))
    with places.index_folder() as folder:
        for repository in repositories:
            for tier in TIERS:
                scores[tier] += _measured(repository, places.corpora, folder, tier, check, explained)
            console.print(_progress(repository, scores), style="dim", highlight=False)
    figures = summary(scores, read_published(places.bench), check)
    print_summary(figures)
    write_result(places.results, NAME, figures)
    (places.results / RANKS).write_text(ranks_page(scores), encoding="utf-8")


def _measured(
    repository: Repository, corpora: Path, folder: Path, tier: Tier, check: SumCheck, explained: int
) -> Iterator[Score]:
    index_folder = folder / repository.name / tier.name.lower()
    with indexed(repository.folder(corpora), index_folder, tier) as service:
        for number, query in enumerate(repository.queries):
            results = _results(service, repository, query)
            values = {protocol: ndcg(results or (), query.targets, protocol) for protocol in PROTOCOLS}
            ranks = tuple(rank_of(results or (), target, "chunk") for target in query.targets)
            named = repository.name, repository.language, query.text, query.category
            yield Score(*named, values, ranks, results is None)
            if tier is Tier.MEANING and number < explained and results is not None:
                check.look_at(service, query.text)


def _results(service: Service, repository: Repository, query: BenchmarkQuery) -> list[Result] | None:
    """The hits; None where the query language refuses the query."""
    try:
        answer = service.search(SearchRequest(query.text, limit=LIMIT, explain=False))
    except UsageError:
        return None
    return [
        Result(repository.path_of(hit.chunk.uri), hit.chunk.start_line + 1, hit.chunk.end_line + 1)
        for hit in answer.hits
    ]


def ranks_page(scores: Mapping[Tier, Sequence[Score]]) -> str:
    """A line for each query with the ranks of its targets on each tier, to be read as a diff of two versions.

    Queries are told by their number within the repository, `-` is a target beyond rank 100.
    """
    lines = [f"{'repository':<16} {'query':>5} {'category':<12} {'text':<12} meaning"]
    numbers: dict[str, int] = {}
    for text, meaning in zip(scores[Tier.TEXT], scores[Tier.MEANING], strict=True):
        number = numbers[text.repository] = numbers.get(text.repository, 0) + 1
        ranks = [
            " ".join("-" if rank is None else str(rank) for rank in one.ranks) for one in (text, meaning)
        ]
        lines.append(f"{text.repository:<16} {number:>5} {text.category:<12} {ranks[0]:<12} {ranks[1]}")
    return "\n".join([*lines, ""])


def _progress(repository: Repository, scores: Mapping[Tier, Sequence[Score]]) -> str:
    parts = []
    for tier in TIERS:
        own = grouped_means((score.repository, score.values["chunk"]) for score in scores[tier])
        parts.append(f"{tier.name.lower()} {own[repository.name]:.3f}")
    return f"{repository.name:<16} {'  '.join(parts)}"


def summary(scores: Mapping[Tier, Sequence[Score]], peers: Sequence[Peer], check: SumCheck) -> dict[str, Any]:
    """All figures as JSON: by tier and protocol, the peers', and the sums' largest error."""
    tiers = {
        tier.name.lower(): {protocol: _figures(scores[tier], protocol) for protocol in PROTOCOLS}
        for tier in TIERS
    }
    languages = {score.repository: score.language for score in scores[Tier.TEXT]}
    return {
        "repositories": len(languages),
        "queries": len(scores[Tier.TEXT]),
        "refused": [score.query for score in scores[Tier.TEXT] if score.refused],
        "tiers": tiers,
        "published": {peer.name: _peer_figures(peer, languages, tiers) for peer in peers},
        "sums": asdict(check),
    }


def _figures(scores: Sequence[Score], protocol: Protocol) -> dict[str, Any]:
    """Means over repositories (and over a language's repositories); categories are means over queries."""
    by_repository = grouped_means((score.repository, score.values[protocol]) for score in scores)
    languages = {score.repository: score.language for score in scores}
    return {
        **asdict(bootstrap(list(by_repository.values()))),
        "repositories": by_repository,
        "languages": grouped_means((languages[name], value) for name, value in by_repository.items()),
        "categories": grouped_means((score.category, score.values[protocol]) for score in scores),
    }


def _peer_figures(peer: Peer, languages: Mapping[str, str], tiers: Mapping[str, Any]) -> dict[str, Any]:
    """A peer's published figures on the same repositories, and how much better each tier is, paired by repository."""
    shared = {name: peer.scores[name] for name in languages if name in peer.scores}
    ahead = {
        tier: asdict(
            bootstrap([figures[peer.protocol]["repositories"][name] - shared[name] for name in shared])
        )
        for tier, figures in tiers.items()
    }
    return {
        "protocol": peer.protocol,
        **asdict(bootstrap(list(shared.values()))),
        "repositories": shared,
        "languages": grouped_means((languages[name], value) for name, value in shared.items()),
        "ahead": ahead,
    }


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print the tables: overall, by repository, by language, by category."""
    console.print(_overall(figures))
    for protocol in PROTOCOLS:
        for grouping in ("repositories", "languages", "categories"):
            console.print(_by(figures, protocol, grouping))
    for query in figures["refused"]:
        console.print(f"refused, so it scores 0: {query}", style="yellow", highlight=False)
    sums = figures["sums"]
    console.print(
        f"contributions of {sums['hits']:,} hits of {sums['queries']} queries sum to their scores within "
        f"{sums['largest_error']:.1e}"
    )


def _overall(figures: Mapping[str, Any]) -> Any:
    rows: list[list[object]] = []
    for protocol in PROTOCOLS:
        for tier, by_protocol in figures["tiers"].items():
            rows.append([f"codeintel, {tier} tier", protocol, *_interval(by_protocol[protocol]), None])
        for name, peer in figures["published"].items():
            if peer["protocol"] == protocol:
                ahead = peer["ahead"]["meaning"]
                difference = f"{ahead['mean']:+.3f} [{ahead['low']:+.3f}, {ahead['high']:+.3f}]"
                rows.append([f"{name}, published", protocol, *_interval(peer), difference])
    title = f"NDCG@10, mean over {figures['repositories']} repositories, {figures['queries']} queries"
    return table(title, ["", "protocol", "mean", "95 % interval", "codeintel (meaning) is ahead by"], rows)


def _interval(figures: Mapping[str, Any]) -> tuple[float, str]:
    return figures["mean"], f"[{figures['low']:.3f}, {figures['high']:.3f}]"


def _by(figures: Mapping[str, Any], protocol: Protocol, grouping: str) -> Any:
    columns = {tier: by_protocol[protocol][grouping] for tier, by_protocol in figures["tiers"].items()}
    for name, peer in figures["published"].items():
        if peer["protocol"] == protocol and grouping in peer:
            columns[name] = peer[grouping]
    keys = sorted(columns["text"])
    rows = [[key, *(column.get(key) for column in columns.values())] for key in keys]
    return table(f"{protocol} protocol by {grouping}", ["", *columns], rows)


if __name__ == "__main__":
    main()
