"""Row 25: a server that dies of opening its workspace, started again and again as editors do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from faults.client import Client, Refused, Silent, until
from faults.editing import reindexed, until_found
from faults.equality import differences, index_once
from faults.laboratory import laboratory, project
from faults.outcome import Findings, Outcome, Scale, milliseconds

FILES: Final = {Scale.SHORT: 60, Scale.LONG: 400}
DEATHS: Final = 4
"""The fifth start is the one that has to stop."""

ANSWER_S: Final = 10.0
REBUILD: Final = "codeintel.server.rebuild"


def run(scale: Scale) -> Outcome:
    """The row."""
    findings = Findings()
    with laboratory() as folder:
        workspace = project(folder / "ws", FILES[scale])
        state = folder / "state"
        for death in range(DEATHS):
            with findings.during(f"death {death + 1}"):
                findings.expect(
                    _dies_at_start(workspace, state), f"death {death + 1}: it left no note of its start"
                )
        with findings.during("the fifth start"):
            _stops(findings, workspace)
        if scale is Scale.LONG:
            with findings.during("an orderly life"):
                _does_not_stop(findings, folder)
        for difference in differences(workspace, folder / "scratch"):
            findings.expect(False, f"in the end: {difference}")
    return findings.outcome(
        25,
        "restart loop",
        "the server is killed while it opens its workspace, four times; then started a fifth time",
        "a clear stop message and a rebuild action; deaths at rest do not count",
    )


def _dies_at_start(workspace: Path, state: Path) -> bool:
    """Kill the server as soon as it has noted that it opens the workspace; whether it did so."""
    earlier = set(state.rglob("*.start"))
    with Client() as client:
        client.start(workspace)
        try:
            until(lambda: set(state.rglob("*.start")) > earlier, 3, 0.002)
            noted = True
        except Silent:
            noted = False
        client.kill()
    return noted


def _stops(findings: Findings, workspace: Path) -> None:
    with Client() as client:
        started = time.monotonic()
        client.start(workspace)
        try:
            client.ask("codeintel/search", {"query": "ledger"}, ANSWER_S)
            refused = ""
        except Refused as error:
            refused = error.message
        findings.figures["the fifth start says so after"] = milliseconds(time.monotonic() - started)
        findings.expect(
            "rebuil" in refused.lower() or "anew" in refused.lower(),
            f"a question is answered with {refused!r}",
        )
        said = client.messages
        findings.expect(len(said) == 1, f"{len(said)} messages instead of one: {said}")
        findings.expect(client.alive, "the server ended")
        started = time.monotonic()
        client.ask("workspace/executeCommand", {"command": REBUILD})
        until_found(client, "Ledger6", 30)
        findings.figures["searchable after the rebuild action"] = f"{time.monotonic() - started:.1f} s"
        reindexed(client)
        findings.expect(client.stop() == 0, "the server did not end cleanly")
    with Client() as client:
        client.start(workspace)
        findings.expect(
            bool(client.ask("codeintel/search", {"query": "ledger"})["hits"]), "the next start finds nothing"
        )
        client.stop()


def _does_not_stop(findings: Findings, folder: Path) -> None:
    """Servers killed at rest, ended in the middle of a first run, or left by their editor do not count."""
    rest = index_once(project(folder / "rest" / "ws", 8))
    for _ in range(DEATHS + 1):
        with Client() as client:
            client.start(rest)
            reindexed(client)
            time.sleep(0.2)
            client.kill()
    busy = project(folder / "busy" / "ws", 200)
    for number in range(DEATHS + 1):
        with Client() as client:
            client.start(busy)
            time.sleep(0.3)
            if number % 2:
                client.stop()
            else:
                client.close_input()
                client.exit_code(10)
    for workspace in (rest, busy):
        with Client() as client:
            client.start(workspace)
            until_found(client, "Ledger6", 30)
            findings.expect(not client.messages, f"told without a reason: {client.messages}")
            client.stop()
