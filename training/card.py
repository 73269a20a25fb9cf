"""Writes MODEL_CARD.md: the template of this folder, filled with what the steps of training left in the work folder.

    python -m training.card --work DIR --model DIR

Figures that were not taken are said to be missing; none is written by hand.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import torch
from benchmarks.metrics import mean

from training.average import SHARE
from training.code_encoder import TOKEN_WIDTH
from training.export_model import BASE_SHA256, MAX_TOKENS
from training.sources import read_sources

TEMPLATE = Path(__file__).with_name("model_card.template.md")
MISSING = "not measured"
# The models of figures.json as the card calls them: before, as shipped, before quantisation.
PRESENT, SHIPPED, EXACT = "present", "candidate", "fp32"


def write_card(work: Path, model: Path) -> None:
    """Fill the template for the model in `model` from the JSON files in `work`."""
    counts = _json(work / "pairs.counts.json")
    figures = _json(work / "figures.json")
    speed = _json(work / "speed.json")
    sources = [one for one in read_sources() if one.github in counts.get("repository", {})]
    values = {
        "licences": _counted(Counter(one.licence for one in sources)),
        "base_sha256": BASE_SHA256,
        "files": _files(model),
        "token_width": str(TOKEN_WIDTH),
        "max_tokens": str(MAX_TOKENS),
        "pair_count": f"{sum(counts.get('kind', {}).values()):,}",
        "repository_count": str(len(counts.get("repository", {}))),
        "kinds": _counted(counts.get("kind", {})),
        "pair_languages": _counted(counts.get("language", {})),
        "static_course": _static_course(work / "static.course.json"),
        "encoder_course": _course(work / "tuned.pt"),
        "heads_course": _course(work / "final.pt"),
        "share": f"{SHARE:g}",
        "measured_repositories": str(_repositories(figures)),
        "retrieval": _retrieval(figures),
        "languages": _languages(figures),
        "precision": _precision(figures, speed),
        "speed": _speed(speed),
    }
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)
    (model / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _counted(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda entry: -entry[1])
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or MISSING


def _files(model: Path) -> str:
    entries = _json(model / "checksums.json").items()
    return "\n".join(f"| `{name}` | {entry['bytes']:,} | `{entry['sha256']}` |" for name, entry in entries)


def _course(path: Path) -> str:
    """First and last losses of a run, with the pairs it saw."""
    course = torch.load(path)["course"] if path.is_file() else []
    if not course:
        return MISSING
    first, last = course[0], course[-1]
    parts = [f"{name} {first[name]:.2f} to {last[name]:.2f}" for name in ("dense", "maxsim", "xtr", "terms")]
    return f"{int(last['seen']):,} pairs; losses {', '.join(parts)}"


def _static_course(path: Path) -> str:
    course = _json(path).get("losses", [])
    return f"loss {course[0]:.2f} to {course[-1]:.2f}" if course else MISSING


def _repositories(figures: Mapping[str, Any]) -> int:
    shipped = figures.get(SHIPPED, {}).get("dense", {})
    return len(shipped.get("repositories", {}))


def _retrieval(figures: Mapping[str, Any]) -> str:
    names = [name for name in figures if name != EXACT]
    ways = list(dict.fromkeys(way for of_model in figures.values() for way in of_model))
    rows = [[way, *(_mean(figures[name].get(way)) for name in names)] for way in ways]
    return _table(["", *names], rows)


def _languages(figures: Mapping[str, Any]) -> str:
    shipped = figures.get(SHIPPED, {})
    if not shipped:
        return MISSING
    before = figures.get(PRESENT, {}).get("hybrid", {}).get("languages", {})
    languages = next(iter(shipped.values()))["languages"]
    rows = [
        [
            language,
            _number(before.get(language)),
            *(_number(way["languages"][language]) for way in shipped.values()),
        ]
        for language in languages
    ]
    return _table(["", "hybrid, before", *shipped], rows)


def _precision(figures: Mapping[str, Any], speed: Mapping[str, Any]) -> str:
    exact, shipped = figures.get(EXACT), figures.get(SHIPPED)
    parts = [f"{name} {value}" for name, value in speed.get("int8 against fp32", {}).items()]
    if not exact or not shipped:
        return "; ".join(parts) or MISSING
    names = exact["dense"]["repositories"].keys() & shipped["dense"]["repositories"].keys()
    rows = [[way, _mean(exact[way], names), _mean(shipped[way], names)] for way in shipped]
    where = (
        f"On the {len(names)} repositories on which both were measured. On single texts: {'; '.join(parts)}."
    )
    return f"{where}\n\n{_table(['', 'fp32', 'int8'], rows)}"


def _speed(speed: Mapping[str, Any]) -> str:
    names = list(speed.get("passages a second", {}))
    rows = (
        [[what, *(str(speed[what][name]) for name in names)] for what in ("passages a second", "query, ms")]
        if names
        else []
    )
    return _table(["", *names], rows) if rows else MISSING


def _mean(way: Mapping[str, Any] | None, names: Collection[str] | None = None) -> str:
    """The mean over repositories, all or those of `names`."""
    if way is None:
        return "–"
    return _number(
        mean(value for name, value in way["repositories"].items() if names is None or name in names)
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return MISSING
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def main() -> None:
    """Write the card of a model folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    write_card(options.work, options.model)


if __name__ == "__main__":
    main()
