"""Chooses among trained models by retrieval, never by pair loss, and says what the choice is worth elsewhere.

    python -m training.selection figures.json [--way "hybrid, rescored by maxsim"]

`figures.json` is what training.retrieval wrote for several models. The leave-one-language-out figure scores each
language with the model that is best on all others; the gap to the best model's own mean is what choosing flatters.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.metrics import mean

WAY = "hybrid, rescored by maxsim"
ByLanguage = Mapping[str, float]


def chosen(figures: Mapping[str, ByLanguage]) -> str:
    """The model with the best mean over languages."""
    return max(figures, key=lambda name: mean(figures[name].values()))


def left_out(figures: Mapping[str, ByLanguage]) -> dict[str, tuple[str, float]]:
    """For each language, the model that is best on the others, and that model's figure on it."""
    languages = next(iter(figures.values()))
    found: dict[str, tuple[str, float]] = {}
    for language in languages:
        others = {
            name: {other: value for other, value in of_model.items() if other != language}
            for name, of_model in figures.items()
        }
        best = chosen(others)
        found[language] = (best, figures[best][language])
    return found


def main() -> None:
    """Print every model's mean, the choice, and its worth."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", type=Path)
    parser.add_argument("--way", default=WAY)
    options = parser.parse_args()
    stored = json.loads(options.figures.read_text(encoding="utf-8"))
    figures = {name: ways[options.way]["languages"] for name, ways in stored.items() if options.way in ways}
    lines = [f"{name:<24} {mean(values.values()):.4f}" for name, values in figures.items()]
    folds = left_out(figures)
    lines.append(f"chosen: {chosen(figures)}")
    lines.append(f"leave one language out: {mean(value for _, value in folds.values()):.4f}")
    lines += [f"  {language:<12} {name:<24} {value:.4f}" for language, (name, value) in folds.items()]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
