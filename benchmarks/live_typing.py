"""Fast typing for a minute, or ten with `--long`: an edit every 150 ms, a hover behind each, in 20,000 chunks.

In the end, with text unsaved, with all of it saved, and after `indexctl gc`, the answers must be those of an index that
is built from nothing over the same texts.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.arguments import places_of
from benchmarks.corpora import read_repositories
from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_document import Document
from benchmarks.live_server import LiveServer, Sent, serving
from benchmarks.live_sources import Words
from benchmarks.live_targets import Target, spread, spreads_table, verdict
from benchmarks.live_workspace import LiveWorkspace, prepare
from benchmarks.reporting import console, table
from codeintel.catalog.folder import FOLDER_NAME
from codeintel.cli.stdio import RefusedError
from codeintel.service import Service
from codeintel.settings import Settings, from_flags

NAME = "live_typing"
EVERY_S = 0.15
SAVE_EVERY, SEARCH_EVERY = 100, 10  # edits
MINUTES, LONG_MINUTES, QUICK_MINUTES = 1.0, 10.0, 0.2
QUERIES, TYPED_QUERIES = 100, 20
HOVER = Target(p95=100)
SEED = 20_261_123
UPKEEP_S = 6.0  # a rest, in which tantivy forgets what was deleted where it is told to

Answers = dict[str, list[tuple[str, int, int, float]]]


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of it: times of hovers and searches, the words that were typed last, edits that came late."""

    hovers: list[Sent]
    searches: list[Sent]
    words: list[str]
    late: int


def main() -> None:
    """Measure, print, write."""
    made = live_parser(__doc__ or "", with_corpora=True)
    made.add_argument("--long", action="store_true", help="type for ten minutes")
    run(made.parse_args())


def run(options: argparse.Namespace) -> None:
    """Two minutes more than is typed, and four more where the workspace is not encoded yet."""
    places = places_of(options)
    minutes = QUICK_MINUTES if options.quick else LONG_MINUTES if getattr(options, "long", False) else MINUTES
    texts = [query.text for repository in read_repositories(places.bench) for query in repository.queries]
    queries = random.Random(SEED).sample(sorted(set(texts)), QUERIES)
    with scratch(places.indexes) as kept:
        workspace = prepare(kept, places.bench, places.corpora, doomed=0, quick=options.quick)
        figures = {"minutes": minutes, **measure(workspace, kept, minutes, queries)}
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


def measure(workspace: LiveWorkspace, kept: Path, minutes: float, queries: Sequence[str]) -> dict[str, Any]:
    """Type, ask, build anew, ask again, compare."""
    with serving(workspace.folder, workspace.cache) as server:
        chunks = server.wait_until_complete()["chunks"]
        chance, words = random.Random(SEED), Words(SEED)
        documents = [Document(server, paths[0], chance, words) for paths in workspace.edited.values()]
        typed = _type(server, documents, minutes * 60)
        asked = [*queries, *typed.words[-TYPED_QUERIES:]]
        _rest(server)
        found = {"unsaved": _answers(server, asked)}
        texts = {document.path: document.text for document in documents}
        for document in documents:
            document.save()
        _rest(server)
        found["saved"] = _answers(server, asked)
    _reclaim(workspace)
    found["saved, after indexctl gc"] = _new_session(workspace.folder, workspace.cache, asked)
    fresh = _fresh_answers(workspace, kept / "live-fresh", texts, asked)
    return {
        "chunks": chunks,
        "edits": len(typed.hovers),
        "late_edits": typed.late,
        "measures": {
            "hover": spread(_milliseconds(typed.hovers), HOVER),
            "search": spread(_milliseconds(typed.searches)),
        },
        "compared": {name: comparison(answers, fresh) for name, answers in found.items()},
    }


def _type(server: LiveServer, documents: Sequence[Document], seconds: float) -> Typed:
    typed = Typed([], [], [], 0)
    began, edits, late = time.perf_counter(), 0, 0
    while time.perf_counter() - began < seconds:
        document = documents[edits // SAVE_EVERY % len(documents)]
        edit = document.type_word() if edits % SEARCH_EVERY == 0 else document.type_letter()
        edits += 1
        place = {"line": edit.line, "character": 4}
        hover = {"textDocument": {"uri": document.path.as_uri()}, "position": place}
        typed.hovers.append(server.send("textDocument/hover", hover))
        typed.words.append(edit.word)
        if edits % SEARCH_EVERY == 0:
            query = {"query": edit.word, "limit": 10, "explain": True}
            typed.searches.append(server.send("codeintel/search", query))
        if edits % SAVE_EVERY == SAVE_EVERY // 2:
            document.save()
        pause = began + edits * EVERY_S - time.perf_counter()
        late += pause < -1
        time.sleep(max(0.0, pause))
    return Typed(typed.hovers, typed.searches, typed.words, late)


def _rest(server: LiveServer) -> None:
    """Leave the server alone for as long as it takes to see everything and to do its upkeep."""
    time.sleep(UPKEEP_S)
    server.settle()


def _milliseconds(every: Sequence[Sent]) -> list[float]:
    return [sent.milliseconds for sent in every if sent.answer.exception(60) is None and sent.milliseconds]


def _answers(server: LiveServer, queries: Sequence[str]) -> Answers:
    """Path, lines and score of each hit, by query; without those that the query language refuses."""
    found: Answers = {}
    for query in queries:
        try:
            hits = server.search(query)["hits"]
        except RefusedError:
            continue
        found[query] = [
            (hit["path"], hit["range"]["start"]["line"], hit["range"]["end"]["line"], hit["score"])
            for hit in hits
        ]
    return found


def _fresh_answers(
    workspace: LiveWorkspace, folder: Path, texts: Mapping[Path, str], queries: Sequence[str]
) -> Answers:
    """Those of an index that is made anew over a copy with the same texts; vectors come from the cache."""
    shutil.rmtree(folder, ignore_errors=True)
    copy = folder / workspace.folder.name  # hits carry the root's name
    shutil.copytree(workspace.folder, copy, ignore=shutil.ignore_patterns(FOLDER_NAME))
    for path, text in texts.items():
        (copy / path.relative_to(workspace.folder)).write_text(text, encoding="utf-8", newline="")
    answers = _new_session(copy, workspace.cache, queries)
    shutil.rmtree(folder)
    return answers


def _new_session(folder: Path, cache: Path, queries: Sequence[str]) -> Answers:
    with serving(folder, cache) as server:
        server.wait_until_complete()
        return _answers(server, queries)


def _reclaim(workspace: LiveWorkspace) -> None:
    """What `indexctl gc` does; afterwards no statistics count text that is gone."""
    flags = from_flags({"model.cache": str(workspace.cache)})
    with Service.open([workspace.folder], Settings.resolve([flags])[0]) as service:
        service.reclaim()


def comparison(ours: Answers, fresh: Answers) -> dict[str, Any]:
    """How many queries have the same hits in the same order, which is what is asked for.

    The gap is that of the scores of those: terms of text that was deleted count in the statistics for a while.
    """
    assert ours.keys() == fresh.keys()
    different = [query for query in fresh if _places(ours[query]) != _places(fresh[query])]
    gaps = [
        abs(one[3] - other[3])
        for query in fresh
        if query not in different
        for one, other in zip(ours[query], fresh[query], strict=True)
    ]
    return {
        "queries": len(fresh),
        "same_hits": len(fresh) - len(different),
        "different": different[:5],
        "largest_score_gap": max(gaps, default=0.0),
        "equal": not different,
    }


def _places(hits: Sequence[tuple[str, int, int, float]]) -> list[tuple[str, int, int]]:
    return [hit[:3] for hit in hits]


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print times, then the comparison."""
    title = f"Milliseconds while typing, {figures['edits']:,} edits in {figures['minutes']:g} minutes"
    console.print(spreads_table(f"{title}, {figures['chunks']:,} chunks", figures["measures"]))
    rows = [
        [
            name,
            f"{one['same_hits']} of {one['queries']}",
            f"{one['largest_score_gap']:.1e}",
            verdict(one["equal"]),
        ]
        for name, one in figures["compared"].items()
    ]
    console.print(table("Answers beside those of a fresh index", ["", "the same", "score gap", ""], rows))
    for name, one in figures["compared"].items():
        for query in one["different"]:
            console.print(f"{name}: other hits for {query}", markup=False, highlight=False)


if __name__ == "__main__":
    main()
