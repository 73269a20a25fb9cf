"""How soon a repository is searchable by text, beside semble on the same machine with the same static model.

Runs alternate between the two tools, each in a fresh process: cold from the process's start, and warm with models
loaded and worker processes running. What each figure covers is told in README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.arguments import Places, parser, places_of
from benchmarks.corpora import Repository, read_repositories
from benchmarks.reporting import console, table, write_result
from codeintel.models.folder import embedded_folder

NAME = "index_time"
RUNS = 3
MODES = ("warm", "cold")
MOMENTS = ("searchable", "durable")
OURS, THEIRS = "codeintel", "semble"
WARM_UP = (
    "def warm_up():\n    '''The one function of a workspace that exists to load things.'''\n    return 1\n"
)
TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One tool's run on one repository: seconds until searchable and until durable."""

    tool: str
    mode: str
    repository: str
    searchable: float
    durable: float
    files: int
    chunks: int
    version: str


def main() -> None:
    """Measure, print, write."""
    made = parser(__doc__ or "")
    add_arguments(made)
    options = made.parse_args()
    run(places_of(options), options.semble_python, options.runs)


def add_arguments(made: argparse.ArgumentParser) -> None:
    """The arguments of this benchmark alone."""
    made.add_argument(
        "--semble-python", type=Path, metavar="FILE", help="the interpreter semble is installed for"
    )
    made.add_argument("--runs", type=int, default=RUNS, metavar="N", help="of each tool, mode and repository")


def run(places: Places, semble_python: Path | None, runs: int = RUNS) -> None:
    """Measure every repository; about two seconds a run."""
    repositories = read_repositories(places.bench)
    commands = {OURS: [sys.executable, "-m", "benchmarks.peers.codeintel_runner"]}
    if semble_python:
        runner = Path(__file__).parent / "peers" / "semble_runner.py"
        model = str(embedded_folder() / "static")
        commands[THEIRS] = [str(semble_python), str(runner), "--model", model]
    taken: list[Run] = []
    for number in range(runs):
        for repository in repositories:
            taken += _round(repository, places.corpora, commands, forwards=number % 2 == 0)
        console.print(f"round {number + 1} of {runs} done", style="dim", highlight=False)
    figures = summary(taken)
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _round(
    repository: Repository, corpora: Path, commands: Mapping[str, Sequence[str]], forwards: bool
) -> list[Run]:
    """Every tool once in every mode, in alternating order."""
    order = list(commands) if forwards else list(commands)[::-1]
    folder = repository.folder(corpora)
    return [_run(tool, mode, repository, folder, commands[tool]) for mode in MODES for tool in order]


def _run(tool: str, mode: str, repository: Repository, corpus: Path, command: Sequence[str]) -> Run:
    with tempfile.TemporaryDirectory(prefix="codeintel-benchmark-") as scratch:
        warm_up = Path(scratch) / "warm-up"
        warm_up.mkdir()
        (warm_up / "warm_up.py").write_text(WARM_UP, encoding="utf-8")
        # an empty cache of its own, else semble would find its last index and build nothing
        surroundings = os.environ | {"SEMBLE_CACHE_LOCATION": str(Path(scratch) / "cache")}
        extra = ["--warm-up", str(warm_up)] if mode == "warm" else []
        spawned = time.monotonic()
        done = subprocess.run(
            [*command, str(corpus), *extra],
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    if done.returncode:
        raise RuntimeError(f"{tool} failed on {repository.name}:\n{done.stderr}")
    said = json.loads(done.stdout)
    start = said["started"] if mode == "warm" else spawned
    return Run(
        tool,
        mode,
        repository.name,
        said["searchable"] - start,
        said["durable"] - start,
        said["files"],
        said["chunks"],
        said["version"],
    )


def summary(taken: Sequence[Run]) -> dict[str, Any]:
    """Medians by tool, mode and repository, and the median over repositories of ours / theirs."""
    tools = list(dict.fromkeys(run.tool for run in taken))
    names = list(dict.fromkeys(run.repository for run in taken))
    figures: dict[str, Any] = {
        "repositories": len(names),
        "runs": len(taken) // (len(names) * len(MODES) * len(tools)),
        "versions": {run.tool: run.version for run in taken},
        "sizes": {tool: _sizes([run for run in taken if run.tool == tool]) for tool in tools},
    }
    for mode in MODES:
        figures[mode] = {}
        for moment in MOMENTS:
            seconds = {tool: _medians(taken, tool, mode, moment) for tool in tools}
            figures[mode][moment] = _compared(seconds)
    return figures


def _sizes(runs: Sequence[Run]) -> dict[str, dict[str, int]]:
    return {run.repository: {"files": run.files, "chunks": run.chunks} for run in runs if run.mode == "cold"}


def _medians(taken: Sequence[Run], tool: str, mode: str, moment: str) -> dict[str, float]:
    seconds: dict[str, list[float]] = {}
    for run in taken:
        if (run.tool, run.mode) == (tool, mode):
            seconds.setdefault(run.repository, []).append(getattr(run, moment))
    return {name: statistics.median(values) for name, values in seconds.items()}


def _compared(seconds: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        tool: {
            "median_seconds": statistics.median(values.values()),
            "total_seconds": sum(values.values()),
            "seconds": values,
        }
        for tool, values in seconds.items()
    }
    if THEIRS in seconds:
        ratios = {name: seconds[OURS][name] / seconds[THEIRS][name] for name in seconds[OURS]}
        figures["ratio"] = {"median": statistics.median(ratios.values()), "ratios": ratios}
    return figures


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print the comparison of modes and moments, then every repository's searchable times."""
    rows: list[list[object]] = []
    for mode in MODES:
        for moment in MOMENTS:
            compared = figures[mode][moment]
            ratio = compared.get("ratio", {}).get("median")
            theirs = compared.get(THEIRS, {})
            rows.append(
                [
                    f"{mode}, {moment}",
                    compared[OURS]["median_seconds"],
                    theirs.get("median_seconds"),
                    compared[OURS]["total_seconds"],
                    theirs.get("total_seconds"),
                    ratio,
                ]
            )
    columns = ["", OURS, THEIRS, f"{OURS}, sum", f"{THEIRS}, sum", "median ratio"]
    console.print(table(f"Seconds, medians over {figures['repositories']} repositories", columns, rows))
    console.print(_by_repository(figures))


def _by_repository(figures: Mapping[str, Any]) -> Any:
    tools = list(figures["sizes"])
    columns = [f"{tool}, {part}" for part in ("chunks", *MODES) for tool in tools]
    rows = []
    for name in figures["sizes"][OURS]:
        sizes = [figures["sizes"][tool][name]["chunks"] for tool in tools]
        times = [figures[mode]["searchable"][tool]["seconds"][name] for mode in MODES for tool in tools]
        rows.append([name, *sizes, *times])
    return table("Seconds until searchable", ["", *columns], rows)


if __name__ == "__main__":
    main()
