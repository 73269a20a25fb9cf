"""Hints about changed paths, gathered into batches and reported from one thread; where they come from is elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

# Measured: so many files are read one by one in 0.2 s, and a root of so many is listed in 0.13 s.
MAX_PATHS = 5_000
POLL_S = 1.0  # between two looks at the root itself; each is one stat


@dataclass(frozen=True, slots=True)
class Batch:
    """Paths that may have changed: hints only, contents decide.

    `paths` are files and folders that were created, changed, deleted or moved (both ends); a folder's stands for
    everything below it. With `overflow` there are none: events were lost or are too many, and the whole root
    must be compared with the disk.
    """

    paths: frozenset[Path]
    overflow: bool = False


class Hints:
    """Gathers paths until none has come for `quiet_s`, or the first is `longest_s` old, and reports them as one.

    `look` is called about once a second, and `report` for each batch, both from one thread of this class. What
    `report` raises is logged.
    """

    def __init__(
        self, report: Callable[[Batch], None], look: Callable[[], None], quiet_s: float, longest_s: float
    ) -> None:
        self._report = report
        self._look = look
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._changed = threading.Condition()
        self._paths: set[str] = set()
        self._overflow = False
        self._first: float | None = None  # when the oldest hint that is not reported came
        self._last = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="codeintel-watching", daemon=True)

    def start(self) -> None:
        """Begin to report; hints that came before are reported too."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End within the time, without a new call of `report`; one that is running is waited for that long."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def add(self, paths: Iterable[str]) -> None:
        """These may have changed."""
        with self._changed:
            if not self._overflow:
                self._paths.update(paths)
                self._overflow = len(self._paths) > MAX_PATHS
            self._came()

    def lose(self) -> None:
        """Anything may have changed."""
        with self._changed:
            self._overflow = True
            self._came()

    def _came(self) -> None:
        self._last = time.monotonic()
        if self._first is None:
            self._first = self._last
            self._changed.notify()

    def _run(self) -> None:
        next_look = time.monotonic() + POLL_S
        while True:
            with self._changed:
                while not self._stopped and (rest := min(self._due(), next_look) - time.monotonic()) > 0:
                    self._changed.wait(rest)
                if self._stopped:
                    return
                batch = self._take() if self._due() <= time.monotonic() else None
            if batch:
                self._deliver(batch)
            if time.monotonic() >= next_look:
                self._look()
                next_look = time.monotonic() + POLL_S

    def _due(self) -> float:
        """When what was gathered is to be reported."""
        if self._first is None:
            return float("inf")
        return min(self._last + self._quiet_s, self._first + self._longest_s)

    def _take(self) -> Batch:
        paths = () if self._overflow else map(Path, self._paths)
        batch = Batch(frozenset(paths), self._overflow)
        self._paths, self._overflow, self._first = set(), False, None
        return batch

    def _deliver(self, batch: Batch) -> None:
        try:
            self._report(batch)
        except Exception:
            log.exception("a batch of %d changed paths could not be handled", len(batch.paths))
