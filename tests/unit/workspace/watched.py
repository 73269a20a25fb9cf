"""A watched root for the tests of watching: what was reported can be waited for, and nothing else is waited for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codeintel.workspace import watching
from codeintel.workspace.watching import Batch, Watcher
from codeintel.workspace.watching_tree import TreeWatches

DEADLINE_S = 60.0  # for what takes 50 ms on a machine that does nothing else
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
NOISE = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")  # watchdog's, of its own doing


class Record:
    """Everything a watcher reported, to be waited for."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self._came = threading.Condition()

    def __call__(self, batch: Batch) -> None:
        with self._came:
            self.batches.append(batch)
            self._came.notify_all()

    @property
    def paths(self) -> set[Path]:
        return set().union(*(batch.paths for batch in self.batches))

    def wait(self, condition: Callable[[], object], what: object = "") -> None:
        with self._came:
            assert self._came.wait_for(condition, DEADLINE_S), f"no {what} in {self.batches}"

    def wait_for(self, *paths: Path) -> None:
        self.wait(lambda: self.paths.issuperset(paths), [path for path in paths if path not in self.paths])

    def wait_for_overflow(self) -> None:
        self.wait(lambda: any(batch.overflow for batch in self.batches), "overflow")

    def forget(self) -> None:
        """Wait for nothing, but begin anew."""
        with self._came:
            self.batches.clear()


class Workplace:
    """A root with a watcher on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.record = Record()
        self.watcher: Watcher | None = None
        self._sentinels = 0

    def write(self, *uris: str) -> list[Path]:
        paths = [self.root / uri for uri in uris]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{time.monotonic_ns()}\n")
        return paths

    def start(self, *folders: str) -> Watcher:
        self.watcher = Watcher(self.root, [self.root / folder for folder in folders], self.record)
        self.watcher.start()
        return self.watcher

    def settle(self) -> set[Path]:
        """All that was reported of what was done before: a last file is written, and seen."""
        while True:
            self._sentinels += 1
            sentinel, batches = self.root / f"sentinel-{self._sentinels}", len(self.record.batches)
            sentinel.write_text("")
            self.record.wait(
                lambda sentinel=sentinel, batches=batches: (
                    sentinel in self.record.paths or any(b.overflow for b in self.record.batches[batches:])
                ),
                sentinel,
            )
            if sentinel in self.record.paths:  # else it went with an overflow
                return {path for path in self.record.paths if not path.name.startswith("sentinel-")}


@pytest.fixture(params=[pytest.param("inotify", marks=LINUX_ONLY), pytest.param("tree", marks=NOISE)])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    """A root that is watched as on Linux in one run of the test, and as elsewhere in the other."""
    monkeypatch.setattr("codeintel.workspace.watching_batches.POLL_S", 0.05)
    if request.param == "tree":
        monkeypatch.setattr(watching, "SystemWatches", TreeWatches)
    made = Workplace(tmp_path.resolve() / "root")
    made.root.mkdir()
    yield made
    if made.watcher:
        made.watcher.stop()


@pytest.fixture
def inotify_place(tmp_path: Path) -> Iterator[Workplace]:
    """For what only inotify has."""
    if sys.platform != "linux":
        pytest.skip("inotify is Linux's")
    made = Workplace(tmp_path.resolve() / "root")
    made.root.mkdir()
    yield made
    if made.watcher:
        made.watcher.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll, for what no watcher reports."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
