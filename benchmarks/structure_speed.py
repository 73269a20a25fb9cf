"""What the structure of a document costs: each part in ms per 1,000 lines, beside tree-sitter's bare parse.

The parts run on one file after the other in the same process, round by round. Times are the process's own (CPU), so
that other work on the machine counts little. Texts at the limits of LibCST follow, in seconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import libcst

from benchmarks.arguments import Places, parser, places_of
from benchmarks.corpora import Repository, read_repositories
from benchmarks.reporting import console, table, write_result
from codeintel.analysis.concrete_nodes import MAX_TOKENS, concrete_nodes
from codeintel.analysis.imports import imports_of
from codeintel.analysis.languages import language_of, parse
from codeintel.analysis.python_nesting import nesting_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.structure import structure_of
from codeintel.analysis.syntax import Language
from codeintel.analysis.syntax_nodes import syntax_nodes

NAME = "structure_speed"
ROUNDS = 3
FILES = 60  # of each language, evenly spaced over all of them by path
MAX_BYTES = 1_000_000  # larger files are not indexed
PARTS = ("parse", "syntax nodes", "nesting", "LibCST's parse", "concrete nodes", "occurrences", "everything")
TOKENS_A_LINE = 4  # of the literal: key, colon, value, comma; four more tokens are around it


@dataclass(frozen=True, slots=True)
class Source:
    """One file to measure on."""

    uri: str
    text: str
    language: Language


def main() -> None:
    """Measure, print, write."""
    made = parser(__doc__ or "")
    add_arguments(made)
    options = made.parse_args()
    run(places_of(options), options.rounds)


def add_arguments(made: argparse.ArgumentParser) -> None:
    """The arguments of this benchmark alone."""
    made.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="over all files")


def run(places: Places, rounds: int = ROUNDS) -> None:
    """Measure every language; about half a minute a round."""
    sources = list(_sources(places))
    figures = {"languages": _by_language(sources, rounds), "limits_s": _limits()}
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _sources(places: Places) -> Iterator[Source]:
    """At most FILES files of each language with a grammar."""
    by_language: dict[str, list[Source]] = {}
    for repository in read_repositories(places.bench):
        for source in _sources_of(repository, places):
            by_language.setdefault(source.language.name, []).append(source)
    for found in by_language.values():
        step = -(-len(found) // FILES)
        yield from found[::step]


def _sources_of(repository: Repository, places: Places) -> Iterator[Source]:
    folder = repository.folder(places.corpora)
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size > MAX_BYTES or language_of(path.name).syntax is None:
            continue
        text = path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
        yield Source(path.relative_to(folder).as_posix(), text, language_of(path.name, text))


def _by_language(sources: list[Source], rounds: int) -> dict[str, Any]:
    """For each language its files, lines, and the median round's ms per 1,000 lines by part."""
    lines: dict[str, int] = {}
    files: dict[str, int] = {}
    for source in sources:
        name = source.language.name
        lines[name] = lines.get(name, 0) + source.text.count("\n")
        files[name] = files.get(name, 0) + 1
    taken = [_round(sources) for _ in range(rounds)]
    return {
        name: {
            "files": files[name],
            "lines": lines[name],
            "ms_per_1000_lines": {
                part: statistics.median(one[name][part] for one in taken) * 1e6 / max(1, lines[name])
                for part in taken[0][name]
            },
        }
        for name in sorted(files)
    }


def _round(sources: list[Source]) -> dict[str, dict[str, float]]:
    """Seconds by language and part."""
    seconds: dict[str, dict[str, float]] = {}
    for source in sources:
        of_language = seconds.setdefault(source.language.name, {})
        for part, took in _timed_parts(source).items():
            of_language[part] = of_language.get(part, 0.0) + took
    return seconds


def _timed_parts(source: Source) -> dict[str, float]:
    uri, text, language = source.uri, source.text, source.language
    data = text.encode()
    assert language.syntax is not None
    tree = parse(data, language.syntax)
    parts: dict[str, Callable[[], object]] = {
        "parse": partial(parse, data, language.syntax),
        "syntax nodes": lambda: imports_of(syntax_nodes(tree, data, language).importing, language),
        "occurrences": partial(occurrences_of, uri, text, language, "project"),
        "everything": partial(structure_of, uri, text, language, "project"),
    }
    if language.name == "python":
        parts["nesting"] = partial(nesting_of, text)
        parts["LibCST's parse"] = partial(libcst.parse_module, text)
        parts["concrete nodes"] = partial(concrete_nodes, text)
    return {part: _seconds(work) for part, work in parts.items()}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _limits() -> dict[str, float]:
    """Seconds for the concrete nodes of texts just below and far above what is still parsed."""
    largest = MAX_TOKENS // TOKENS_A_LINE - 2
    texts = {
        f"a literal of {largest:,} lines": _literal(largest),
        "a literal of 20,000 lines, refused": _literal(20_000),
        "60 nested calls": "x = " + "f(" * 60 + ")" * 60,
        "12 nested patterns": "match a:\n  case " + "[" * 12 + "1" + "]" * 12 + ": pass\n",
        "a chain of 290 attributes": "x = a" + ".b" * 145,
        "100,000 open brackets, refused": "x = " + "(" * 100_000,
    }
    return {name: _seconds(partial(concrete_nodes, text)) for name, text in texts.items()}


def _literal(lines: int) -> str:
    return "x = {\n" + "".join(f'    "key{number}": {number},\n' for number in range(lines)) + "}\n"


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print a line for each language, then the texts at the limits."""
    rows = [
        [name, found["files"], found["lines"], *(found["ms_per_1000_lines"].get(part) for part in PARTS)]
        for name, found in figures["languages"].items()
    ]
    console.print(table("CPU ms per 1,000 lines", ["", "files", "lines", *PARTS], rows))
    console.print(
        table("CPU seconds for concrete nodes", ["", "s"], list(map(list, figures["limits_s"].items())))
    )


if __name__ == "__main__":
    main()
