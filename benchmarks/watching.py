"""What it costs to watch a workspace and what is seen: our watcher beside the ways to use watchdog and watchfiles.

Linux only. Each way watches in a fresh process over two made-up repositories: one of 5,000 files in 500 folders with
a node_modules of 20,000 files beside them, and one of 20,000 files in 2,000 folders. What the figures decided is told
in docs/decisions.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS
from benchmarks.peers.watching_runner import WAYS
from benchmarks.reporting import console, table, write_result

NAME = "watching"
SAVES = 20
CHECKOUT, BURST, INSTALL, LOST = 400, 2_000, 5_000, 25_000  # files, or writes, of each scene
LIMIT = 300  # watches, where there are too few: the smaller repository has 500 folders
IDLE_S = 10.0
SETTLE_S = 1.5  # waited after a change, before counting what was seen of it
GIT = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org", "-c", "gc.auto=0")


def main() -> None:
    """Measure, print, write; a minute or two for each way."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    made.add_argument("--only", choices=WAYS, help="one of the ways; nothing is written")
    options = made.parse_args()
    figures = {}
    for way in [options.only] if options.only else WAYS:
        figures[way] = measure(way)
        console.print(f"{way}: done", style="dim", highlight=False)
    print_summary(figures)
    if not options.only:
        write_result(options.results, NAME, figures)


def measure(way: str) -> dict[str, Any]:
    """Every scene in one way; the repositories are made anew for each."""
    with tempfile.TemporaryDirectory(prefix="codeintel-benchmark-") as scratch:
        large = make_repository(Path(scratch).resolve() / "large", folders=2_000, files=20_000)
        started = Watching(way, large)
        started.end()
        small = make_repository(Path(scratch).resolve() / "small", folders=500, files=5_000)
        make_files(small / "node_modules", folders=2_000, files=20_000)
        return {"start, 2,000 folders": started.ready, **_scenes(way, small), "limit": _limited(way, small)}


def _scenes(way: str, root: Path) -> dict[str, Any]:
    watching = Watching(way, root)
    files = sorted(root.glob("src/*/*.py"))
    installed = [root / "node_modules" / f"new-{number // 10}" / f"{number}.js" for number in range(INSTALL)]
    figures: dict[str, Any] = {"start, 500 folders": watching.ready}
    if not watching.ready["trouble"]:
        figures["idle"] = watching.after(lambda: time.sleep(IDLE_S - SETTLE_S), [])
        figures["save"] = watching.saves(files[0], lambda path: path.write_text("saved = 1\n"))
        figures["atomic save"] = watching.saves(files[1], _save_atomically)
        figures["read"] = watching.after(lambda: [path.read_bytes() for path in files[:1_000]], [])
        changed = _prepare_checkout(root)
        figures["checkout"] = watching.after(lambda: _git(root, "checkout", "-q", "other"), changed)
        figures["burst"] = watching.after(lambda: _burst(files[:BURST]), files[:BURST])
        figures["install"] = watching.after(lambda: _write(installed), [])
        copied = [root / "copy" / str(number // 10) / f"{number}.py" for number in range(CHECKOUT)]
        figures["new folders"] = watching.after(lambda: _write(copied), copied)
        figures["lost events"] = watching.after(lambda: _overflow(watching.process.pid, files), [])
    watching.end()
    return figures


def _limited(way: str, root: Path) -> dict[str, Any]:
    """With too few watches: whether it starts, and how many of 500 changes, one in each folder, it misses."""
    watching = Watching(way, root, limit=LIMIT)
    files = sorted({path.parent: path for path in root.glob("src/*/*.py")}.values())
    figures = dict(watching.ready)
    if not figures["trouble"]:
        figures |= watching.after(lambda: _write(files), files)
    watching.end()
    return figures


class Watching:
    """The watching process of one way, seen from outside."""

    def __init__(self, way: str, root: Path, limit: int | None = None) -> None:
        command = [sys.executable, "-m", "benchmarks.peers.watching_runner", way, str(root)]
        if limit is not None:  # in a user namespace of its own, which may be stricter than the system
            allow = f'echo {limit} > /proc/sys/user/max_inotify_watches && exec "$@"'
            command = ["unshare", "--user", "--map-root-user", "sh", "-c", allow, "sh", *command]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )
        self.ready = self._answer()

    def after(self, change: Callable[[], object], expected: Iterable[Path]) -> dict[str, Any]:
        """Make a change, let it settle, and compare what was seen with what should have been."""
        self._ask()
        change()
        ended = time.monotonic()
        time.sleep(SETTLE_S)
        answer = self._ask()
        first: dict[str, float] = {}
        for moment, _, paths in answer["seen"]:
            for path in paths:
                first.setdefault(path, moment)
        wanted = [str(path) for path in expected]
        found = [first[path] for path in wanted if path in first]
        return {
            "cpu_s": answer["cpu_s"],
            "events": answer["events"],
            "batches": len(answer["seen"]),
            "paths": len(first),
            "missed": len(wanted) - len(found),
            "last_ms": 1000 * (max(found) - ended) if found else None,
            "overflow": any(overflow for _, overflow, _ in answer["seen"]),
        }

    def saves(self, path: Path, save: Callable[[Path], object]) -> dict[str, float | None]:
        """Milliseconds from a save to the batch with its path, over many saves."""
        times = []
        for _ in range(SAVES):
            self._ask()
            began = time.monotonic()
            save(path)
            time.sleep(0.3)
            moments = [moment for moment, _, paths in self._ask()["seen"] if str(path) in paths]
            times += [1000 * (moment - began) for moment in moments[:1]]
        return {"median_ms": statistics.median(times) if times else None, "missed": SAVES - len(times)}

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def _ask(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


def make_repository(root: Path, folders: int, files: int) -> Path:
    """A committed repository with a folder `src` of so many folders and files; it ignores node_modules."""
    make_files(root / "src", folders, files)
    (root / ".gitignore").write_text("node_modules/\n")
    _git(root, "init", "-q")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "first")
    return root


def make_files(top: Path, folders: int, files: int) -> None:
    """Small files, the same number in each folder."""
    _write([top / f"f{number % folders}" / f"{number}.py" for number in range(files)])


def _prepare_checkout(root: Path) -> list[Path]:
    """A branch `other` in which so many files, spread over all folders, are different; made in another work tree."""
    elsewhere = root.parent / "elsewhere"
    _git(root, "worktree", "add", "-q", "-b", "other", str(elsewhere))
    files = sorted(elsewhere.glob("src/*/*.py"))[:: 5_000 // CHECKOUT][:CHECKOUT]
    for path in files:
        path.write_text(f"other = {path.name!r}\n")
    _git(elsewhere, "commit", "-q", "-a", "-m", "second")
    _git(elsewhere, "checkout", "-q", "--detach")
    _git(root, "checkout", "-q", "--", ".")  # what was saved before must not be in the way
    time.sleep(SETTLE_S)
    return [root / path.relative_to(elsewhere) for path in files]


def _burst(files: Sequence[Path]) -> None:
    """All files in one second."""
    began = time.monotonic()
    for number, path in enumerate(files):
        path.write_text("burst = 1\n")
        time.sleep(max(0.0, began + number / len(files) - time.monotonic()))


def _overflow(process: int, files: Sequence[Path]) -> None:
    """More events than the kernel keeps, while the watching process is stopped."""
    os.kill(process, signal.SIGSTOP)
    for number in range(LOST):
        os.utime(files[number % 2])
    os.kill(process, signal.SIGCONT)


def _save_atomically(path: Path) -> None:
    draft = path.with_name(".draft~")
    draft.write_text("saved = 2\n")
    draft.replace(path)


def _write(files: Iterable[Path]) -> None:
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"name = {path.name!r}\n")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


COLUMNS: dict[str, tuple[str, str]] = {
    "start s": ("start, 2,000 folders", "seconds"),
    "watches": ("start, 500 folders", "watches"),
    "threads": ("start, 500 folders", "threads"),
    "idle CPU s": ("idle", "cpu_s"),
    "save ms": ("save", "median_ms"),
    "atomic ms": ("atomic save", "median_ms"),
    "reading: events": ("read", "events"),
    "checkout ms": ("checkout", "last_ms"),
    "events": ("checkout", "events"),
    "paths": ("checkout", "paths"),
    "CPU s": ("checkout", "cpu_s"),
    "burst CPU s": ("burst", "cpu_s"),
    "missed": ("burst", "missed"),
    "install CPU s": ("install", "cpu_s"),
    "new folders: missed": ("new folders", "missed"),
    "overflow told": ("lost events", "overflow"),
    "limit: starts": ("limit", "trouble"),
    "limit: missed": ("limit", "missed"),
}


def print_summary(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """A line for each figure, a column for each way."""
    rows = [
        [title, *(_shown(figures[way].get(scene, {}).get(figure)) for way in figures)]
        for title, (scene, figure) in COLUMNS.items()
    ]
    console.print(table("Watching", ["", *figures], rows))


def _shown(value: object) -> object:
    """What went wrong is long, and in the JSON."""
    return ("no" if value else "yes") if isinstance(value, str) else value


if __name__ == "__main__":
    main()
