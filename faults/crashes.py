"""Row 1: kill -9 at any moment of a first run, of edits, of what is written behind them."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
import time
from pathlib import Path
from typing import Final

from codeintel.catalog.folder import FOLDER_NAME
from faults.client import Client, Silent, until
from faults.commits import MEANING, text_of
from faults.editing import found, reindexed, save, until_found
from faults.equality import differences
from faults.laboratory import laboratory, project, write
from faults.outcome import Findings, Outcome, Scale, quantile
from faults.processes import PROC, descendants

KILLS: Final = {Scale.SHORT: 2, Scale.LONG: 200}
FILES: Final = 24
EDITED: Final = 6
COMPARED_EVERY: Final = 10
START_S: Final = 5.0
CAUGHT_UP_S: Final = 30.0
LONGEST_S: Final = {"first run": 2.5, "edits": 2.0, "many edits": 6.0}
"""How long after the first answer the kill comes at the latest: all of the work has happened by then."""

SEED: Final = 1


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    with laboratory() as folder:
        workspace = project(folder / "ws", FILES)
        chance = random.Random(SEED)
        life = _Life(findings, workspace, chance)
        for kill in range(KILLS[scale]):
            with findings.during(f"kill {kill}"):
                life.once(list(LONGEST_S)[kill % 3] if chance.random() < 0.7 else "edits")
            if kill % COMPARED_EVERY == COMPARED_EVERY - 1 or kill == KILLS[scale] - 1:
                life.compared(folder / "scratch")
        findings.figures |= life.figures()
    return findings.outcome(
        1,
        "crash",
        f"kill -9 x {KILLS[scale]} at random points of index, edit, compact",
        "starts within 5 s, equals a fresh build, nothing acknowledged lost",
    )


class _Life:
    """One workspace and its index through one death after the other."""

    def __init__(self, findings: Findings, workspace: Path, chance: random.Random) -> None:
        self._findings, self._workspace, self._chance = findings, workspace, chance
        self._number = 0
        self._written: dict[Path, int] = {}
        self._starts: list[float] = []
        self._kills: dict[str, int] = dict.fromkeys(LONGEST_S, 0)
        self._orphans = self._compared = 0

    def once(self, what: str) -> None:
        """Start, compare with what was saved, work, and die of it."""
        if what == "first run":
            shutil.rmtree(self._workspace / FOLDER_NAME, ignore_errors=True)
        with Client() as client:
            started = time.monotonic()
            client.start(self._workspace, options=MEANING)
            if what != "first run":
                until(lambda: bool(found(client, "Ledger6")), START_S + 5)
                self._starts.append(time.monotonic() - started)
                self._findings.expect(self._starts[-1] <= START_S, f"started within {self._starts[-1]:.1f} s")
                self._caught_up(client)
            self._work_until_killed(client, what)
        self._kills[what] += 1

    def _caught_up(self, client: Client) -> None:
        """Whether everything that was saved before the last death is found."""
        reindexed(client)
        for path, number in self._written.items():
            with contextlib.suppress(Silent):
                until_found(client, f"walrus_{number}", 5)
            hits = found(client, f"walrus_{number}")
            self._findings.expect(hits == [path.name], f"edit {number} of {path.name} is found in {hits}")

    def _work_until_killed(self, client: Client, what: str) -> None:
        after_s = self._chance.uniform(0.0, LONGEST_S[what])
        workers: list[int] = []

        def kill() -> None:
            workers.extend(descendants(client.pid))
            client.kill()

        timer = threading.Timer(after_s, kill)
        timer.start()
        while timer.is_alive():
            self._number += 1
            path = self._workspace / f"edited_{self._number % EDITED}.py"
            write(path, text_of(self._number))
            self._written[path] = self._number
            save(client, path)
            time.sleep(0.01 if what == "many edits" else self._chance.uniform(0.0, 0.3))
        timer.join()
        with contextlib.suppress(Silent):
            until(lambda: not any((PROC / str(pid)).exists() for pid in workers), 5, 0.1)
        self._orphans += sum((PROC / str(pid)).exists() for pid in workers)

    def compared(self, scratch: Path) -> None:
        """End the index in an orderly way and compare it with a fresh one."""
        with self._findings.during("comparing"):
            with Client() as client:
                client.start(self._workspace, options=MEANING)
                reindexed(client)
                self._findings.expect(client.stop() == 0, "the server did not end cleanly")
            self._compared += 1
            for difference in differences(self._workspace, scratch, "meaning"):
                self._findings.expect(False, f"after {sum(self._kills.values())} kills: {difference}")

    def figures(self) -> dict[str, str]:
        """What was measured."""
        self._findings.expect(
            not self._orphans, f"{self._orphans} worker processes outlived their server by 5 s"
        )
        kills = ", ".join(f"{count} in {what}" for what, count in self._kills.items())
        return {
            "kills": kills,
            "edits": f"{self._number:,}",
            "first answer, p95": f"{quantile(self._starts, 0.95):.1f} s",
            "at most": f"{max(self._starts, default=0):.1f} s",
            "comparisons with a fresh build": f"{self._compared}",
            "workers left behind": f"{self._orphans}",
        }
