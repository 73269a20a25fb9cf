"""The generated parts of docs/ranking.md: the weights as they are, and what each is worth by the committed ablation."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.arguments import RESULTS
from codeintel.search.weights import DEFAULT_WEIGHTS

PAGE: Final = Path(__file__).parents[1] / "docs" / "ranking.md"
TUNED: Final = "[tune_ranking](decisions/0003-ranking-constants.md)"
RETUNED: Final = "[tune_ranking, again](decisions/0013-names-of-files-and-trained-models.md)"


KINDS: Final = "[query_kinds](decisions/0016-kinds-of-query.md)"


@dataclass(frozen=True, slots=True)
class Row:
    """A weight of search/weights.py in words, and the run that set it."""

    weight: str
    what: str
    run: str


CHANNELS: Final = (
    Row(
        "bm25", "the query's words and their other forms, over text, symbols, path and file name", "the unit"
    ),
    Row("dense", "contextual vectors of meaning, times the share of chunks that have one", TUNED),
    Row("static", "vectors without context, times the share that lacks a contextual one", TUNED),
    Row("lone_name", "the share of both weights above that a query of one name leaves", RETUNED),
    Row("pasted", "the share that an error message or a line of a file leaves", KINDS),
    Row(
        "late",
        "vectors of words, by `channels.late`; **off**",
        "[decision 14](decisions/0014-late-interaction.md)",
    ),
    Row(
        "splade",
        "weights of terms, by `channels.splade`, times the share that has them; **off**",
        "[decision 15](decisions/0015-impacts-from-rows.md)",
    ),
)

PRIORS: Final = (
    Row("definition", "defines something whose name the query's words make up", TUNED),
    Row("definition_named", "defines a name that the query spells out", TUNED),
    Row("references", "defines what the code refers to often, of what is likely meant", TUNED),
    Row("stem", "the file is named after what the query asks", RETUNED),
    Row("path", "a folder is", TUNED),
    Row("coherence", "much of the file matches", RETUNED),
    Row("test", "a test, where no test is asked for (taken away)", TUNED),
    Row("example", "an example (taken away)", TUNED),
    Row("vendor", "vendored or legacy code (taken away)", TUNED),
    Row("doc", "documentation (taken away)", TUNED),
    Row("data", "data rather than code (taken away)", TUNED),
    Row("verbatim", "has three or more of the query's words as they stand there", KINDS),
    Row("generated", "in a file that a program wrote (taken away)", KINDS),
    Row(
        "location", "stands at a place that the query names: a path, a line, a frame of a stack trace", KINDS
    ),
    Row(
        "repeat", "the share of its score that each further chunk of one file, or of one text, loses", RETUNED
    ),
)


def weights_markdown() -> str:
    """A table of every channel and one of every prior, with the weights of search/weights.py."""
    return "\n\n".join(
        [
            _weights_table("channel", "finds by", CHANNELS),
            _weights_table("prior", "speaks for a chunk that", PRIORS),
        ]
    )


def _weights_table(kind: str, what: str, rows: Sequence[Row]) -> str:
    lines = [f"| {kind} | weight | {what} | set by |", "| --- | ---: | --- | --- |"]
    lines += [
        f"| `{row.weight}` | {getattr(DEFAULT_WEIGHTS, row.weight):g} | {row.what} | {row.run} |"
        for row in rows
    ]
    return "\n".join(lines)


def ablation_markdown(folder: Path = RESULTS) -> str:
    """What ranking gains by each channel and prior on each tier, by the committed run; says where there is none."""
    path = folder / "ablation.json"
    if not path.is_file():
        return "No run of `python -m benchmarks.ablation` is committed for this version."
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    tables = [_gains(tier, figures) for tier, figures in document["figures"].items()]
    environment = document["environment"]
    model = environment["models"]["encoder"]
    made = f"Measured {environment['date']} with `{model}` by `python -m benchmarks.ablation`."
    return "\n\n".join([*tables, made])


def _gains(tier: str, figures: Mapping[str, Any]) -> str:
    gains = figures["gain_of"]
    categories = sorted({name for gain in gains.values() for name in gain["categories"]})
    lines = [
        f"**{tier.capitalize()} tier**, NDCG@10 {_short(figures['mean'])}; what it gains by each:",
        "",
        "| " + " | ".join(["", "gain", "95 % interval", *categories]) + " |",
        "| " + " | ".join(["---", *["---:"] * (2 + len(categories))]) + " |",
    ]
    for name, gain in gains.items():
        cells = [_signed(gain["categories"][category]) for category in categories]
        interval = f"{_signed(gain['low'])} to {_signed(gain['high'])}"
        lines.append("| " + " | ".join([name, _signed(gain["mean"]), interval, *cells]) + " |")
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def with_parts(page: str, folder: Path = RESULTS) -> str:
    """The page with its generated parts made again."""
    for name, text in (("weights", weights_markdown()), ("ablation", ablation_markdown(folder))):
        begin, end = f"<!-- {name}: generated -->\n", f"\n<!-- /{name} -->"
        before, found, rest = page.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"the page has no part {name!r}")
        page = before + begin + text + end + rest.partition(end)[2]
    return page


def main() -> None:
    """Write the page again; `--print` prints it instead."""
    page = with_parts(PAGE.read_text(encoding="utf-8"))
    if "--print" in sys.argv[1:]:
        sys.stdout.write(page)
    else:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
