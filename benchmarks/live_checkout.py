"""How soon the answers are right after a git checkout that changes 400 of 2,000 files, there and back.

The client does not offer to watch files, so our own watcher sees what git does. Each way there leads to a branch of its
own, whose passages nobody has encoded yet; the way back must encode nothing.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_server import LiveServer, serving, until
from benchmarks.live_sources import NOUNS, Words, source_paths, write_sources
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.reporting import console

NAME = "live_checkout"
FILES, QUICK_FILES = 2_000, 200
CHANGED = 5  # every so many files is different in a branch
FUNCTIONS_EACH = 4
ROUNDS, QUICK_ROUNDS = 5, 1
SAMPLED = 20
REST_S = 3.0  # so that upkeep does not meet the next checkout
GIVE_UP_S = 120.0
POLL_S = 0.05
SEED = 20_261_123
TARGET = Target(max=10_000)
MAIN = "main"
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-c", "gc.auto=0")


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About 3 minutes, of which 1 is for encoding the first branch."""
    files, rounds = (QUICK_FILES, QUICK_ROUNDS) if options.quick else (FILES, ROUNDS)
    with scratch(options.indexes) as kept:
        folder, cache = kept / f"live-checkout-{files}", kept / "live-checkout-vectors"
        for left in (folder, cache):  # else what the ways there lead to is known from the last run
            shutil.rmtree(left, ignore_errors=True)
        branches = make_repository(folder, files, rounds)
        with serving(folder, cache, watches=False) as server:
            server.wait_until_complete()
            figures = measure(server, branches)
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


def make_repository(folder: Path, files: int, branches: int) -> dict[str, dict[Path, str]]:
    """A repository on its main branch; for each other branch its changed files with the word that each has there."""
    write_sources(folder, files, FUNCTIONS_EACH)
    _git(folder, "init", "-q", "-b", MAIN)
    _commit(folder, "first")
    words = Words(SEED)
    made = {}
    for number in range(branches):
        name = f"branch-{number}"
        _git(folder, "checkout", "-q", "-b", name, MAIN)
        changed = sorted(source_paths(folder, files))[number % CHANGED :: CHANGED]
        made[name] = {path: _change(path, words.new()) for path in changed}
        _commit(folder, name)
    _git(folder, "checkout", "-q", MAIN)
    return made


def _change(path: Path, word: str) -> str:
    """Put a word in the place of a noun in the first function; answers the word."""
    noun = next(noun for noun in NOUNS if path.name.startswith(f"{noun}_"))
    text = path.read_text(encoding="utf-8")
    head, found, rest = text.partition("found")
    path.write_text(f"{head}{word}_{noun}, {found}{rest}", encoding="utf-8")
    return word


def measure(server: LiveServer, branches: Mapping[str, Mapping[Path, str]]) -> dict[str, Any]:
    """Milliseconds until right and passages encoded, of the ways there and of those back."""
    chance = random.Random(SEED)
    taken: dict[str, list[float]] = {"there": [], "back": []}
    encoded: dict[str, list[int]] = {"there": [], "back": []}
    for name, words in branches.items():
        sample = chance.sample(sorted(words.items()), min(SAMPLED, len(words)))
        for way, branch in (("there", name), ("back", MAIN)):
            time.sleep(REST_S)
            before = server.status()["encoded"]
            _git(server.folder, "checkout", "-q", branch)
            seconds = until(lambda: is_right(server, sample, way == "there"), GIVE_UP_S, POLL_S)  # noqa: B023
            taken[way].append(seconds * 1000)
            encoded[way].append(server.status()["encoded"] - before)
    (root,) = server.status()["roots"]
    return {
        "files": root["files"],
        "chunks": root["chunks"],
        "changed_files": len(next(iter(branches.values()))),
        "measures": {way: spread(times, TARGET) for way, times in taken.items()},
        "encoded": encoded,
        "encoded_nothing_on_the_way_back": not any(encoded["back"]),
    }


def is_right(server: LiveServer, sample: Sequence[tuple[Path, str]], there: bool) -> bool:
    """Whether the words of the sample are found where they are, or nowhere, and everything is encoded."""
    for path, word in sample:
        found = [hit["uri"] for hit in server.search(f'"{word}"')["hits"]]
        if found != ([path.as_uri()] if there else []):
            return False
    return server.is_complete()


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print a line for each way."""
    title = (
        f"Milliseconds after a checkout, {figures['changed_files']:,} of {figures['files']:,} files changed"
    )
    console.print(spreads_table(title, figures["measures"]))
    for way, counts in figures["encoded"].items():
        console.print(f"passages encoded {way}: {', '.join(map(str, counts))}", highlight=False)


if __name__ == "__main__":
    main()
