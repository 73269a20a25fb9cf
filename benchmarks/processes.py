"""What a process and its descendants hold in memory, read from /proc; Linux only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """A process's resident memory now and at its peak, MiB.

    `files_mib` is the part of it that maps files, which the system takes back when it wants to. `share_mib` counts
    what processes have in common once for all of them: those of several may be added.
    """

    resident_mib: float
    peak_mib: float
    files_mib: float
    share_mib: float


def memory_of(pid: int) -> Memory:
    """Raises OSError where the process has gone."""
    status = (PROC / str(pid) / "status").read_text(encoding="utf-8")
    mapped = (PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8")
    return Memory(_mib(status, "VmRSS"), _mib(status, "VmHWM"), _mib(status, "RssFile"), _mib(mapped, "Pss"))


def descendants(pid: int) -> Iterator[int]:
    """The processes that `pid` started, and those that they started."""
    for listing in sorted((PROC / str(pid) / "task").glob("*/children")):
        for child in map(int, listing.read_text(encoding="ascii").split()):
            yield child
            yield from descendants(child)


def _mib(status: str, field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
