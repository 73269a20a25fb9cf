"""Row 19: every operation on the workspace and its index takes a tenth of a second."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Final

from faults.client import Client, Pending, Silent
from faults.disk import SlowDisk
from faults.editing import opened, reindexed, save, told, typed
from faults.laboratory import laboratory, project, source, write
from faults.outcome import Findings, NotHere, Outcome, Scale, milliseconds, quantile
from faults.trap import READING, WRITING, Trap, require_trap

DELAY_S: Final = 0.1
SECONDS: Final = {Scale.SHORT: 1.0, Scale.LONG: 30.0}
CANCEL_S: Final = 0.2
LOOP_S: Final = 0.1
"""How long a question that only the loop answers may wait, p99; that the loop does no operation is seen itself."""

CANCELLED: Final = -32800
TITLE: Final = "slow disk"
INJECTED: Final = (
    "100 ms for each operation on the workspace and its index, while files are saved, typed and read again"
)
WANTED: Final = "the loop never waits for the disk, a cancel is answered within 200 ms"


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    try:
        require_trap()
        with laboratory() as folder:
            _slow(findings, project(folder / "ws", 12), SECONDS[scale])
    except NotHere as error:
        return Outcome(19, TITLE, INJECTED, WANTED, failures=(str(error),), passed=None)
    return findings.outcome(19, TITLE, INJECTED, WANTED)


def _slow(findings: Findings, workspace: Path, seconds: float) -> None:
    disk = SlowDisk(DELAY_S)
    with (
        Trap([workspace], disk, WRITING | READING) as trap,
        Client(wrapper=trap.wrapper, pass_fds=trap.descriptors) as client,
    ):
        trap.catch()
        client.start(workspace)
        reindexed(client)
        disk.slow = True
        loop_s, search_s, cancel_s = list[float](), list[float](), list[float]()
        with _Working(client, workspace):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                with findings.during("asking"):
                    loop_s.append(_seconds(client.send("codeintel/none")))
                    search_s.append(
                        _seconds(client.send("codeintel/search", {"query": "ledger", "limit": 3}))
                    )
                    cancel_s.append(_cancelled(findings, client))
        disk.slow = False
        findings.expect(client.stop() is not None, "the server does not end")
    findings.expect(disk.counted > 0, "no operation was slowed")
    waited = disk.by_thread.get(client.pid, [])  # the first thread runs the loop
    findings.expect(not waited, f"the loop itself waited for {len(waited)}: {sorted(set(waited))[:4]}")
    p99 = quantile(loop_s, 0.99)
    findings.expect(p99 <= LOOP_S, f"the loop was held up for {milliseconds(p99)} (p99)")
    findings.expect(
        max(cancel_s, default=9) <= CANCEL_S, f"a cancel took {milliseconds(max(cancel_s, default=9))}"
    )
    findings.figures |= {
        "operations slowed": f"{disk.counted:,}",
        "of them on the loop": f"{len(waited)}",
        "questions of each kind": f"{len(loop_s)}",
        "loop, p95 and at most": _p95_and_most(loop_s),
        "search, p95": milliseconds(quantile(search_s, 0.95)),
        "cancel, p95 and at most": _p95_and_most(cancel_s),
    }


def _p95_and_most(seconds: list[float]) -> str:
    return f"{milliseconds(quantile(seconds, 0.95))}, {milliseconds(max(seconds, default=0))}"


def _seconds(pending: Pending) -> float:
    with contextlib.suppress(Exception):
        pending.result(10)
    if pending.answer is None:
        raise Silent(f"{pending.msg_id} was not answered")
    return pending.seconds


def _cancelled(findings: Findings, client: Client) -> float:
    """How long the answer takes of a reindexing that is cancelled while it waits for the disk."""
    asked = client.send("workspace/executeCommand", {"command": "codeintel.server.reindex"})
    time.sleep(0.05)
    sent_at = time.monotonic()
    client.cancel(asked)
    asked.done.wait(10)
    seconds = time.monotonic() - sent_at
    ended = asked.answer is not None and "result" in asked.answer
    findings.expect(ended or asked.error_code == CANCELLED, f"a cancel was answered with {asked.error_code}")
    return seconds


class _Working:
    """An editor that saves, types and reports files in a thread of its own."""

    def __init__(self, client: Client, workspace: Path) -> None:
        self._client, self._workspace = client, workspace
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="faults-editor", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(10)

    def _work(self) -> None:
        version = 1
        typed_in = self._workspace / source(0)[0]
        opened(self._client, typed_in, source(0)[1])
        while not self._done.wait(0.15):
            version += 1
            uri, text = source(version % 12)
            path = write(self._workspace / uri, f"{text}\n# {version}\n")
            save(self._client, path)
            told(self._client, [path])
            typed(self._client, typed_in, version, 0, 0, 0, "x")
