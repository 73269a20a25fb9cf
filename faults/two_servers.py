"""Row 9: two servers on one workspace, edited through both, and the one that writes killed."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from codeintel.catalog.folder import FOLDER_NAME
from faults.client import Client, Silent
from faults.commits import text_of
from faults.editing import reindexed, save, told, until_durable, until_found
from faults.equality import differences
from faults.laboratory import laboratory, project, write
from faults.outcome import Findings, Outcome, Scale, quantile

EDITS: Final = {Scale.SHORT: 4, Scale.LONG: 100}
LAG_S: Final = 2.0
TAKE_OVER_S: Final = 5.0
MOST_S: Final = 15.0
KNOWN: Final = "Ledger6"


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    with laboratory() as folder, ExitStack() as stack, findings.during("two servers"):
        workspace = project(folder / "ws", 12)
        servers = [stack.enter_context(Client()) for _ in range(2)]
        for server in servers:
            server.start(workspace)
            until_found(server, KNOWN, 30)
        reindexed(servers[0])
        _edited_by_both(findings, workspace, servers, EDITS[scale])
        _taken_over(findings, workspace, servers)
        for difference in differences(workspace, folder / "scratch"):
            findings.expect(False, f"in the end: {difference}")
    return findings.outcome(
        9,
        "two servers",
        f"{EDITS[scale]} concurrent edits through both, then the one that writes is killed",
        "one writer, follower lag <= 2 s, take-over <= 5 s",
    )


def _edited_by_both(findings: Findings, workspace: Path, servers: list[Client], edits: int) -> None:
    """Each editor saves files of its own at the same time; how long until the other one finds them."""
    lags: list[float] = []
    holders: set[int] = set()

    def edit(mine: int) -> None:
        for number in range(edits // 2):
            word = f"{mine}{number:03}"
            path = write(workspace / f"by_{mine}_{number % 5}.py", text_of(int(f"1{word}")))
            save(servers[mine], path)
            with findings.during(f"edit {word}"):
                lags.append(until_found(servers[1 - mine], f"walrus_1{word}", MOST_S))
            holders.add(_writer(workspace))

    threads = [threading.Thread(target=edit, args=(mine,), name=f"faults-editor-{mine}") for mine in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slow = [lag for lag in lags if lag > LAG_S]
    findings.expect(
        not slow, f"{len(slow)} of {len(lags)} edits were found by the other server after over {LAG_S:g} s"
    )
    findings.expect(len(holders) == 1, f"{len(holders)} processes had the writer's lock")
    findings.figures |= {
        "edits": f"{2 * (edits // 2)}",
        "found by the other, p50, p95, at most": ", ".join(
            f"{quantile(lags, share):.2f} s" for share in (0.5, 0.95, 1)
        ),
    }


def _taken_over(findings: Findings, workspace: Path, servers: list[Client]) -> None:
    pid = _writer(workspace)
    writer = next(server for server in servers if server.pid == pid)
    other = next(server for server in servers if server is not writer)
    writer.kill()
    killed_at = time.monotonic()
    path = write(workspace / "after.py", text_of(9_999))
    save(other, path)
    told(other, [path])
    try:
        until_durable(workspace, "walrus_9999", MOST_S)
        seconds = time.monotonic() - killed_at
    except Silent:
        seconds = float("inf")
    findings.expect(seconds <= TAKE_OVER_S, f"taken over after {seconds:.1f} s")
    findings.expect(_writer(workspace) == other.pid, "the lock names another process")
    findings.figures["taken over and written after"] = f"{seconds:.1f} s"
    reindexed(other)
    findings.expect(other.stop() == 0, "the server that took over did not end cleanly")


def _writer(workspace: Path) -> int:
    """The process that the writer's lock names."""
    text = (workspace / FOLDER_NAME / "writer.lock").read_text(encoding="ascii", errors="replace").strip()
    return int(text) if text.isdecimal() else 0
