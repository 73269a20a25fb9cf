"""The order of indexing jobs, and who learns how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lsp_fakes import FakeService

from codeintel.cancellation import never
from codeintel.errors import Cancelled
from codeintel.indexing.progress import Progress, silent
from codeintel.lsp.background import IndexQueue
from codeintel.service import IndexReport
from codeintel.tiers import Tier

A, B = Path("/tmp/a.py").resolve(), Path("/tmp/b.py").resolve()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


async def started(service: FakeService, runs: int) -> None:
    while len(service.runs) < runs:
        await asyncio.sleep(0.005)


async def test_a_whole_run_reads_everything_and_then_encodes(pool: ThreadPoolExecutor) -> None:
    service = FakeService()
    report = await IndexQueue(pool, never).whole(service, silent, never)
    assert service.runs == [(Tier.TEXT, None), (Tier.MEANING, [])]
    assert (report.files, report.encoded, report.seconds, report.tier) == (1, 2, 1.0, Tier.MEANING)


async def test_saves_that_come_before_they_are_read_are_one_job_ahead_of_whole_runs(
    pool: ThreadPoolExecutor,
) -> None:
    service, queue = FakeService(), IndexQueue(pool, never)
    service.gate.clear()
    running = asyncio.create_task(queue.whole(service, silent, never))
    await started(service, 1)
    waiting = asyncio.create_task(queue.whole(service, silent, never))
    saves = [asyncio.create_task(queue.files(service, paths)) for paths in ([A], [B], [A])]
    await asyncio.sleep(0.02)
    service.gate.set()
    await asyncio.gather(running, waiting, *saves)
    reads = [paths for tier, paths in service.runs if tier is Tier.TEXT]
    assert reads == [None, [A, B], None]


async def test_a_file_is_read_while_another_job_encodes(pool: ThreadPoolExecutor) -> None:
    class SlowToEncode(FakeService):
        def index(self, *, until: Tier, **given: Any) -> IndexReport:
            if until is Tier.MEANING:
                self.gate.clear()
            return super().index(until=until, **given)

    service, queue = SlowToEncode(), IndexQueue(pool, never)
    encoding = asyncio.create_task(queue.whole(service, silent, never))
    await started(service, 2)
    other = FakeService()
    await queue.files(other, [A])
    assert other.runs == [(Tier.TEXT, [A])]
    assert not encoding.done()
    await queue.drop()
    with pytest.raises(Cancelled):
        await encoding


async def test_progress_of_both_parts_reaches_whoever_asked(pool: ThreadPoolExecutor) -> None:
    seen: list[Progress] = []
    await IndexQueue(pool, never).whole(FakeService(), seen.append, never)
    assert len(seen) == 2


async def test_files_outside_the_workspace_are_left_out(pool: ThreadPoolExecutor) -> None:
    service = FakeService()
    await IndexQueue(pool, never).files(service, [A, Path("/etc/hosts")])
    assert service.runs[0] == (Tier.TEXT, [A])


async def test_a_run_that_its_owner_cancels_ends_in_cancelled_and_the_next_one_runs(
    pool: ThreadPoolExecutor,
) -> None:
    service, queue = FakeService(), IndexQueue(pool, never)
    service.gate.clear()
    unwanted = False
    first = asyncio.create_task(queue.whole(service, silent, lambda: unwanted))
    second = asyncio.create_task(queue.whole(service, silent, never))
    await started(service, 1)
    unwanted = True
    with pytest.raises(Cancelled):
        await first
    service.gate.set()
    assert (await second).tier is Tier.MEANING


async def test_dropping_ends_what_runs_and_what_waits(pool: ThreadPoolExecutor) -> None:
    service, queue = FakeService(), IndexQueue(pool, never)
    service.gate.clear()
    tasks = [asyncio.create_task(queue.whole(service, silent, never)) for _ in range(2)]
    tasks.append(asyncio.create_task(queue.files(service, [A])))
    await started(service, 1)
    await queue.drop()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Cancelled] * 3
    assert len(service.runs) == 1


async def test_a_failure_reaches_whoever_asked_and_the_next_job_runs(pool: ThreadPoolExecutor) -> None:
    class Broken(FakeService):
        def index(self, **_: object) -> object:  # type: ignore[override]
            raise OSError("disk full")

    queue = IndexQueue(pool, never)
    with pytest.raises(OSError, match="disk full"):
        await queue.files(Broken(), [A])
    assert (await queue.files(FakeService(), [A])).tier is Tier.TEXT
