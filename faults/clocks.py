"""Row 16: clocks that are a year off, and files whose time and size say that nothing changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from codeintel.catalog.folder import FOLDER_NAME
from faults.client import Client, until
from faults.commits import EDITED, Edits
from faults.editing import found, reindexed, save, told, until_durable
from faults.equality import differences
from faults.laboratory import laboratory, project, write
from faults.outcome import Findings, Outcome, Scale
from faults.shims import shifted_clock

YEAR_S: Final = 365 * 24 * 3600
SHIFTS: Final = {
    Scale.SHORT: ((YEAR_S, 0),),
    Scale.LONG: ((YEAR_S, 0), (0, -YEAR_S), (-YEAR_S, YEAR_S)),
}
"""By how much the clock is off in one session, and in the next."""

EDITS: Final = {Scale.SHORT: 1, Scale.LONG: 60}
PATIENCE_S: Final = 10.0
TEXT: Final = "class Clock:\n    def {word}(self):\n        return '{word}'\n"
WORDS: Final = ("alpaca", "beaver", "coyote", "donkey", "ermine", "ferret")


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    with laboratory() as folder:
        with findings.during("same time and size"):
            _same_stat(findings, folder / "stat" / "ws")
        for shifts in SHIFTS[scale]:
            with findings.during(f"clocks {shifts}"):
                _shifted(findings, folder, shifts, EDITS[scale])
    return findings.outcome(
        16,
        "clock",
        "the clock a year ahead and back between and during runs; other content under the same time and size",
        "content decides, nothing stale",
    )


def _same_stat(findings: Findings, workspace: Path) -> None:
    """Write other content of the same length, put the time back, and say so in each way, or in none."""
    ways: dict[str, Callable[[Client, Path], object]] = {
        "saved": save,
        "told by the client": lambda client, path: told(client, [path]),
        "found by a rescan": lambda client, _: reindexed(client),
    }
    path = write(project(workspace, 8) / EDITED, TEXT.format(word="first0"))
    words = iter(WORDS)
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        for way, tell in ways.items():
            word = next(words)
            _rewrite_unnoticed(path, TEXT.format(word=word))
            tell(client, path)
            findings.expect(
                _is_found_soon(client, word), f"same time and size, {way}: the old text is served"
            )
        client.stop()
    word = next(words)
    _rewrite_unnoticed(path, TEXT.format(word=word))
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        findings.expect(
            _is_found_soon(client, word), "same time and size, changed while closed: the old text is served"
        )
        client.stop()
    findings.figures["same time and size"] = f"{len(ways) + 1} ways"


def _rewrite_unnoticed(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def _is_found_soon(client: Client, word: str) -> bool:
    try:
        until(lambda: bool(found(client, word)), PATIENCE_S)
    except Exception:
        return False
    return True


def _shifted(findings: Findings, folder: Path, shifts: tuple[int, int], edits: int) -> None:
    """One session under one clock, the next under another, files dated accordingly."""
    workspace = folder / f"clock{shifts[0]}{shifts[1]}" / "ws"
    project(workspace, 8)
    for number, shift in enumerate(shifts):
        with Client(environment=shifted_clock(shift)) as client:
            client.start(workspace)
            reindexed(client)
            made = Edits(client, workspace)
            made.number += number * 1_000
            for _ in range(edits):
                made.next()
                now = time.time() + shift
                os.utime(workspace / EDITED, (now, now))
                save(client, workspace / EDITED)
                until_durable(workspace, made.word)
            findings.expect(bool(found(client, made.word)), f"clock {shift}: the last edit is not found")
            findings.expect(client.stop() == 0, f"clock {shift}: the server did not end cleanly")
    for difference in differences(workspace, folder / "scratch"):
        findings.expect(False, f"clocks {shifts}: {difference}")
    parts = sum(1 for _ in (workspace / FOLDER_NAME).rglob("*.parquet"))
    findings.figures[f"clocks {shifts[0] // YEAR_S:+d} and {shifts[1] // YEAR_S:+d} years"] = (
        f"{parts} parts left"
    )
    findings.expect(parts <= MOST_PARTS, f"clocks {shifts}: {parts} parts are left on disk")


MOST_PARTS: Final = 400
"""Two tables of 120 deltas within their minute of grace, and as much again."""
