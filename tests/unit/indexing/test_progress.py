"""Progress: counts and an estimate, told at most every so often and always at the end."""

from __future__ import annotations

from unittest.mock import patch

from codeintel.indexing.progress import Meter, Progress


def check(steps: list[tuple[float, int]], expected: list[tuple[int, float | None]]) -> None:
    """What a meter of 100 units tells where `steps` are seconds since its start and units done; (done, remaining)."""
    told: list[Progress] = []
    clock = iter([0.0, *(seconds for seconds, _ in steps)])
    with patch("codeintel.indexing.progress.time.monotonic", lambda: next(clock)):
        meter = Meter("Reading", 100, told.append)
        for _, count in steps:
            meter.advance(count)
    assert [(one.done, one.remaining_s) for one in told] == expected


def test_the_start_and_the_end_are_always_told() -> None:
    check([(0.01, 50), (0.02, 50)], [(0, None), (100, None)])


def test_what_follows_quickly_is_not_told() -> None:
    check([(0.05, 10), (0.2, 10), (0.25, 10)], [(0, None), (20, None)])


def test_the_rest_is_estimated_at_the_mean_rate() -> None:
    check([(2.0, 20), (5.0, 30)], [(0, None), (20, 2.0 / 20 * 80), (50, 5.0 / 50 * 50)])


def test_progress_prints_counts_and_what_is_left() -> None:
    assert str(Progress("Reading", 1_200, 5_000)) == "Reading: 1,200 of 5,000"
    assert str(Progress("Reading", 1, 2, 45.4)) == "Reading: 1 of 2, about 45 s left"
    assert str(Progress("Reading", 1, 2, 150)) == "Reading: 1 of 2, about 2 min left"
