"""Chooses the constants of search/weights.py on the development repositories and says what they are worth elsewhere.

Coordinate ascent over a grid on the mean of both tiers' NDCG@10. The in-sample figure flatters; the leave-one-
language-out figure, in which a language is scored with constants tuned on the others, is what to expect.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import stdev
from typing import Any

from benchmarks.arguments import Places, parser, places_of
from benchmarks.candidates import AS_SHIPPED, PreparedQuery, prepare
from benchmarks.corpora import Repository, read_repositories
from benchmarks.fast_ranking import check_equal, score
from benchmarks.metrics import grouped_means, mean
from benchmarks.reporting import console, table, write_result
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.service import Tier

NAME = "tune_ranking"
PASSES = 3  # over the grid; the third changes little
STANDARD_ERRORS = 2.0
"""What a change has to gain, in standard errors of its gain over the repositories: with any gain taken, a language that
is left out scored .013 less than in sample (docs/decisions/0013)."""
COMPARED_EVERY = 4  # every fourth query is compared with the product's ranking before tuning
TIERS = (Tier.TEXT, Tier.MEANING)
NEUTRAL = replace(
    AS_SHIPPED,
    rank_constant=60.0,  # of Cormack et al. 2009
    definition=0.5,
    definition_named=0.5,
    references=0.5,
    stem=0.5,
    path=0.5,
    coherence=0.5,
    verbatim=0.5,
    repeat=0.5,
    test=0.5,
    example=0.5,
    vendor=0.5,
    doc=0.5,
    data=0.5,
)
"""Constants that nobody chose by looking at these repositories: what tuning gains from here is no memory of theirs."""

# bm25 is the unit. `candidates` and `boosts` need a new search and are not tuned here.
GRID: Mapping[str, tuple[float, ...]] = {
    "rank_constant": (5, 8, 12, 16, 20, 30, 45, 60),
    "dense": (0.5, 0.7, 0.85, 1.0, 1.2, 1.5),
    "static": (0.3, 0.5, 0.65, 0.8, 1.0, 1.2),
    "splade": (0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0),
    "definition": (0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3),
    "definition_named": (0.4, 0.8, 1.2, 1.6, 2.0, 3.0),
    "references": (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
    "stem": (0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0),
    "path": (0, 0.08, 0.15, 0.25, 0.4, 0.6),
    "verbatim": (0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "coherence": (0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3),
    "test": (0, 0.25, 0.5, 0.8, 1.2),
    "example": (0, 0.2, 0.4, 0.8),
    "vendor": (0, 0.1, 0.2, 0.4),
    "doc": (0, 0.15, 0.3, 0.6),
    "data": (0, 0.1, 0.2, 0.4),
    "repeat": (0, 0.15, 0.3, 0.4, 0.5, 0.65, 0.8),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """NDCG@10 of each repository on each tier."""

    by_tier: Mapping[Tier, Mapping[str, float]]

    def objective(self, names: Sequence[str]) -> float:
        """What is maximised: the mean over both tiers and the named repositories."""
        return mean(self.by_tier[tier][name] for tier in TIERS for name in names)


class Trial:
    """Scores weights on the prepared queries and remembers what it has scored."""

    def __init__(self, queries: Sequence[PreparedQuery]) -> None:
        self._queries = queries
        self._known: dict[tuple[float, ...], Outcome] = {}

    def outcome(self, weights: Weights) -> Outcome:
        """The scores under `weights`; about 0.15 s for 840 queries that are not known yet."""
        key = tuple(getattr(weights, name) for name in GRID)
        if key not in self._known:
            scored = grouped_means(
                ((one.tier, one.repository.name), score(one, weights)) for one in self._queries
            )
            self._known[key] = Outcome(
                {tier: {name: value for (of, name), value in scored.items() if of is tier} for tier in TIERS}
            )
        return self._known[key]

    def best(self, start: Weights, names: Sequence[str]) -> Weights:
        """Coordinate ascent from `start` on the named repositories, until a pass over the grid changes nothing.

        A change is made only if its gain is no chance, by STANDARD_ERRORS.
        """
        weights = start
        for _ in range(PASSES):
            before = weights
            for constant, values in GRID.items():
                tried = [varied(weights, constant, value) for value in values]
                best = max(tried, key=lambda one: self.outcome(one).objective(names))
                if self._is_gain(best, weights, names):
                    weights = best
            if weights == before:
                break
        return weights

    def _is_gain(self, new: Weights, old: Weights, names: Sequence[str]) -> bool:
        after, before = self.outcome(new), self.outcome(old)
        gains = [after.objective([name]) - before.objective([name]) for name in names]
        return mean(gains) > max(0.0, STANDARD_ERRORS * stdev(gains) / math.sqrt(len(gains)))


def main() -> None:
    """Tune, print, write; nothing of the product is changed."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """Prepare every query, prove the fast ranking equal, tune with each language left out, then with all."""
    repositories = read_repositories(places.bench)
    with places.index_folder() as folder:
        queries = [
            prepared
            for tier in TIERS
            for prepared in prepare(repositories, places.corpora, folder, tier, DEFAULT_WEIGHTS)
        ]
    for weights in (AS_SHIPPED, DEFAULT_WEIGHTS):
        compared = check_equal(queries[::COMPARED_EVERY], weights)
    console.print(f"fast ranking equals the product's on {compared} queries", style="dim", highlight=False)
    trial = Trial(queries)
    figures = tuned(trial, repositories, AS_SHIPPED)
    print_summary(figures)
    figures["from_neutral"] = {
        name: found for name, found in tuned(trial, repositories, NEUTRAL).items() if name != "sensitivity"
    }
    print_summary(figures["from_neutral"], "from neutral constants")
    write_result(places.results, NAME, figures)


def tuned(trial: Trial, repositories: Sequence[Repository], start: Weights) -> dict[str, Any]:
    """The constants chosen on everything, both estimates of what they are worth, and each constant's effect alone."""
    names = [repository.name for repository in repositories]
    chosen = trial.best(start, names)
    left_out, folds = _left_out(trial, repositories, start)
    return {
        "start": _constants(start),
        "chosen": _constants(chosen),
        "scores": {
            "start": _means(trial.outcome(start), names),
            "in_sample": _means(trial.outcome(chosen), names),
            "leave_one_language_out": {tier.name.lower(): mean(left_out[tier].values()) for tier in TIERS},
        },
        "chosen_without": folds,
        "sensitivity": {constant: _sensitivity(trial, chosen, constant, names) for constant in GRID},
    }


def _left_out(
    trial: Trial, repositories: Sequence[Repository], start: Weights
) -> tuple[dict[Tier, dict[str, float]], dict[str, dict[str, float]]]:
    """Each repository's scores under constants that never saw its language, and those constants."""
    scores: dict[Tier, dict[str, float]] = {tier: {} for tier in TIERS}
    folds: dict[str, dict[str, float]] = {}
    for language in dict.fromkeys(repository.language for repository in repositories):
        own = [repository.name for repository in repositories if repository.language == language]
        others = [repository.name for repository in repositories if repository.language != language]
        weights = trial.best(start, others)
        folds[language] = _constants(weights)
        for tier in TIERS:
            scores[tier] |= {name: trial.outcome(weights).by_tier[tier][name] for name in own}
    return scores, folds


def _sensitivity(
    trial: Trial, around: Weights, constant: str, names: Sequence[str]
) -> list[dict[str, float]]:
    """What each value of one constant gives, all others as chosen."""
    return [
        {"value": value, **_means(trial.outcome(varied(around, constant, value)), names)}
        for value in GRID[constant]
    ]


def varied(weights: Weights, constant: str, value: float) -> Weights:
    """`weights` with one constant changed."""
    change: dict[str, Any] = {constant: value}
    return replace(weights, **change)


def _means(outcome: Outcome, names: Sequence[str]) -> dict[str, float]:
    return {tier.name.lower(): mean(outcome.by_tier[tier][name] for name in names) for tier in TIERS}


def _constants(weights: Weights) -> dict[str, float]:
    return {name: getattr(weights, name) for name in GRID}


def print_summary(figures: Mapping[str, Any], what: str = "from those that ship") -> None:
    """Print the constants, what they are worth, and how much each matters."""
    folds = figures["chosen_without"].values()
    rows: list[list[object]] = [
        [name, f"{figures['start'][name]:g}", f"{value:g}", _spread_of(fold[name] for fold in folds)]
        for name, value in figures["chosen"].items()
    ]
    console.print(table(f"Constants, {what}", ["", "start", "chosen", "chosen without a language"], rows))
    scores = [[name.replace("_", " "), *_both(of)] for name, of in figures["scores"].items()]
    console.print(table("NDCG@10, chunk protocol", ["", "text", "meaning"], scores))
    if "sensitivity" in figures:
        console.print(_sensitivity_table(figures))


def _sensitivity_table(figures: Mapping[str, Any]) -> Any:
    rows: list[list[object]] = []
    for name, tried in figures["sensitivity"].items():
        for one in tried:
            mark = " *" if one["value"] == figures["chosen"][name] else ""
            rows.append([name, f"{one['value']:g}{mark}", *_both(one)])
    return table("Each constant varied alone (* as chosen)", ["", "value", "text", "meaning"], rows)


def _both(figures: Mapping[str, float]) -> tuple[str, str]:
    return f"{figures['text']:.4f}", f"{figures['meaning']:.4f}"


def _spread_of(values: Iterable[float]) -> str:
    kept = sorted(set(values))
    return f"{kept[0]:g}" if len(kept) == 1 else f"{kept[0]:g} to {kept[-1]:g}"


if __name__ == "__main__":
    main()
