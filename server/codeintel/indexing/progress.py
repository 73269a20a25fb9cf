"""How far indexing has come, with an estimate of what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

READING = "Reading and chunking"
STRUCTURE = "Reading for structure"
ENCODING = "Reading for meaning"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage; `remaining_s` is None until a rate is known."""

    stage: str
    done: int
    total: int
    remaining_s: float | None = None

    def __str__(self) -> str:
        left = "" if self.remaining_s is None else f", about {_duration(self.remaining_s)} left"
        return f"{self.stage}: {self.done:,} of {self.total:,}{left}"


ProgressReport = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """The report of work that nobody watches."""


class Meter:
    """Counts one stage and reports at most every `interval_s`; the rate is the whole stage's mean."""

    def __init__(self, stage: str, total: int, report: ProgressReport, interval_s: float = 0.1) -> None:
        self._stage, self._total, self._report, self._interval_s = stage, total, report, interval_s
        self._done = 0
        self._started = self._reported = time.monotonic()
        report(Progress(stage, 0, total))

    def advance(self, count: int = 1) -> None:
        """Count `count` more units as done."""
        self._done += count
        now = time.monotonic()
        if self._done < self._total and now - self._reported < self._interval_s:
            return
        self._reported = now
        elapsed = now - self._started
        remaining = elapsed / self._done * (self._total - self._done) if elapsed > 1 else None
        self._report(Progress(self._stage, self._done, self._total, remaining))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
