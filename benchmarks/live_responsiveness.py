"""How the server answers while it indexes 100,000 chunks from nothing: a hover, a status and a search every 100 ms.

They are sent whether earlier ones are answered or not, so that a server that stalls is charged for all that wait.
First files are read (the text tier), then chunks are encoded, of which only the first minute is waited for.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_server import ANSWER_TIMEOUT_S, LIMIT, LiveServer, Sent, serving
from benchmarks.live_sources import NOUNS, VERBS, source_paths, write_sources
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.reporting import console, table
from codeintel.catalog.folder import FOLDER_NAME

NAME = "live_responsiveness"
FILES, QUICK_FILES = 10_000, 500
FUNCTIONS_EACH = 10
EVERY_S = 0.1
ENCODING_S, QUICK_ENCODING_S = 60.0, 5.0
GIVE_UP_S = 900.0
SEED = 20_261_123
READING, ENCODING = "while files are read", "while chunks are encoded"
TARGETS = {"hover": Target(p95=50), "status": Target(p95=50), "search": Target(p95=250)}


@dataclass(slots=True)
class Asked:
    """Everything that was asked in one phase, by kind."""

    sent: dict[str, list[Sent]] = field(default_factory=lambda: {kind: [] for kind in TARGETS})
    seconds: float = 0.0

    def spreads(self) -> dict[str, Any]:
        """Times of the answers, and how many were refusals: there is nothing to search in at first."""
        figures = {}
        for kind, every in self.sent.items():
            answered = [sent for sent in every if not sent.refused]
            times = [sent.milliseconds for sent in answered if sent.milliseconds is not None]
            refused = len(every) - len(answered)
            figures[kind] = {
                **spread(times, TARGETS[kind]),
                "refused": refused,
                "open": len(answered) - len(times),
            }
        return figures


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About 3 minutes."""
    files = QUICK_FILES if options.quick else FILES
    with scratch(options.indexes) as kept:
        folder, cache = kept / f"live-responsiveness-{files}", kept / "live-responsiveness-vectors"
        write_sources(folder, files, FUNCTIONS_EACH)
        for left in (folder / FOLDER_NAME, cache):
            shutil.rmtree(left, ignore_errors=True)
        with serving(folder, cache) as server:
            figures = measure(server, files, QUICK_ENCODING_S if options.quick else ENCODING_S)
        shutil.rmtree(cache, ignore_errors=True)
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


def measure(server: LiveServer, files: int, encoding_s: float) -> dict[str, Any]:
    """Ask from when the workspace is open, and go on for so long after the last file was read."""
    server.status()
    questions = Questions(server, list(source_paths(server.folder, files)))
    phases = {READING: Asked(), ENCODING: Asked()}
    began = time.perf_counter()
    read_at = None
    while read_at is None or time.perf_counter() - read_at < encoding_s:
        tick = time.perf_counter()
        if tick - began > GIVE_UP_S:
            raise TimeoutError(f"not every file was read within {GIVE_UP_S:.0f} s")
        questions.ask(phases[READING if read_at is None else ENCODING])
        if read_at is None and questions.files_read() >= files:
            read_at = time.perf_counter()
        time.sleep(max(0.0, tick + EVERY_S - time.perf_counter()))
    phases[READING].seconds, phases[ENCODING].seconds = read_at - began, time.perf_counter() - read_at
    return _figures(server, phases, questions)


class Questions:
    """What is asked at each tick; hovers go to hits of the last answer, as people's do."""

    def __init__(self, server: LiveServer, paths: list[Path]) -> None:
        self._server = server
        self._paths = paths
        self._chance = random.Random(SEED)
        self._status: list[Sent] = []
        self._search: Sent | None = None
        self._place: tuple[str, int] = (paths[0].as_uri(), 0)

    def ask(self, asked: Asked) -> None:
        """One of each."""
        words = (self._chance.choice(VERBS), self._chance.choice(NOUNS), self._chance.choice(NOUNS))
        uri, line = self._latest_hit()
        hover = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 4}}
        asked.sent["hover"].append(self._server.send("textDocument/hover", hover))
        self._status.append(self._server.send("codeintel/status", {}))
        asked.sent["status"].append(self._status[-1])
        query = {"query": " ".join(words), "limit": LIMIT, "explain": True}
        self._search = self._server.send("codeintel/search", query)
        asked.sent["search"].append(self._search)

    def files_read(self) -> int:
        """How many files the last answered status counts."""
        while len(self._status) > 1 and self._status[1].answer.done():
            self._status.pop(0)
        status = self._answer(self._status[0])
        return sum(root["files"] for root in status["roots"]) if status else 0

    def chunks(self) -> dict[str, int]:
        """Chunks and their contextual vectors, as they are now."""
        (root,) = self._server.status()["roots"]
        return {"chunks": root["chunks"], "meaning": root["meaning"]}

    def _latest_hit(self) -> tuple[str, int]:
        if self._search and (answer := self._answer(self._search)) and answer["hits"]:
            hit = self._chance.choice(answer["hits"])
            self._place = hit["uri"], hit["range"]["start"]["line"]
        return self._place

    @staticmethod
    def _answer(sent: Sent) -> Any:
        return sent.answer.result() if sent.answer.done() and not sent.refused else None


def _figures(server: LiveServer, phases: Mapping[str, Asked], questions: Questions) -> dict[str, Any]:
    chunks = questions.chunks()  # after which every earlier question is answered, or stuck
    deadline = time.perf_counter() + ANSWER_TIMEOUT_S
    waiting = [sent for asked in phases.values() for every in asked.sent.values() for sent in every]
    while any(not sent.answer.done() for sent in waiting) and time.perf_counter() < deadline:
        time.sleep(EVERY_S)
    memory, others = server.memory()
    return {
        **chunks,
        "seconds": {name: asked.seconds for name, asked in phases.items()},
        "phases": {name: asked.spreads() for name, asked in phases.items()},
        "memory": {"server": asdict(memory), "other_processes_peak_mib": others},
    }


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print both phases, then the memory."""
    measures = {
        f"{kind}, {name}": one for name, kinds in figures["phases"].items() for kind, one in kinds.items()
    }
    title = f"Milliseconds, {figures['chunks']:,} chunks, {figures['meaning']:,} encoded in the end"
    console.print(spreads_table(title, measures))
    for name, seconds in figures["seconds"].items():
        refused = sum(one["refused"] for one in figures["phases"][name].values())
        unanswered = sum(one["open"] for one in figures["phases"][name].values())
        console.print(
            f"{name}: {seconds:.0f} s, {refused} refused, {unanswered} not answered", highlight=False
        )
    memory = figures["memory"]
    rows = [
        ["server", f"{memory['server']['resident_mib']:.0f}", f"{memory['server']['peak_mib']:.0f}"],
        ["its processes together", "", f"{memory['other_processes_peak_mib']:.0f}"],
    ]
    console.print(table("Memory, MiB", ["", "resident", "peak"], rows))


if __name__ == "__main__":
    main()
