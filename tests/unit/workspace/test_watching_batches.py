"""Hints come in batches, from one thread, until the watcher is stopped."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

from codeintel.workspace.watching import Batch, Watcher
from codeintel.workspace.watching_batches import Hints

from .watched import DEADLINE_S, Record, Workplace, place, wait_until

__all__ = ["place"]


def hints(record: Record, quiet_s: float, longest_s: float) -> Hints:
    """Started; a test ends with the process."""
    made = Hints(record, lambda: None, quiet_s, longest_s)
    made.start()
    return made


def test_hints_that_follow_each_other_are_one_batch() -> None:
    record = Record()
    made = hints(record, quiet_s=0.5, longest_s=DEADLINE_S)
    for number in range(5):
        made.add([f"{number}", "same"])
    record.wait(lambda: record.batches)
    made.stop(1.0)
    assert record.batches == [Batch(frozenset(map(Path, ["0", "1", "2", "3", "4", "same"])))]


def test_hints_that_never_end_are_reported_meanwhile() -> None:
    record = Record()
    made = hints(record, quiet_s=DEADLINE_S, longest_s=0.1)
    began = time.monotonic()
    made.add(["first"])
    record.wait_for(Path("first"))
    assert time.monotonic() - began < DEADLINE_S
    made.add(["second"])
    record.wait_for(Path("second"))
    made.stop(1.0)


def test_a_loss_takes_the_paths_with_it_and_the_next_batch_has_its_own() -> None:
    record = Record()
    made = hints(record, quiet_s=0.2, longest_s=DEADLINE_S)
    made.add(["before"])
    made.lose()
    made.add(["after"])
    record.wait(lambda: record.batches)
    made.add(["next"])
    record.wait_for(Path("next"))
    made.stop(1.0)
    assert record.batches == [Batch(frozenset(), overflow=True), Batch(frozenset({Path("next")}))]


def test_too_many_paths_become_an_overflow_without_paths(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codeintel.workspace.watching_batches.MAX_PATHS", 20)
    place.start()
    place.write(*(f"{number}.py" for number in range(21)))
    place.record.wait_for_overflow()
    assert all(not batch.paths for batch in place.record.batches if batch.overflow)


def test_a_report_that_fails_is_logged_and_the_next_one_comes(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    failures = []

    def fail_once(batch: Batch) -> None:
        if not failures:
            failures.append(batch)
            raise ValueError("out of order")
        place.record(batch)

    place.watcher = Watcher(place.root, [], fail_once)
    with caplog.at_level(logging.ERROR):
        place.watcher.start()
        place.write("first.py")
        wait_until(lambda: bool(failures))
        place.record.wait_for(*place.write("second.py"))
    assert "out of order" in caplog.text


def test_after_stop_nothing_is_reported(place: Workplace) -> None:
    watcher = place.start()
    place.settle()
    watcher.stop()
    before = len(place.record.batches)
    place.write("late.py")
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 1.0
    assert len(place.record.batches) == before
    assert not [thread for thread in threading.enumerate() if thread.name == "codeintel-watching"]


def test_stop_does_not_wait_for_a_report_that_hangs(place: Workplace) -> None:
    entered, release = threading.Event(), threading.Event()

    def hang(_batch: Batch) -> None:
        entered.set()
        release.wait(DEADLINE_S)

    place.watcher = Watcher(place.root, [], hang)
    place.watcher.start()
    place.write("file.py")
    assert entered.wait(DEADLINE_S)
    began = time.monotonic()
    place.watcher.stop()
    assert time.monotonic() - began < 1.0
    release.set()


def test_a_report_may_follow_and_stop(place: Workplace) -> None:
    stopped = threading.Event()

    def follow_and_stop(_batch: Batch) -> None:
        assert place.watcher
        place.watcher.follow([place.root])
        place.watcher.stop()
        stopped.set()

    place.watcher = Watcher(place.root, [], follow_and_stop)
    place.watcher.start()
    place.write("file.py")
    assert stopped.wait(DEADLINE_S)


def test_a_watcher_that_never_started_can_be_stopped(place: Workplace) -> None:
    watcher = Watcher(place.root, [], place.record)
    watcher.follow([place.root])
    watcher.stop()
    watcher.stop()
    assert not watcher.limited
