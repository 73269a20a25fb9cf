"""What a process holds, read from /proc: memory, descriptors, threads, descendants; Linux only."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from faults.outcome import NotHere

PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds now; memory is resident, MiB."""

    memory_mib: float
    descriptors: int
    threads: int


def require_proc() -> None:
    """Raise NotHere where the system has no /proc."""
    if not (PROC / "self" / "status").is_file():
        raise NotHere("needs /proc, which this system does not have")


def held_by(pid: int) -> Held:
    """Raises OSError where the process has gone."""
    status = (PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    descriptors = sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
    return Held(_field(status, "VmRSS") / 1024, descriptors, int(_field(status, "Threads")))


def memory_of(pid: int) -> float:
    """Resident MiB of a process and of its descendants, those that can still be read."""
    total = 0.0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            total += held_by(one).memory_mib
    return total


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of its descendants so far, seconds."""
    total = 0.0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = (PROC / str(one) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def descendants(pid: int) -> Iterator[int]:
    """The processes that `pid` started, and those that they started."""
    for listing in sorted((PROC / str(pid) / "task").glob("*/children")):
        with contextlib.suppress(OSError):
            for child in map(int, listing.read_text(encoding="ascii").split()):
                yield child
                yield from descendants(child)


class Peak:
    """Watches the most memory that a process, and those it started, hold while the block runs."""

    def __init__(self, pid: int, *, family: bool = False, every_s: float = 0.02) -> None:
        self.mib = 0.0
        self._pid, self._family, self._every_s = pid, family, every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="faults-memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            with contextlib.suppress(OSError):
                now = memory_of(self._pid) if self._family else held_by(self._pid).memory_mib
                self.mib = max(self.mib, now)
            time.sleep(self._every_s)


def _field(status: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    return float(found[1]) if found else 0.0


_TICKS: Final = 100
"""USER_HZ: 100 on every Linux that Python runs on."""
