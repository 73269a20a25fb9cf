"""Row 3: the disk that holds the index is full, before the first run and at an edit, and is freed again."""

from __future__ import annotations

import contextlib
import os
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from faults.client import Client, Silent, until
from faults.commits import Edits
from faults.editing import is_durable, reindexed, until_found
from faults.laboratory import laboratory, project
from faults.namespaces import as_seen_by, require_namespaces, small_disk
from faults.outcome import Findings, NotHere, Outcome, Scale

SIZES_MIB: Final = {Scale.SHORT: (4,), Scale.LONG: (4, 16, 64)}
FILES: Final = {4: 600, 16: 200, 64: 800}
"""Files of the project for a disk of that size: 200 are searched from memory first, more by way of a commit."""

KNOWN: Final = "Ledger6"
"""Defined in a file that is never edited."""

RESUME_S: Final = 30.0
STILL_FULL_S: Final = 6.0
"""How long the disk stays full after the message: writing is tried again meanwhile, and must not be told again."""

INJECTED: Final = "a tmpfs of {sizes} MB, filled before the first run and at an edit, then freed"
WANTED: Final = "the last generation is searched, one message, kept again within 30 s"


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    injected = INJECTED.format(sizes=", ".join(map(str, SIZES_MIB[scale])))
    try:
        require_namespaces()
        for size in SIZES_MIB[scale]:
            for when in CASES:
                with findings.during(f"{size} MB, {when.__doc__}"):
                    resumed = _on_a_disk(findings, size, when)
                    findings.figures[f"{size} MB, {when.__doc__}"] = f"kept again after {resumed:.1f} s"
    except NotHere as error:
        return Outcome(3, "disk full", injected, WANTED, failures=(str(error),), passed=None)
    return findings.outcome(3, "disk full", injected, WANTED)


def _on_a_disk(findings: Findings, size: int, when: Any) -> float:
    with laboratory() as folder:
        mount_point = folder / "disk"
        mount_point.mkdir()
        workspace = project(folder / "ws", FILES[size])
        with Client(wrapper=small_disk(mount_point, size), log=folder / "log") as client:
            until(lambda: os.path.ismount(as_seen_by(client.pid, mount_point)), 10)
            options = {"index": {"tier": "text", "folder": str(mount_point / "index")}}
            resumed = float(when(findings, client, workspace, mount_point, options))
            findings.expect(client.stop() == 0, f"{size} MB: the server did not end cleanly")
        log = (folder / "log").read_text(encoding="utf-8", errors="replace")
        findings.expect("Traceback" not in log, f"{size} MB: a trace in the log")
    return resumed


def _at_an_edit(
    findings: Findings, client: Client, workspace: Path, mount_point: Path, options: dict[str, Any]
) -> float:
    """full at an edit"""
    client.start(workspace, options=options)
    reindexed(client)
    disk = as_seen_by(client.pid, mount_point)
    told = len(client.messages)
    filler = fill(disk)
    edits = Edits(client, workspace)
    for _ in range(5):
        edits.next()
        time.sleep(0.3)
        hits = client.ask("codeintel/search", {"query": "ledger"})["hits"]
        findings.expect(bool(hits), "full at an edit: nothing is found meanwhile")
    return _freed(findings, client, edits, disk, filler, told, "full at an edit")


def _at_the_first_run(
    findings: Findings, client: Client, workspace: Path, mount_point: Path, options: dict[str, Any]
) -> float:
    """full at the first run"""
    disk = as_seen_by(client.pid, mount_point)
    filler = fill(disk, leave=64 * 1024)
    client.start(workspace, options=options)
    with contextlib.suppress(Silent):  # there is no generation yet that would have to be searched
        until_found(client, KNOWN, 5)
    edits = Edits(client, workspace)
    return _freed(findings, client, edits, disk, filler, 0, "full at the first run")


def _freed(
    findings: Findings, client: Client, edits: Edits, disk: Path, filler: Path, told: int, case: str
) -> float:
    """Free the disk; how long it takes until everything is kept again."""
    with contextlib.suppress(Silent):
        until(lambda: len(client.messages) > told, 5)
    time.sleep(STILL_FULL_S)
    said = client.messages[told:]
    findings.expect(len(said) == 1, f"{case}: {len(said)} messages instead of one: {said[:3]}")
    filler.unlink()
    started = time.monotonic()
    if edits.number == 100:
        edits.next()  # nothing was edited yet
    for word in (edits.word, KNOWN):
        try:
            until_found(client, word, _left(started))
            until(partial(is_durable, disk / "index", word), _left(started), 0.1)
        except Silent:
            findings.expect(False, f"{case}: {word} was not kept within {RESUME_S:g} s after there was room")
    return time.monotonic() - started


def _left(started: float) -> float:
    """What is left of the time within which everything is kept again, seconds."""
    return max(0.0, started + RESUME_S - time.monotonic())


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all the room there is, but for `leave` bytes."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(16 * 1024))
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0")
    if leave:
        os.truncate(filler, max(0, filler.stat().st_size - leave))
    return filler


CASES: Final = (_at_an_edit, _at_the_first_run)
