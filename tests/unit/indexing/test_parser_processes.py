"""The processes: each way to take one down is told by its name, and costs its own task alone."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from unittest.mock import patch

import pytest
from pebble import ProcessPool

from codeintel.errors import IndexTrouble
from codeintel.indexing.parser_processes import ParserFault, ParserProcesses

CRASH = "crashed its parser"


@pytest.fixture(scope="module")
def processes() -> Iterator[ParserProcesses]:
    """One process with little time and memory."""
    pool = ParserProcesses(1, 1.0, 300_000_000)
    yield pool
    pool.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("__import__('os').abort()", CRASH),
        ("__import__('os')._exit(3)", CRASH),
        ("__import__('ctypes').string_at(0)", CRASH),
        ("(lambda f: f(f))(lambda f: f(f))", CRASH),
        ("__import__('time').sleep(60)", "took over 1 s to parse"),
    ],
)
def test_a_task_that_takes_its_process_down_is_told_apart(
    processes: ParserProcesses, code: str, reason: str
) -> None:
    task, after = processes.submit(eval, code), processes.submit(abs, -1)
    with pytest.raises(ParserFault) as raised:
        processes.result(task)
    assert raised.value.reason == reason
    assert processes.result(after) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")
@pytest.mark.parametrize(
    "code", ["len(bytearray(400_000_000))", "len([0] * 60_000_000)", "len(list(range(10**8)))"]
)
def test_a_task_may_take_so_much_memory_and_no_more(processes: ParserProcesses, code: str) -> None:
    with pytest.raises(ParserFault) as raised:
        processes.result(processes.submit(eval, code))
    assert raised.value.reason == "needed over 300 MB to parse"
    assert processes.result(processes.submit(eval, "len(bytearray(100_000_000))")) == 100_000_000


def test_what_a_task_raises_by_itself_is_raised_here(processes: ParserProcesses) -> None:
    with pytest.raises(KeyError):
        processes.result(processes.submit(eval, "{}['x']"))


def test_a_task_waits_for_no_more_than_those_before_it(processes: ParserProcesses) -> None:
    processes.result(processes.submit(abs, -1))
    started = time.perf_counter()
    tasks = [processes.submit(abs, -number) for number in range(100)]
    assert [processes.result(task) for task in tasks] == list(range(100))
    assert time.perf_counter() - started < 2


def test_ctrl_c_does_not_reach_a_process(processes: ParserProcesses) -> None:
    pid = processes.result(processes.submit(os.getpid))
    assert pid != os.getpid()
    os.kill(pid, signal.SIGINT)
    assert processes.result(processes.submit(os.getpid)) == pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_of_a_pool_that_lost_a_resting_process_none_is_left() -> None:
    """As when the system kills one for want of memory: the others would hold theirs until the server ends."""
    processes = ParserProcesses(2, 5.0)
    try:
        assert processes.result(processes.submit(abs, -1)) == 1
        pool = processes._pool
        assert pool is not None
        pids = list(pool._pool_manager.worker_manager.workers)
        os.kill(pids[0], signal.SIGKILL)
        pool._pool_manager_loop.join(2)
        assert processes.result(processes.submit(abs, -2)) == 2
        assert processes._pool is not pool
        assert not alive(pids[1])
    finally:
        processes.close()


def test_a_task_that_its_pool_forgot_is_asked_for_again() -> None:
    processes = ParserProcesses(1, 5.0)
    try:
        forgotten = processes.submit(abs, -1)
        broken = patch.object(
            type(forgotten.pool), "active", property(lambda pool: pool is not forgotten.pool)
        )
        with broken:
            lost = type(forgotten)(abs, (-3,), Future(), forgotten.pool)
            assert processes.result(lost) == 3
    finally:
        processes.close()


def test_processes_that_cannot_be_asked_are_an_error_that_says_so(processes: ParserProcesses) -> None:
    with (
        patch.object(ProcessPool, "schedule", side_effect=RuntimeError("The Pool is not active")),
        pytest.raises(IndexTrouble, match="do not run"),
    ):
        processes.result(processes.submit(abs, -1))
