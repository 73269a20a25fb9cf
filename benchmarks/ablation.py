"""What each channel and prior is worth: the ranking without it, on the same candidates, beside the whole.

Differences are paired by repository, with bootstrap intervals; nothing is tuned here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from benchmarks.arguments import Places, parser, places_of
from benchmarks.candidates import AS_SHIPPED, PreparedQuery, prepare
from benchmarks.corpora import read_repositories
from benchmarks.fast_ranking import check_equal, score
from benchmarks.metrics import bootstrap, grouped_means
from benchmarks.reporting import console, table, write_result
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.service import Tier

NAME = "ablation"
TIERS: Final = (Tier.TEXT, Tier.MEANING)
COMPARED_EVERY: Final = 20

PLACES: Final = ("test", "example", "vendor", "doc", "data", "generated")
FROM_TEXT: Final = ("coherence", "repeat")  # priors of the channels' own hits
PRIORS: Final = (
    "definition",
    "definition_named",
    "references",
    "stem",
    "path",
    "verbatim",
    "location",
    *PLACES,
    *FROM_TEXT,
)

WITHOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "bm25": ("bm25",),
    "vectors": ("dense", "static"),
    "definition": ("definition", "definition_named"),
    "references": ("references",),
    "stem": ("stem",),
    "path": ("path",),
    "verbatim": ("verbatim",),
    "place": PLACES,
    "coherence": ("coherence",),
    "repeat": ("repeat",),
    "all of structure": ("definition", "definition_named", "references"),
    "all priors": PRIORS,
}
"""What is left out together, under the name that the table has for it."""

ADDED: Final = ("splade",)
"""Channels that are off by default: with each of them on, at its weight."""


def main() -> None:
    """Measure, print, write."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """Prepare every query, then score it once for each thing left out: seconds, once everything is indexed."""
    repositories = read_repositories(places.bench)
    with places.index_folder() as folder:
        queries = {
            tier: list(prepare(repositories, places.corpora, folder, tier, DEFAULT_WEIGHTS)) for tier in TIERS
        }
    for prepared in queries.values():
        for weights in (AS_SHIPPED, DEFAULT_WEIGHTS):
            check_equal(prepared[::COMPARED_EVERY], weights)
    figures = {tier.name.lower(): _measured(prepared) for tier, prepared in queries.items()}
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _measured(queries: Sequence[PreparedQuery]) -> dict[str, Any]:
    """The whole, and how much worse it is without each, or better with what is off; by category of query, too."""
    gains = {}
    for name, constants in WITHOUT.items():
        change: dict[str, Any] = dict.fromkeys(constants, 0.0)
        gains[name] = _gain(queries, AS_SHIPPED, replace(AS_SHIPPED, **change))
    for name in ADDED:
        if any(hit.channel == name for one in queries for found in one.found for hit in found.found):
            change = {name: getattr(DEFAULT_WEIGHTS, name)}
            gains[f"{name}, which is off"] = _gain(queries, replace(AS_SHIPPED, **change), AS_SHIPPED)
    whole = _by_repository(queries, AS_SHIPPED)
    return {**asdict(bootstrap(list(whole.values()))), "gain_of": gains}


def _gain(queries: Sequence[PreparedQuery], more: Weights, less: Weights) -> dict[str, Any]:
    """How much better some weights are than others, paired by repository."""
    having, lacking = _by_repository(queries, more), _by_repository(queries, less)
    of_less = _by_category(queries, less)
    return {
        **asdict(bootstrap([having[repository] - lacking[repository] for repository in having])),
        "categories": {
            category: value - of_less[category] for category, value in _by_category(queries, more).items()
        },
    }


def _by_repository(queries: Sequence[PreparedQuery], weights: Weights) -> dict[str, float]:
    return grouped_means((one.repository.name, score(one, weights)) for one in queries)


def _by_category(queries: Sequence[PreparedQuery], weights: Weights) -> dict[str, float]:
    return grouped_means((one.query.category, score(one, weights)) for one in queries)


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print a table for each tier."""
    for tier, found in figures.items():
        rows: list[list[object]] = []
        for name, gain in found["gain_of"].items():
            categories = [f"{value:+.3f}" for _, value in sorted(gain["categories"].items())]
            rows.append(
                [name, f"{gain['mean']:+.3f}", f"[{gain['low']:+.3f}, {gain['high']:+.3f}]", *categories]
            )
        names = sorted(next(iter(found["gain_of"].values()))["categories"])
        title = f"{tier} tier: NDCG@10 {found['mean']:.3f}; what it gains by"
        console.print(table(title, ["", "gain", "95 % interval", *names], rows))


if __name__ == "__main__":
    main()
