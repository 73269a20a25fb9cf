"""The short form of each row of docs/faults.md; `make faults` runs the long ones.

Most of a row is waiting, so two run at a time, each in a process of its own: rows change their environment.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor

import pytest
from faults.outcome import Outcome, Scale
from faults.rows import ROWS

AT_A_TIME = 2


def short_form(row: int) -> Outcome:
    return ROWS[row](Scale.SHORT)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[Mapping[int, Future[Outcome]]]:
    """The rows that were selected, running; those that only wait for time to pass do so beside busy ones."""
    selected = [
        item.callspec.params["row"] for item in request.session.items if "outcomes" in item.fixturenames
    ]
    with ProcessPoolExecutor(AT_A_TIME, multiprocessing.get_context("spawn")) as pool:
        yield {row: pool.submit(short_form, row) for row in selected}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row}-{ROWS[row].__module__.rpartition('.')[2]}")
def test_a_fault_is_survived(row: int, outcomes: Mapping[int, Future[Outcome]]) -> None:
    outcome = outcomes[row].result()
    if outcome.passed is None:
        pytest.skip("; ".join(outcome.failures))
    assert outcome.passed, "\n".join([*outcome.failures, str(dict(outcome.figures))])
