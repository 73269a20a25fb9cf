"""What a row of the table says when its fault has been injected, and how much of it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum


class Scale(Enum):
    """How much of a fault is injected: `SHORT` takes seconds a row, `LONG` is what the table promises."""

    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row: `figures` are what was measured, `failures` what was not as it should be.

    `passed` is None where this machine does not allow the injection; `failures` then says why.
    """

    row: int
    title: str
    injected: str
    wanted: str
    figures: Mapping[str, str] = field(default_factory=dict)
    failures: Sequence[str] = ()
    passed: bool | None = True

    @property
    def result(self) -> str:
        """In words."""
        return {True: "passed", False: "not passed", None: "not run"}[self.passed]


class NotHere(Exception):
    """This machine does not allow the injection."""


class Findings:
    """Collects the figures and the failures of a row."""

    MOST_FAILURES = 12
    """Failures that are kept: a thousand cases that fail alike say no more."""

    def __init__(self) -> None:
        self.figures: dict[str, str] = {}
        self.failures: list[str] = []
        self.failed = 0

    def expect(self, condition: bool, failure: str) -> bool:
        """Note `failure` unless `condition` holds; answers the condition."""
        if not condition:
            self.failed += 1
            if failure not in self.failures and len(self.failures) < self.MOST_FAILURES:
                self.failures.append(failure)
        return condition

    @contextmanager
    def during(self, doing: str) -> Iterator[None]:
        """Turn whatever is raised into a failure, so that the cases after it are still tried."""
        try:
            yield
        except NotHere:
            raise
        except Exception as error:
            self.expect(False, f"{doing}: {type(error).__name__}: {error}")

    def outcome(self, row: int, title: str, injected: str, wanted: str) -> Outcome:
        """The row."""
        return Outcome(
            row, title, injected, wanted, dict(self.figures), tuple(self.failures), not self.failed
        )


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed; 0 where there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1_000) * len(ordered) // 1_000) - 1)]


def milliseconds(seconds: float) -> str:
    """'12 ms'."""
    return f"{seconds * 1_000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1_000:.1f} ms"
