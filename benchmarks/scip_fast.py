"""Our occurrences of Python files beside scip-python's of the same text, and what they cost; tags of other languages.

`--scip DIR` holds for each project a folder NAME of its Python files and NAME.scip, which scip-python made of it;
benchmarks/README.md has the commands. Nothing is written there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS
from benchmarks.reporting import console, table, write_result
from benchmarks.scip_agreement import Agreement
from benchmarks.scip_links import Links
from codeintel.analysis.columns import Columns
from codeintel.analysis.languages import language_of, parse
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.scip.reader import read_index
from codeintel.workspace.decoding import decode

NAME = "scip_fast"
PROJECTS = ("scrapy", "werkzeug")
TARGETS = {"placed": 0.995, "symbol": 0.99, "fast": 0.80, "known": 0.90}
FILE_LINES = range(400, 601)  # "a file of 500 lines"
REPEATS = 5
LINES_A_LANGUAGE = 15_000
MAX_FILE_BYTES = 400_000
SHOWN = (
    *("definition_placed", "definition_symbol", "reference_fast", "reference_known"),
    *("reference_fast_not_local", "reference_known_not_local"),
)
OUTSIDE = ("document", "library", "project")

Rows = tuple[Columns, Columns]


def main() -> None:
    """Compare, measure, print, write; two minutes."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--scip", type=Path, default=os.environ.get("CODEINTEL_SCIP"), metavar="DIR")
    made.add_argument("--corpora", type=Path, default=os.environ.get("CODEINTEL_CORPORA"), metavar="DIR")
    made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    options = made.parse_args()
    if options.scip is None or not all((options.scip / f"{name}.scip").is_file() for name in PROJECTS):
        raise SystemExit(
            "--scip (or CODEINTEL_SCIP) must name the prepared folder, see benchmarks/README.md."
        )
    figures: dict[str, Any] = {name: compare(options.scip, name) for name in PROJECTS}
    print_agreement(figures)
    if options.corpora is not None:
        figures["tags"] = measure_tags(options.corpora)
        print_tags(figures["tags"])
    write_result(options.results, NAME, figures)


def compare(folder: Path, project: str) -> dict[str, Any]:
    """The agreement of one project's rows, each document alone and linked with the others, and the time they take."""
    texts = {
        path.relative_to(folder / project).as_posix(): _text(path) for path in _python_files(folder / project)
    }
    compiled = {uri: found for uri, found, _ in read_index(folder / f"{project}.scip", texts.get)}
    ours = {uri: _rows(uri, texts[uri], project) for uri in texts}
    links = Links()
    for rows in ours.values():
        links.add(*rows)
    alone, linked = Agreement(), Agreement()
    for uri, occurrences in compiled.items():
        alone.add(occurrences, ours[uri][0])
        linked.add(occurrences, links.linked(ours[uri][0]))
    return {
        "documents": len(compiled),
        "alone": summary(alone),
        "linked": summary(linked),
        "ms_500_lines": _milliseconds(texts, project),
    }


def summary(agreement: Agreement) -> dict[str, Any]:
    """The shares that are printed and kept."""
    share = agreement.share
    return {
        "definitions": sum(count for (role, _), count in agreement.wanted.items() if role == "definition"),
        "references": sum(count for (role, _), count in agreement.wanted.items() if role == "reference"),
        "definition_placed": share("placed", "definition"),
        "definition_symbol": share("fast", "definition"),
        "reference_placed": share("placed", "reference"),
        "reference_fast": share("fast", "reference"),
        "reference_known": share("known", "reference"),
        "reference_fast_not_local": share("fast", "reference", OUTSIDE),
        "reference_known_not_local": share("known", "reference", OUTSIDE),
        "reference_by_home": {
            home: [share("fast", "reference", [home]), share("known", "reference", [home])]
            for home in ("local", *OUTSIDE)
        },
        "surplus_rows": agreement.surplus / max(1, agreement.rows),
    }


def measure_tags(corpora: Path) -> dict[str, dict[str, float]]:
    """Lines a second by language, with and without parsing, over the first files of each repository's folders."""
    spent: dict[str, dict[str, float]] = {}
    for path in sorted(path for path in corpora.rglob("*") if path.is_file()):
        if ".git" in path.parts or path.stat().st_size > MAX_FILE_BYTES:
            continue
        text = _text(path)
        language = language_of(path.name, text)
        if language.syntax is None or language.name == "python":
            continue
        here = spent.setdefault(language.name, {"lines": 0, "parse_s": 0.0, "rows_s": 0.0, "rows": 0})
        if here["lines"] < LINES_A_LANGUAGE:
            began = time.process_time()
            try:
                tree = parse(text.encode(), language.syntax)
            except ValueError:
                continue
            parsed = time.process_time()
            occurrences, _ = occurrences_of(path.name, text, language, "p", tree)
            here["rows_s"] += time.process_time() - parsed
            here["parse_s"] += parsed - began
            here["lines"] += text.count("\n")
            here["rows"] += len(occurrences["symbol"])
    return dict(sorted(spent.items()))


def print_agreement(figures: Mapping[str, Any]) -> None:
    """A line for each project and way."""
    columns = [
        "project",
        "definitions placed",
        "symbol",
        "references fast",
        "+ inferred",
        "not local",
        "+ inferred",
    ]
    rows = []
    for project in PROJECTS:
        for way in ("alone", "linked"):
            found = figures[project][way]
            rows.append([f"{project}, {way}", *(found[name] for name in SHOWN)])
    rows.append(["target", *TARGETS.values(), None, None])
    console.print(table("Our occurrences beside scip-python's", columns, rows))
    for project in PROJECTS:
        times = figures[project]["ms_500_lines"]
        console.print(f"{project}: {times['median']:.1f} ms for 500 lines (median of {times['files']} files)")


def print_tags(figures: Mapping[str, Mapping[str, float]]) -> None:
    """A line for each language."""
    rows = [
        [
            name,
            int(found["lines"]),
            *(int(found["lines"] / max(found[key], 1e-9)) for key in ("rows_s", "parse_s")),
        ]
        for name, found in figures.items()
    ]
    console.print(table("Tags: lines a second", ["language", "lines", "tags", "parsing alone"], rows))


def _rows(uri: str, text: str, project: str) -> Rows:
    return occurrences_of(uri, text, language_of(uri, text), project)


def _milliseconds(texts: Mapping[str, str], project: str) -> dict[str, float]:
    """For each file of about 500 lines the best of some runs (processor time), brought to 500 lines."""
    found = []
    for uri, text in texts.items():
        lines = text.count("\n")
        if lines in FILE_LINES:
            best = min(_seconds(uri, text, project) for _ in range(REPEATS))
            found.append(1000 * best * 500 / lines)
    return {"median": statistics.median(found), "max": max(found), "files": len(found)}


def _seconds(uri: str, text: str, project: str) -> float:
    began = time.process_time()
    _rows(uri, text, project)
    return time.process_time() - began


def _python_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if path.is_file())


def _text(path: Path) -> str:
    return decode(path.read_bytes()).text


if __name__ == "__main__":
    main()
