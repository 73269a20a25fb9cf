"""Rows 7 and 8: very many files, and very many of them at once behind the watcher's back."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, Final

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.ids import content_hash
from codeintel.catalog.store import Store
from codeintel.errors import IndexTrouble
from faults.client import Client, Pending, Refused, Silent, until
from faults.commits import MEANING
from faults.editing import found, reindexed
from faults.laboratory import git, laboratory, project, source, write
from faults.namespaces import few_watches, require_namespaces
from faults.outcome import Findings, NotHere, Outcome, Scale, milliseconds, quantile
from faults.processes import Peak, require_proc

FILES: Final = {Scale.SHORT: 300, Scale.LONG: 100_000}
MEANING_S: Final = {Scale.SHORT: 1.0, Scale.LONG: 60.0}
"""How long queries go on while chunks are given their meaning, after the text tier."""

LONGEST_S: Final = 1_800.0
QUERY_S: Final = 0.3
MOST_MIB: Final = 2_048.0
QUERIES: Final = (
    "retry of one queue",
    "ledger",
    "class Beacon",
    "how a parcel is kept",
    "lang:go anchor",
    "kind:method timer",
)

CHECKED_OUT: Final = {Scale.SHORT: 200, Scale.LONG: 50_000}
WATCHES: Final = {Scale.SHORT: 3, Scale.LONG: 1_000}
EXACT_S: Final = 60.0


def run(scale: Scale) -> Outcome:
    """Row 7."""
    findings = Findings()
    injected = f"{FILES[scale]:,} files; queries one after the other while they are indexed"
    wanted = "p95 <= 300 ms, memory <= 2 GB"
    try:
        require_proc()
        with laboratory() as folder, findings.during("indexing"):
            _large(findings, project(folder / "ws", FILES[scale]), scale)
    except NotHere as error:
        return Outcome(7, "scale", injected, wanted, failures=(str(error),), passed=None)
    return findings.outcome(7, "scale", injected, wanted)


def _large(findings: Findings, workspace: Path, scale: Scale) -> None:
    latencies: list[float] = []
    with (
        Client() as client,
        Peak(client.pid, every_s=0.1) as server,
        Peak(client.pid, family=True, every_s=0.5) as all_of_it,
    ):
        started = time.monotonic()
        client.start(workspace, options=MEANING)
        first = _first_answer(client) - started
        text_s = 0.0
        until_s = LONGEST_S
        while time.monotonic() - started < until_s:
            latencies.append(_query(client, QUERIES[len(latencies) % len(QUERIES)]))
            if not text_s and len(latencies) % 20 == 0 and _files(client) >= FILES[scale]:
                text_s = time.monotonic() - started
                until_s = text_s + MEANING_S[scale]
            time.sleep(0.02)
        findings.expect(bool(text_s), f"not every file was indexed within {LONGEST_S:g} s")
        client.stop()
    findings.expect(quantile(latencies, 0.95) <= QUERY_S, f"p95 {milliseconds(quantile(latencies, 0.95))}")
    findings.expect(all_of_it.mib <= MOST_MIB, f"{all_of_it.mib:.0f} MiB with its workers")
    findings.figures |= {
        "first answer": f"{first:.1f} s",
        "all files searchable": f"{text_s:.1f} s",
        "queries": f"{len(latencies):,}",
        "p50, p95, slowest": ", ".join(
            milliseconds(quantile(latencies, share)) for share in (0.5, 0.95, 1.0)
        ),
        "memory of the server": f"{server.mib:.0f} MiB",
        "with its workers": f"{all_of_it.mib:.0f} MiB",
    }


def _first_answer(client: Client) -> float:
    """When the first question was answered with hits; before that it is told to come back. Raises Silent."""

    def is_answered() -> bool:
        with contextlib.suppress(Refused):
            return bool(client.ask("codeintel/search", {"query": QUERIES[0]})["hits"])
        return False

    until(is_answered, LONGEST_S, 0.05)
    return time.monotonic()


def _query(client: Client, query: str) -> float:
    asked: Pending = client.send("codeintel/search", {"query": query})
    asked.result()
    return asked.seconds


def _files(client: Client) -> int:
    status: dict[str, Any] = client.ask("codeintel/status")
    return sum(root["files"] for root in status["roots"])


def run_checkout(scale: Scale) -> Outcome:
    """Row 8."""
    findings = Findings()
    injected = f"a checkout that changes {CHECKED_OUT[scale]:,} files; {WATCHES[scale]:,} watches allowed"
    wanted = "exact within 60 s"
    try:
        require_namespaces()
        with laboratory() as folder, findings.during("checkout"):
            _checked_out(findings, folder / "ws", scale)
    except NotHere as error:
        return Outcome(8, "watcher overflow", injected, wanted, failures=(str(error),), passed=None)
    return findings.outcome(8, "watcher overflow", injected, wanted)


def _checked_out(findings: Findings, workspace: Path, scale: Scale) -> None:
    count = CHECKED_OUT[scale]
    _two_branches(workspace, count)
    with Client(wrapper=few_watches(WATCHES[scale])) as client:
        client.start(workspace)
        reindexed(client, LONGEST_S)
        findings.expect(is_exact(workspace), "not exact before the checkout")
        started = time.monotonic()
        git(workspace, "checkout", "--quiet", "other")
        out_s = time.monotonic() - started
        started = time.monotonic()
        with contextlib.suppress(Silent):
            until(lambda: bool(found(client, f"checkout_{count - 1}")), 4 * EXACT_S, 0.2)
        searched_s = time.monotonic() - started
        try:
            until(lambda: is_exact(workspace), 4 * EXACT_S, 1.0)
        except Silent:
            findings.expect(False, f"not exact {4 * EXACT_S:g} s after the checkout")
        exact_s = time.monotonic() - started
        findings.expect(exact_s <= EXACT_S, f"exact after {exact_s:.1f} s")
        findings.expect(client.stop() is not None, "the server does not end")
    findings.figures |= {
        "the checkout itself": f"{out_s:.1f} s",
        "last file found after": f"{searched_s:.1f} s",
        "exact on disk after": f"{exact_s:.1f} s",
        "messages": f"{len(client.messages)}",
    }


def _two_branches(workspace: Path, count: int) -> None:
    project(workspace, count)
    git(workspace, "init", "--quiet", "--initial-branch=main")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message=before")
    git(workspace, "checkout", "--quiet", "-b", "other")
    for number in range(count):
        uri, text = source(number)
        write(workspace / uri, f"{text}\n# checkout_{number}\n")
    git(workspace, "commit", "--quiet", "--all", "--message=after")
    git(workspace, "checkout", "--quiet", "main")


def is_exact(workspace: Path) -> bool:
    """Whether the generation on disk has each file of the project as it is now, and no other."""
    try:
        with Store.follow(workspace / FOLDER_NAME) as store:
            rows = store.read("files", ["uri", "content_hash"]).to_pylist()
    except IndexTrouble:
        return False
    known = {row["uri"]: row["content_hash"] for row in rows}
    there = {
        path.relative_to(workspace).as_posix(): path
        for path in workspace.rglob("*")
        if path.is_file() and path.relative_to(workspace).parts[0] not in (".git", FOLDER_NAME)
    }
    return known.keys() == there.keys() and all(
        known[uri] == content_hash(path.read_bytes()) for uri, path in there.items()
    )
