"""Rows 5 and 6: every file of an index damaged in every way, on disk and under the queries that read it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.indexing.index_folders import check_indexes
from codeintel.service import Service
from faults.client import Client
from faults.editing import reindexed
from faults.equality import differences, index_once, settings
from faults.laboratory import laboratory, project, source, write
from faults.outcome import Findings, Outcome, Scale, quantile

FILES: Final = {Scale.SHORT: 8, Scale.LONG: 1_500}
ARTIFACTS: Final = {Scale.SHORT: 2, Scale.LONG: 10_000}
FLIPS: Final = {Scale.SHORT: 10, Scale.LONG: 50}
CUT: Final = {Scale.SHORT: 1, Scale.LONG: 10_000}
BACK_S: Final = 3.0
ASKERS: Final = 2
SEED: Final = 5

Harm = Callable[[Path, Path, random.Random, int], None]
"""Damages the first path; the second is its counterpart of an older generation."""


def run(scale: Scale) -> Outcome:
    """Row 5."""
    findings = Findings()
    with laboratory() as folder:
        original, older = _two_generations(folder, FILES[scale])
        names = _few(sorted(artifacts(original)), ARTIFACTS[scale])
        cases = reread = flips = 0
        for name in names:
            for harm_name, harm in HARMS.items():
                with findings.during(f"{name}: {harm_name}"):
                    reread += _mended(findings, folder, original, older, name, harm_name, harm)
                    cases += 1
            with findings.during(f"{name}: bit flips"):
                flips += _flips_found(findings, original, name, FLIPS[scale])
        findings.figures |= {
            "artifacts": f"{len(names)}",
            "cases mended": f"{cases}",
            "bits flipped one at a time": f"{flips}",
            "documents read again": f"{reread}",
        }
    kinds = f"0 bytes, half, {FLIPS[scale]} bit flips, older version"
    return findings.outcome(
        5, "corruption", f"each artifact x {{{kinds}}}", "all detected, only that part rebuilt"
    )


def artifacts(workspace: Path) -> dict[str, int]:
    """The files that hold the index, and how many documents hang on each."""
    body = json.loads((workspace / FOLDER_NAME / MANIFEST_NAME).read_text(encoding="utf-8"))["manifest"]
    with Service.open([workspace], settings("meaning"), readonly=True) as service:
        documents = service.status().roots[0].files
    held = {MANIFEST_NAME: documents}
    for part in body["parts"]:
        by_document = part["table"] in ("chunks", "files")
        held[f"{part['table']}/{part['name']}"] = min(documents, part["rows"]) if by_document else 0
    return held | {artifact["name"]: 0 for artifact in body["artifacts"]}


def _two_generations(folder: Path, files: int) -> tuple[Path, Path]:
    """An indexed workspace that was edited once, and a copy of its index from before."""
    tier = "meaning" if files < 100 else "text"
    workspace = index_once(project(folder / "original" / "ws", files), tier)
    shutil.copytree(workspace / FOLDER_NAME, folder / "older")
    uri, text = source(0)
    write(workspace / uri, text.replace("return", "result = 1\n    return", 1))
    return index_once(workspace, tier), folder / "older"


def _few(names: Sequence[str], most: int) -> list[str]:
    """At most so many, one of each folder first."""
    first = {name.partition("/")[0]: name for name in reversed(names)}
    rest = [name for name in names if name not in first.values()]
    return [*first.values(), *rest][:most]


def _empty(path: Path, older: Path, chance: random.Random, flips: int) -> None:  # noqa: ARG001
    os.truncate(path, 0)


def _halve(path: Path, older: Path, chance: random.Random, flips: int) -> None:  # noqa: ARG001
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path, older: Path, chance: random.Random, flips: int) -> None:  # noqa: ARG001
    data = bytearray(path.read_bytes())
    for _ in range(flips):
        bit = chance.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _age(path: Path, older: Path, chance: random.Random, flips: int) -> None:  # noqa: ARG001
    path.write_bytes(older.read_bytes())


HARMS: Final[Mapping[str, Harm]] = {
    "0 bytes": _empty,
    "half": _halve,
    "bit flips": _flip,
    "older version": _age,
}


def _mended(
    findings: Findings, folder: Path, original: Path, older: Path, name: str, harm_name: str, harm: Harm
) -> int:
    """Damage one file, start, and compare with a fresh index; how many documents were read again."""
    workspace = folder / "case" / "ws"
    shutil.rmtree(workspace.parent, ignore_errors=True)
    shutil.copytree(original, workspace)
    path = workspace / FOLDER_NAME / name
    before = path.read_bytes()
    counterpart = _counterpart(older, name)
    if not before or (harm is _age and counterpart is None):
        return 0
    harm(path, counterpart or path, random.Random(SEED), 50)
    if path.read_bytes() == before:
        return 0
    case = f"{name}: {harm_name}"
    tier = _tier_of(workspace)
    hangs = artifacts(original)[name]
    whole_generation = name == MANIFEST_NAME and harm is _age
    if not whole_generation:  # an older manifest with its parts is a state that was: only the disk tells
        findings.expect(bool(_found(workspace, tier)), f"{case}: not detected")
    with Service.open([workspace], settings(tier)) as service:
        report = service.index()
    findings.expect(
        report.changed <= max(hangs, whole_generation), f"{case}: {report.changed} documents read for {hangs}"
    )
    for difference in differences(workspace, folder / "scratch", tier):
        findings.expect(False, f"{case}: {difference}")
    return report.changed


def _tier_of(workspace: Path) -> str:
    return (
        "meaning"
        if len(list(workspace.glob("src/*"))) < 50 and not (workspace / "part_1").exists()
        else "text"
    )


def _found(workspace: Path, tier: str) -> list[str]:
    return [one.artifact for one in check_indexes([workspace], settings(tier))]


def _counterpart(older: Path, name: str) -> Path | None:
    """The same file of the older generation, or one of its kind: parts have the generation in their name."""
    path = older / name
    kin = sorted(path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
    return path if path.is_file() else next(iter(kin), None)


def _flips_found(findings: Findings, original: Path, name: str, flips: int) -> int:
    """Flip one bit after the other, each alone; how many were tried."""
    path = original / FOLDER_NAME / name
    data = path.read_bytes()
    chance = random.Random(name)
    tier = _tier_of(original)
    flips = min(flips, len(data) * 8)
    try:
        for _ in range(flips):
            bit = chance.randrange(len(data) * 8)
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(changed)
            findings.expect(bool(_found(original, tier)), f"{name}: bit {bit} flipped and not detected")
    finally:
        path.write_bytes(data)
    return flips


def run_truncation(scale: Scale) -> Outcome:
    """Row 6."""
    findings = Findings()
    survived, back = 0, list[float]()
    with laboratory() as folder:
        original, _ = _two_generations(folder, 60)
        names = sorted(artifacts(original), key=_mapped_first)[: CUT[scale]]
        for name in names:
            for length in (0.0, 0.5) if scale is Scale.LONG else (0.0,):
                with findings.during(f"{name} cut to {length:.0%}"):
                    seconds = _truncated(findings, folder, original, name, length)
                    survived += seconds is None
                    back += [] if seconds is None else [seconds]
        findings.figures |= {
            "files cut": f"{survived + len(back)}",
            "survived": f"{survived}",
            "ended and started again": f"{len(back)}",
            "back after, at most": f"{max(back, default=0.0):.1f} s",
            "median": f"{quantile(back, 0.5):.1f} s",
        }
    return findings.outcome(
        6,
        "truncation under a mapping",
        "each file of the index is cut to nothing and to half while two threads search",
        "the process survives or is back within 3 s",
    )


def _mapped_first(name: str) -> tuple[bool, str]:
    return (not name.endswith((".idx", ".term", ".store", ".fast", ".pos", ".fieldnorm")), name)


def _truncated(findings: Findings, folder: Path, original: Path, name: str, length: float) -> float | None:
    """How long the server was away; None where it survived."""
    workspace = folder / "case" / "ws"
    shutil.rmtree(workspace.parent, ignore_errors=True)
    shutil.copytree(original, workspace)
    path = workspace / FOLDER_NAME / name
    with Client() as client:
        client.start(workspace)
        reindexed(client)
        with _asking(client):
            os.truncate(path, int(path.stat().st_size * length))
            time.sleep(0.5)
        if client.alive and _answers(client):
            return None
    started = time.monotonic()
    with Client() as client:
        client.start(workspace)
        hits = client.ask("codeintel/search", {"query": "ledger"})["hits"]
        seconds = time.monotonic() - started
        findings.expect(bool(hits), f"{name}: started again, and nothing is found")
        findings.expect(seconds <= BACK_S, f"{name}: back after {seconds:.1f} s")
    return seconds


def _answers(client: Client) -> bool:
    with contextlib.suppress(Exception):
        return bool(client.ask("codeintel/search", {"query": "ledger", "limit": 50})["hits"])
    return False


@contextmanager
def _asking(client: Client) -> Iterator[None]:
    """Searches go on in two threads meanwhile."""
    done = threading.Event()

    def ask() -> None:
        number = 0
        while not done.is_set() and client.alive:
            number += 1
            word = source(number % 60)[1].split()[1]
            with contextlib.suppress(Exception):
                client.ask("codeintel/search", {"query": f"{word} one of", "limit": 20}, 5)

    threads = [threading.Thread(target=ask, name="faults-asker", daemon=True) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(10)
