"""How soon a keystroke, a save and a deletion are in the answers, in a workspace of 20,000 chunks.

Edits are made in files of 500 lines, at random places: single letters into words, and words into comments. A search for
the word is sent right behind the edit and repeated until it is found, so each time is a whole number of searches: what
one takes when nothing is edited stands beside. Through the real server; what each moment means is told in README.md.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.arguments import places_of
from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_document import Document, Edit
from benchmarks.live_parts import PartsWatch
from benchmarks.live_server import LiveServer, serving, until
from benchmarks.live_sources import Words
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.live_workspace import LiveWorkspace, prepare
from benchmarks.reporting import console

NAME = "live_edits"
SEED = 20_261_123
LANGUAGES = {".py": "Python", ".ts": "TypeScript"}
EDITS, SAVES, DELETIONS, LONE = 80, 40, 30, 80  # of each language; of each way to ask; of searches alone
QUICK = 8
OPEN_AT_ONCE = 3  # documents in each language
GIVE_UP_S = 30.0
REST_S = 0.35  # between two edits; an editor's user breathes
MEANING_POLL_S = 0.02  # the encoder gets the machine in between

TEXT = Target(p50=60, p95=150)
MEANING = Target(p95=1_000)
SAVED = Target(p95=1_500)
GONE = Target(p95=300)

Samples = dict[str, list[float]]


def main() -> None:
    """Measure, print, write."""
    options = live_parser(__doc__ or "", with_corpora=True).parse_args()
    run(options)


def run(options: argparse.Namespace) -> None:
    """About 4 minutes, and as many again where the workspace is not encoded yet."""
    places = places_of(options)
    count = QUICK if options.quick else DELETIONS
    with scratch(places.indexes) as kept:
        workspace = prepare(
            kept, places.bench, places.corpora, doomed=len(QUESTIONS) * count, quick=options.quick
        )
        with serving(workspace.folder, workspace.cache) as server:
            chunks = server.wait_until_complete()["chunks"]
            console.print(f"workspace of {chunks:,} chunks", style="dim", highlight=False)
            measured = measure(server, workspace, options.quick)
    figures = {"chunks": chunks, "measures": measured}
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


def measure(server: LiveServer, workspace: LiveWorkspace, quick: bool) -> dict[str, Any]:
    """Every measure, by name."""
    chance, words = random.Random(SEED), Words(SEED)
    lone = _lone_searches(server, words, QUICK if quick else LONE)
    documents = {
        ending: [Document(server, path, chance, words) for path in paths[:OPEN_AT_ONCE]]
        for ending, paths in workspace.edited.items()
    }
    text, meaning = _typed(server, documents, chance, QUICK if quick else EDITS)
    saved = _saved(server, workspace.folder, documents, chance, QUICK if quick else SAVES)
    gone = _deleted(server, workspace.doomed)
    return {
        "a search alone": spread(lone),
        **_spreads("typed, found by its text", text, TEXT),
        **_spreads("typed, found by its meaning", meaning, MEANING),
        **_spreads("saved, in a Parquet part", saved, SAVED),
        **{f"deleted, gone from {name}": spread(times, GONE) for name, times in gone.items()},
    }


def _spreads(name: str, samples: Mapping[str, list[float]], target: Target) -> dict[str, Any]:
    """All samples together against the target, then each language's apart."""
    together = spread([one for times in samples.values() for one in times], target)
    apart = {f"{name}: {language}": spread(times) for language, times in samples.items()}
    return {name: together, **apart}


def _lone_searches(server: LiveServer, words: Words, count: int) -> list[float]:
    return [_milliseconds(lambda: server.search(words.new())) for _ in range(count)]


def _milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


# -- typing -----------------------------------------------------------------------------------------------------


def _typed(
    server: LiveServer, documents: Mapping[str, list[Document]], chance: random.Random, count: int
) -> tuple[Samples, Samples]:
    """Milliseconds from the edit to the answer that has it, on both tiers; languages take turns."""
    text: Samples = {language: [] for language in LANGUAGES.values()}
    meaning: Samples = {language: [] for language in LANGUAGES.values()}
    for number in range(count):
        for ending, language in LANGUAGES.items():
            document = chance.choice(documents[ending])
            began = time.perf_counter()
            edit = document.type_letter() if number % 2 else document.type_word()
            until(lambda: is_live(server, document, edit), GIVE_UP_S)  # noqa: B023 (called at once)
            text[language].append((time.perf_counter() - began) * 1000)
            until(lambda: is_understood(server, document, edit), GIVE_UP_S, MEANING_POLL_S)  # noqa: B023
            meaning[language].append((time.perf_counter() - began) * 1000)
            time.sleep(REST_S)
    return text, meaning


def is_live(server: LiveServer, document: Document, edit: Edit) -> bool:
    """Whether a search for what was typed has the chunk in which it stands, by its text and unsaved."""
    return bool(_hits(server.search(edit.word), document, edit))


def is_understood(server: LiveServer, document: Document, edit: Edit) -> bool:
    """The same, and every chunk has a contextual vector of what it says now."""
    answer = server.search(edit.word)
    coverage = answer["coverage"]
    return coverage["meaning"] == coverage["chunks"] and bool(_hits(answer, document, edit))


def _hits(answer: Any, document: Document, edit: Edit) -> list[Any]:
    uri = document.path.as_uri()
    return [
        hit
        for hit in answer["hits"]
        if hit["uri"] == uri and has_by_text(hit, edit.line) and hit["freshness"] == "live"
    ]


def has_by_text(hit: Any, line: int) -> bool:
    """Whether a line is the hit's and BM25 has found it: a word like no other stands there."""
    extent = hit["range"]["start"]["line"], hit["range"]["end"]["line"]
    by_text = any(part["source"] == "bm25" for part in hit["contributions"])
    return by_text and extent[0] <= line <= extent[1]


# -- saving and deleting ----------------------------------------------------------------------------------------


def _saved(
    server: LiveServer,
    folder: Path,
    documents: Mapping[str, list[Document]],
    chance: random.Random,
    count: int,
) -> Samples:
    """Milliseconds from didSave to the first manifest that names a part with the saved text."""
    samples: Samples = {language: [] for language in LANGUAGES.values()}
    for _ in range(count):
        for ending, language in LANGUAGES.items():
            document = chance.choice(documents[ending])
            edit = document.type_word()
            until(lambda: is_live(server, document, edit), GIVE_UP_S)  # noqa: B023
            watch = PartsWatch(folder)
            began = time.perf_counter()
            document.save()
            watch.wait_for(document.path.relative_to(folder).as_posix(), edit.word, GIVE_UP_S)
            samples[language].append((time.perf_counter() - began) * 1000)
            time.sleep(REST_S)
    return samples


def _deleted(server: LiveServer, doomed: Mapping[Path, str]) -> Samples:
    """Milliseconds from unlinking a file to the first answer without it, by what was asked; they take turns."""
    samples: Samples = {name: [] for name in QUESTIONS}
    names = list(QUESTIONS)
    for number, (path, word) in enumerate(doomed.items()):
        name = names[number % len(names)]
        server.settle()
        was = QUESTIONS[name](server, path, word)
        assert was, f"{path} is not indexed"
        began = time.perf_counter()
        path.unlink()
        server.deleted([path])
        until(lambda: QUESTIONS[name](server, path, word) != was, GIVE_UP_S)  # noqa: B023
        samples[name].append((time.perf_counter() - began) * 1000)
    return samples


def _by_word(server: LiveServer, path: Path, word: str) -> int:
    return sum(hit["uri"] == path.as_uri() for hit in server.search(word)["hits"])


def _by_path(server: LiveServer, _: Path, word: str) -> int:
    return len(server.search(f"path:{word}")["hits"])


def _counted(server: LiveServer, *_: object) -> int:
    return sum(root["files"] for root in server.status()["roots"])


QUESTIONS: Mapping[str, Callable[[LiveServer, Path, str], int]] = {
    "a search for its word": _by_word,
    "a path: query": _by_path,
    "codeintel/status": _counted,
}


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print a line for each measure."""
    console.print(spreads_table(f"Milliseconds, {figures['chunks']:,} chunks", figures["measures"]))


if __name__ == "__main__":
    main()
