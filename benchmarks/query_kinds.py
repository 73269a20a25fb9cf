"""Queries of kinds that the benchmark lacks: error messages, phrases, paths with lines, stack traces.

Known-item search: each query is made of one place of a repository, which is its only target. How much vectors should
count is chosen for each kind by leave-one-language-out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.arguments import Places, parser, places_of
from benchmarks.candidates import AS_SHIPPED, PreparedQuery, prepare
from benchmarks.corpora import BenchmarkQuery, Repository, Target, read_repositories
from benchmarks.fast_ranking import score
from benchmarks.metrics import grouped_means, mean
from benchmarks.reporting import console, table, write_result
from benchmarks.tune_ranking import varied
from codeintel.analysis.languages import language_of
from codeintel.analysis.places import place_of
from codeintel.search.weights import Weights
from codeintel.service import Tier

NAME: Final = "query_kinds"
PER_KIND: Final = 12
"""Queries of each kind and repository: as many as the benchmark has of its own, 21 x 12."""
SHARES: Final = (1.0, 0.7, 0.5, 0.3, 0.1, 0.0)
"""Of the weight of vectors."""
MAX_FILE_CHARACTERS: Final = 200_000

_RAISES = re.compile(
    r"\b(?:raise|throw|panic!?|error|errorf|fatalf?|abort|bail!|anyhow!|fail|Errorf|New|expect)\b[^\"\n]{0,60}"
    r"\"(?P<message>[^\"\\\n]{20,120})\""
)
_HOLE = re.compile(r"\$?\{[^}]*\}|%[-+#0-9.]*[a-zA-Z]|\\\([^)]*\)|#\{[^}]*\}")
_COMMENT = re.compile(r"^\s*(?:#|//|\*|--|///)\s+(?P<words>[A-Z][A-Za-z ,']{25,90})[.,]?\s*$")
TRACE_LINES: Final[Mapping[str, str]] = {
    "python": '  File "/srv/build/{path}", line {line}, in call',
    "javascript": "    at call (/srv/build/{path}:{line}:7)",
    "typescript": "    at call (/srv/build/{path}:{line}:7)",
    "java": "\tat com.example.Service.call({name}:{line})",
    "kotlin": "\tat com.example.Service.call({name}:{line})",
    "scala": "\tat com.example.Service.call({name}:{line})",
    "csharp": "   at Example.Service.Call() in /srv/build/{path}:line {line}",
    "php": "#0 /srv/build/{path}({line}): call()",
    "ruby": "\tfrom /srv/build/{path}:{line}:in `call'",
}
"""How runtimes print a frame; the others print a path and a line."""

Lines = Mapping[str, Sequence[str]]
"""Of a repository, its code by path."""


def main() -> None:
    """Measure, print, write; nothing of the product is changed."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """About 2 minutes where the repositories are indexed."""
    repositories = read_repositories(places.bench)
    figures: dict[str, Any] = {}
    with places.index_folder() as folder:
        for kind, made in KINDS.items():
            asking = [
                replace(one, queries=tuple(_queries(one, places.corpora, kind, made))) for one in repositories
            ]
            for tier in (Tier.TEXT, Tier.MEANING):
                prepared = list(prepare(asking, places.corpora, folder, tier, AS_SHIPPED))
                figures[f"{kind}, {tier.name.lower()}"] = _measured(prepared)
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _queries(
    repository: Repository, corpora: Path, kind: str, made: Callable[[Lines], Iterator[tuple[str, str, int]]]
) -> Iterator[BenchmarkQuery]:
    """The same ones on every run: files in order, a seed for each repository."""
    top = repository.folder(corpora)
    lines: dict[str, Sequence[str]] = {}
    for file in sorted(path for path in top.rglob("*") if path.is_file()):
        uri = file.relative_to(top).as_posix()
        language = language_of(uri)
        if language.syntax is None or place_of(uri, language.name):
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if len(text) < MAX_FILE_CHARACTERS:
            lines[uri] = text.split("\n")
    found = list(made(lines))
    chosen = random.Random(repository.name + kind).sample(found, min(PER_KIND, len(found)))
    for text, uri, line in chosen:
        yield BenchmarkQuery(text, kind, (Target(repository.path_of(uri), line, line),))


def _errors(lines: Lines) -> Iterator[tuple[str, str, int]]:
    """Messages of errors as they are printed: what is filled in is a number."""
    for uri, number, line in _each(lines):
        found = _RAISES.search(line)
        if found and " " in found["message"].strip():
            yield f"Error: {_HOLE.sub('42', found['message'])}", uri, number


def _phrases(lines: Lines) -> Iterator[tuple[str, str, int]]:
    """Sentences of comments, as people remember them."""
    for uri, number, line in _each(lines):
        if found := _COMMENT.match(line):
            yield found["words"].strip(), uri, number


def _paths(lines: Lines) -> Iterator[tuple[str, str, int]]:
    for uri, number, line in _each(lines):
        if line.strip():
            yield f"{uri}:{number}", uri, number


def _traces(lines: Lines) -> Iterator[tuple[str, str, int]]:
    """Four frames at any lines of code; the one that failed is to be found."""
    chance = random.Random(len(lines))
    places = [(uri, number) for uri, number, line in _each(lines) if line.strip()]
    for _ in range(PER_KIND * (len(places) > 3)):
        frames = chance.sample(places, 4)
        language = language_of(frames[0][0]).name
        form = TRACE_LINES.get(language, "/srv/build/{path}:{line}")
        printed = [form.format(path=uri, name=uri.rpartition("/")[2], line=number) for uri, number in frames]
        if language == "python":
            text = "\n".join(["Traceback (most recent call last):", *reversed(printed), "ValueError: 42"])
        else:
            text = "\n".join(["Error: 42", *printed])
        yield (text, *frames[0])


def _each(lines: Lines) -> Iterator[tuple[str, int, str]]:
    for uri, of_file in lines.items():
        for number, line in enumerate(of_file, 1):
            yield uri, number, line


KINDS: Final[Mapping[str, Callable[[Lines], Iterator[tuple[str, str, int]]]]] = {
    "error": _errors,
    "phrase": _phrases,
    "path": _paths,
    "trace": _traces,
}


def _measured(queries: Sequence[PreparedQuery]) -> dict[str, Any]:
    by_share = {share: _by_repository(queries, _weighed(share)) for share in SHARES}
    languages = {one.repository.name: one.repository.language for one in queries}
    left_out = []
    for language in sorted(set(languages.values())):
        others = [name for name, of in languages.items() if of != language]
        best = max(SHARES, key=lambda share: mean(by_share[share][name] for name in others))
        left_out += [by_share[best][name] for name, of in languages.items() if of == language]
    return {
        "queries": len(queries),
        "by_share": {f"{share:g}": mean(found.values()) for share, found in by_share.items()},
        "leave_one_language_out": mean(left_out),
        "without": {
            name: mean(_by_repository(queries, varied(AS_SHIPPED, name, 0.0)).values())
            for name in ("verbatim", "location")
        },
        "as_shipped": mean(_by_repository(queries, AS_SHIPPED).values()),
    }


def _weighed(share: float) -> Weights:
    """What vectors have for any kind of query, by the share that is asked about."""
    return replace(
        AS_SHIPPED,
        dense=AS_SHIPPED.dense * share,
        static=AS_SHIPPED.static * share,
        pasted=1.0,
        lone_name=1.0,
    )


def _by_repository(queries: Sequence[PreparedQuery], weights: Weights) -> dict[str, float]:
    return grouped_means((one.repository.name, score(one, weights)) for one in queries)


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print how well each kind is answered by how much vectors count."""
    rows: list[list[object]] = [
        [
            kind,
            one["queries"],
            *(f"{value:.3f}" for value in one["by_share"].values()),
            f"{one['leave_one_language_out']:.3f}",
            *(f"{value:.3f}" for value in one["without"].values()),
            f"{one['as_shipped']:.3f}",
        ]
        for kind, one in figures.items()
    ]
    columns = [
        "",
        "queries",
        *(f"x {share:g}" for share in SHARES),
        "chosen elsewhere",
        "no verbatim",
        "no location",
        "as shipped",
    ]
    console.print(table("NDCG@10 by the share of the weight of vectors", columns, rows))


if __name__ == "__main__":
    main()
