"""Runs indexing in the background, in two lanes: reading, saved files first, and encoding, which follows it.

What a job does is the service's business; here is only when it runs and who learns how it ended. Encoding a
large workspace takes minutes and saved files must not wait for it: hence the lanes, each one job at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import Cancelled
from codeintel.indexing.progress import ProgressReport, silent
from codeintel.tiers import Tier
from codeintel.workspace.roots import contains

if TYPE_CHECKING:  # the service imports the engines, which would multiply the time to start
    from codeintel.service import IndexReport, Service

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Job:
    """`paths` None is the whole workspace; none at all is a job that only encodes what was read before."""

    service: Service
    ended: asyncio.Future[IndexReport]
    until: Tier = Tier.TEXT
    paths: list[Path] | None = None
    force: bool = False
    report: ProgressReport = silent
    cancelled: CancelCheck = never

    def run(self, cancelled: CancelCheck) -> IndexReport:
        """Do it; of the files, those that lie in the workspace: editors also save others."""
        roots, paths = self.service.roots, self.paths
        if paths is not None:
            paths = [path for path in paths if any(contains(root, path) for root in roots)]
        return self.service.index(
            until=self.until, report=self.report, cancelled=cancelled, force=self.force, paths=paths
        )

    def succeed(self, report: IndexReport) -> None:
        """Tell whoever waits for the job, if they still do."""
        if not self.ended.done():
            self.ended.set_result(report)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits for the job, if they still do."""
        if not self.ended.done():
            self.ended.set_exception(error)


class IndexQueue:
    """The jobs that wait and those that run; used on the event loop, runs them in a pool of two threads."""

    def __init__(self, pool: Executor, stopping: CancelCheck) -> None:
        self._stopping = stopping
        self._dropping = False
        self._reading = _Lane(pool, self._unwanted)
        self._encoding = _Lane(pool, self._unwanted)

    async def whole(
        self, service: Service, report: ProgressReport, cancelled: CancelCheck, force: bool = False
    ) -> IndexReport:
        """Bring every file up to date, then its meaning; raises Cancelled once `cancelled` turns true."""
        reading = _Job(service, _future(), force=force, report=report, cancelled=cancelled)
        self._reading.append(reading)
        read = await reading.ended
        encoding = _Job(service, _future(), Tier.MEANING, [], report=report, cancelled=cancelled)
        self._encoding.append(encoding)
        encoded = await encoding.ended
        seconds = read.seconds + encoded.seconds
        return replace(read, encoded=encoded.encoded, seconds=seconds, tier=encoded.tier)

    async def files(self, service: Service, paths: Sequence[Path]) -> IndexReport:
        """Bring files up to date, before whole workspaces that wait; their meaning follows in the background.

        Calls that come before the files are read share one job, which reads each file once, as it is then.
        """
        job = self._reading.first
        if job is None or job.paths is None:
            job = _Job(service, _future(), paths=[])
            self._reading.prepend(job)
        job.paths = list(dict.fromkeys([*(job.paths or []), *paths]))
        report = await asyncio.shield(job.ended)
        if self._encoding.first is None:
            self._encoding.append(_Job(service, _future(), Tier.MEANING, []))
        return report

    async def drop(self) -> None:
        """Cancel what waits and what runs, and wait until nothing runs; finished work is kept."""
        self._dropping = True
        await self._reading.rest()
        await self._encoding.rest()
        self._dropping = False

    def _unwanted(self, job: _Job) -> bool:
        return self._dropping or self._stopping() or job.cancelled() or job.ended.cancelled()


class _Lane:
    """Jobs that run one after the other."""

    def __init__(self, pool: Executor, unwanted: Callable[[_Job], bool]) -> None:
        self._pool = pool
        self._unwanted = unwanted
        self._waiting: deque[_Job] = deque()
        self._worker: asyncio.Task[None] | None = None

    @property
    def first(self) -> _Job | None:
        """The job that runs next."""
        return self._waiting[0] if self._waiting else None

    def append(self, job: _Job) -> None:
        """Run a job after all others."""
        self._waiting.append(job)
        self._start()

    def prepend(self, job: _Job) -> None:
        """Run a job before all that wait."""
        self._waiting.appendleft(job)
        self._start()

    async def rest(self) -> None:
        """Wait until nothing waits or runs."""
        if self._worker:
            await asyncio.shield(self._worker)

    def _start(self) -> None:
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            await self._run(self._waiting.popleft())
        self._worker = None

    async def _run(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        try:
            stop_if(lambda: self._unwanted(job))
            report = await loop.run_in_executor(self._pool, job.run, lambda: self._unwanted(job))
        except Cancelled as error:
            job.fail(error)
        except Exception as error:
            log.warning("indexing stopped: %s", error)
            job.fail(error)
        else:
            job.succeed(report)


def _future() -> asyncio.Future[IndexReport]:
    future: asyncio.Future[IndexReport] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody need await it
    return future
