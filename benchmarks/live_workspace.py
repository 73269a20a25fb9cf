"""The workspace in which typing is measured: real repositories, and made-up files that may be edited and deleted."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import read_repositories
from benchmarks.live_sources import COMMENTS, TEMPLATES, Words, functions, lines_of_code
from benchmarks.mixed_workspace import assemble

CHUNKS, QUICK_CHUNKS = 20_000, 2_000
EDITED = 6  # files in each language that may be edited
LINES = 500
CHUNKS_EACH = 41  # of a file of 500 lines
MADE_UP = "made_up"


@dataclass(frozen=True, slots=True)
class LiveWorkspace:
    """`edited` are files of 500 lines by the ending of their names; `doomed` maps files to a word only they have."""

    folder: Path
    cache: Path
    edited: dict[str, list[Path]]
    doomed: dict[Path, str]


def prepare(kept: Path, bench: Path, corpora: Path, *, doomed: int, quick: bool) -> LiveWorkspace:
    """The workspace in the folder `kept`, assembled if it is not there, its made-up files as they were at first."""
    chunks = QUICK_CHUNKS if quick else CHUNKS
    folder = kept / f"live-workspace-{chunks}"
    made_up = len(TEMPLATES) * EDITED * CHUNKS_EACH
    if not folder.exists():
        assemble(read_repositories(bench), corpora, folder, chunks - made_up)
    edited = {ending: _write_edited(folder, ending) for ending in TEMPLATES}
    return LiveWorkspace(folder, kept / "live-vectors", edited, _write_doomed(folder, doomed))


def _write_edited(folder: Path, ending: str) -> list[Path]:
    top = folder / MADE_UP / "edited"
    return [
        _written(top / f"typed_{number}{ending}", lines_of_code(ending, number, LINES))
        for number in range(EDITED)
    ]


def _write_doomed(folder: Path, count: int) -> dict[Path, str]:
    """Small files, each with a word that no other file has."""
    words, chance = Words(seed=7), random.Random(7)
    doomed = {}
    for number in range(count):
        ending, word = chance.choice(list(TEMPLATES)), words.new()
        text = f"{COMMENTS[ending]} {word}\n{functions(ending, 10_000 + number, 2)}"
        doomed[_written(folder / MADE_UP / "doomed" / f"{word}{ending}", text)] = word
    return doomed


def _written(path: Path, text: str) -> Path:
    """The file with this text; one that has it already is not touched."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return path
