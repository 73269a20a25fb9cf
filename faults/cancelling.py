"""Row 12: searches by the thousand that nobody wants any more."""

from __future__ import annotations

import time
from typing import Final

from faults.client import Client, Pending
from faults.editing import reindexed
from faults.laboratory import laboratory, project
from faults.outcome import Findings, Outcome, Scale, milliseconds
from faults.processes import cpu_seconds

SEARCHES: Final = {Scale.SHORT: 200, Scale.LONG: 2_000}
FILES: Final = {Scale.SHORT: 40, Scale.LONG: 400}
CANCELLED: Final = -32800
LEAST_SHARE: Final = 0.99
IDLE_S: Final = 1.0
BUSY_SHARE: Final = 0.3
"""Of a core within a second: above it the server is not idle; timers and collections take a few hundredths."""


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    count = SEARCHES[scale]
    with laboratory() as folder, Client() as client:
        client.start(project(folder / "ws", FILES[scale]))
        reindexed(client)
        client.ask("codeintel/search", {"query": "warm up"})
        with findings.during("storm"):
            _storm(findings, client, count)
        findings.expect(client.stop() == 0, "the server did not end cleanly")
    return findings.outcome(
        12,
        "cancel storm",
        f"{count:,} searches, each cancelled right behind it",
        "at least 99 % answered -32800, idle within 1 s",
    )


def _storm(findings: Findings, client: Client, count: int) -> None:
    asked: list[Pending] = []
    for number in range(count):
        query = {"query": f"retry of queue {number} with a budget", "limit": 50}
        asked.append(client.send_cancelled("codeintel/search", query))
    sent_at = time.monotonic()
    for one in asked:
        one.done.wait(30)
    answered_s = time.monotonic() - sent_at
    busy_s = cpu_seconds(client.pid)
    time.sleep(1.0)
    busy_s = cpu_seconds(client.pid) - busy_s
    after = client.send("codeintel/search", {"query": "retry"})
    after.result()
    cancelled = sum(one.error_code == CANCELLED for one in asked)
    findings.expect(all(one.answers == 1 for one in asked), "a request was not answered exactly once")
    findings.expect(
        cancelled >= LEAST_SHARE * count, f"only {cancelled:,} of {count:,} answered as cancelled"
    )
    findings.expect(answered_s <= IDLE_S, f"the last answer came {answered_s:.2f} s after the last cancel")
    findings.expect(busy_s <= BUSY_SHARE, f"busy for {busy_s:.2f} s of the second after the last answer")
    findings.figures |= {
        "answered as cancelled": f"{cancelled / count:.1%}",
        "last answer after the last cancel": milliseconds(answered_s),
        "processor time in the second after": milliseconds(busy_s),
        "next search": milliseconds(after.seconds),
    }
