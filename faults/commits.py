"""Rows 2 and 4: the power goes, or a write is refused, at any step of a commit."""

from __future__ import annotations

import contextlib
import errno
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.store import Store
from codeintel.errors import IndexTrouble
from faults.client import Client, Silent, until
from faults.disk import RefusingDisk, VolatileDisk, spread
from faults.editing import reindexed, save, until_durable, until_found
from faults.equality import differences, index_once, rows_of
from faults.laboratory import laboratory, project, write
from faults.outcome import Findings, NotHere, Outcome, Scale, quantile
from faults.trap import Trap, require_trap

STEPS: Final = {Scale.SHORT: 2, Scale.LONG: 10_000}
LOSSES: Final = {Scale.SHORT: 1, Scale.LONG: 2}
"""Ways in which the unsynced is lost at each step: all of it first, then parts of it at random."""

REFUSALS: Final = {Scale.SHORT: 1, Scale.LONG: 10_000}
RESUME_S: Final = 30.0
LEAST_OPERATIONS: Final = 10
"""Of any commit: three files, their syncs and renames."""

STRUCK_S: Final = 5.0
"""How long a step is waited for; no two commits have quite as many."""

MOST_FAILED: Final = 8
"""Failures after which no further case is tried: each may take its whole patience."""

MEANING: Final = {"index": {"tier": "meaning"}}
EDITED: Final = "src/retry_0.py"
SEED: Final = 2

State = tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]


def text_of(number: int) -> str:
    """A file that only the n-th edit has."""
    return f"class Edited{number}:\n    def walrus_{number}(self):\n        return 'tusk {number}'\n"


def run_power(scale: Scale) -> Outcome:
    """Row 2."""
    findings = Findings()
    injected = "writes and names that were not synced are lost, at each operation of a commit"
    wanted = "the old or the new generation, never a mix"
    try:
        require_trap()
        _power(findings, scale)
    except NotHere as error:
        return Outcome(2, "power loss", injected, wanted, failures=(str(error),), passed=None)
    return findings.outcome(2, "power loss", injected, wanted)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A commit that is interrupted: its workspace before, and the states that it leads from and to."""

    original: Path
    before: State
    after: State


def _power(findings: Findings, scale: Scale) -> None:
    with laboratory() as folder:
        original = index_once(project(folder / "original" / "ws", 8), "meaning")
        complete = folder / "complete" / "ws"
        shutil.copytree(original, complete)
        total = _steps(folder, complete)
        _require_some(total)
        trial = _Trial(original, state_of(original), state_of(complete))
        findings.expect(trial.before != trial.after, "the edit changed nothing")
        chance = random.Random(SEED)
        states = {"old": 0, "new": 0}
        steps = spread(total, STEPS[scale])
        for step in steps:
            for loss in range(LOSSES[scale]):
                with findings.during(f"step {step}"):
                    state = _lost(findings, folder, trial, step, chance if loss else None)
                    states[state] += 1
        findings.figures |= {
            "operations of a commit": f"{total}",
            "power losses": f"{len(steps) * LOSSES[scale]}",
            "old generation": f"{states['old']}",
            "new generation": f"{states['new']}",
        }


def _lost(findings: Findings, folder: Path, trial: _Trial, step: int, chance: random.Random | None) -> str:
    """Interrupt the commit at a step; which generation is found afterwards."""
    shutil.rmtree(folder / "trial", ignore_errors=True)
    workspace = folder / "trial" / "ws"
    shutil.copytree(trial.original, workspace)
    last = _interrupted(folder, workspace, step, chance)
    try:
        state = state_of(workspace)
    except IndexTrouble as error:
        findings.expect(False, f"step {step} ({last}): {error}")
        return "old"
    known = state in (trial.before, trial.after)
    findings.expect(known, f"step {step} ({last}): neither the old nor the new generation")
    index_once(workspace, "meaning")
    for difference in differences(workspace, folder / "scratch", "meaning"):
        findings.expect(False, f"step {step} ({last}), started again: {difference}")
    return "new" if state == trial.after else "old"


def _steps(folder: Path, workspace: Path) -> int:
    """Commit an edit to its end; the number of its operations."""
    disk = VolatileDisk(folder / "stash")
    with _editing(workspace, disk, 0) as client:
        until_durable(workspace, "walrus_1", with_vectors=True)
        _until_quiet(disk)
        client.stop()
    shutil.rmtree(folder / "stash")
    return disk.counted


def _interrupted(folder: Path, workspace: Path, step: int, chance: random.Random | None) -> str:
    """Commit an edit and lose the power at `step`; what would have been done next."""
    disk = VolatileDisk(folder / "stash")
    with _editing(workspace, disk, step), contextlib.suppress(Silent):
        until(disk.struck.is_set, STRUCK_S)
    if disk.struck.is_set():
        disk.lose(chance)
    shutil.rmtree(folder / "stash")
    return disk.last


@contextmanager
def _editing(workspace: Path, disk: VolatileDisk, step: int) -> Iterator[Client]:
    """A server that is about to commit an edit on a disk that loses power at `step`."""
    with (
        Trap([workspace / FOLDER_NAME], disk) as trap,
        Client(wrapper=trap.wrapper, pass_fds=trap.descriptors) as client,
    ):
        trap.catch()
        client.start(workspace, options=MEANING)
        reindexed(client)
        disk.arm(client.pid, step)
        write(workspace / EDITED, text_of(1))
        save(client, workspace / EDITED)
        yield client


def _until_quiet(disk: VolatileDisk, quiet_s: float = 1.0) -> None:
    seen, since = disk.counted, time.monotonic()
    while time.monotonic() - since < quiet_s:
        if disk.counted != seen:
            seen, since = disk.counted, time.monotonic()
        time.sleep(0.05)


def state_of(workspace: Path) -> State:
    """The rows of the generation on disk. Raises IndexTrouble where any of it cannot be read.

    Without the tier: vectors may follow their chunks in a generation of their own.
    """
    with Store.follow(workspace / FOLDER_NAME) as store:
        files, chunks = rows_of(store, "files"), rows_of(store, "chunks")
    for row in chunks.values():
        del row["tier"]
    return files, chunks


def run_refusals(scale: Scale) -> Outcome:
    """Row 4."""
    findings = Findings()
    injected = (
        "the n-th write, sync, rename or open of an edit's commit fails with EIO, once and for ever, every n"
    )
    wanted = "the last generation is searched, one message, kept again within 30 s"
    try:
        require_trap()
        _refusals(findings, scale)
    except NotHere as error:
        return Outcome(4, "I/O error", injected, wanted, failures=(str(error),), passed=None)
    return findings.outcome(4, "I/O error", injected, wanted)


def _refusals(findings: Findings, scale: Scale) -> None:
    with laboratory() as folder:
        workspace = index_once(project(folder / "ws", 8))
        disk = RefusingDisk(errno.EIO)
        with trapped(workspace, disk) as client:
            client.start(workspace)
            reindexed(client)
            edits = Edits(client, workspace)
            total = _operations(edits, disk, 1 if scale is Scale.SHORT else 3)
            resumed: list[float] = []
            _require_some(total)
            failed = 0
            for first in spread(total, REFUSALS[scale]):
                for for_ever in (False, True):
                    case = f"operation {first} {'and all after it' if for_ever else 'once'}"
                    with findings.during(case):
                        refused, seconds = _refused(findings, edits, disk, first, for_ever, case)
                        failed += refused
                        resumed.append(seconds)
                    disk.mend()
                if findings.failed > MOST_FAILED:
                    break
            findings.expect(client.stop() == 0, "the server did not end cleanly")
        for difference in differences(workspace, folder / "scratch"):
            findings.expect(False, f"in the end: {difference}")
        findings.figures |= {
            "operations of a commit": f"{total}",
            "cases": f"{len(resumed)}",
            "operations refused": f"{failed}",
            "kept again after, p95": f"{quantile(resumed, 0.95):.1f} s",
            "at most": f"{max(resumed, default=0.0):.1f} s",
        }


def _require_some(operations: int) -> None:
    """Raise NotHere where the operations cannot be seen: another process's memory may be out of bounds."""
    if operations < LEAST_OPERATIONS:
        raise NotHere(f"only {operations} operations of a commit can be seen from outside the process")


class Edits:
    """Saves one new text of a file after the other, each with a word that no other has."""

    def __init__(self, client: Client, workspace: Path) -> None:
        self.client, self.workspace = client, workspace
        self.number = 100

    @property
    def word(self) -> str:
        """What only the last edit has."""
        return f"walrus_{self.number}"

    def next(self) -> None:
        """Write and save the next text."""
        self.number += 1
        save(self.client, write(self.workspace / EDITED, text_of(self.number)))


def _operations(edits: Edits, disk: RefusingDisk, rounds: int) -> int:
    """How many operations that can fail the commit of an edit has; the median of so many."""
    counts = []
    for _ in range(rounds):
        disk.arm(10**9, for_ever=False)
        edits.next()
        until_durable(edits.workspace, edits.word)
        time.sleep(1.0)
        counts.append(disk.counted)
    disk.mend()
    return sorted(counts)[len(counts) // 2]


def _refused(
    findings: Findings, edits: Edits, disk: RefusingDisk, first: int, for_ever: bool, case: str
) -> tuple[int, float]:
    """One outage; how many operations were refused, and how long after its end the edit was kept."""
    client, told = edits.client, len(edits.client.messages)
    disk.arm(first, for_ever=for_ever)
    edits.next()
    with contextlib.suppress(Silent):
        until(lambda: disk.refused > 0, 3)
    hits = client.ask("codeintel/search", {"query": "ledger", "limit": 3})["hits"]
    findings.expect(bool(hits), f"{case}: nothing is found meanwhile")
    if for_ever and disk.refused:
        with contextlib.suppress(Silent):
            until(lambda: len(client.messages) > told, 3)
        time.sleep(0.3)
        said = len(client.messages) - told
        findings.expect(said == 1, f"{case}: {said} messages instead of one")
    disk.mend()
    started = time.monotonic()
    until_found(client, edits.word, RESUME_S)
    until_durable(edits.workspace, edits.word, RESUME_S)
    seconds = time.monotonic() - started
    findings.expect(seconds <= RESUME_S, f"{case}: kept again after {seconds:.1f} s")
    return disk.refused, seconds


@contextmanager
def trapped(workspace: Path, disk: RefusingDisk) -> Iterator[Client]:
    """A server whose operations in the index folder of `workspace` the disk judges."""
    with (
        Trap([workspace / FOLDER_NAME], disk) as trap,
        Client(wrapper=trap.wrapper, pass_fds=trap.descriptors) as client,
    ):
        trap.catch()
        yield client
        disk.mend()
