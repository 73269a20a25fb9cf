"""The worker processes that analyse files: a crash or a stall costs one file, never the server.

pebble (rather than concurrent.futures) because it kills a task that outlives its time and names the one that died. A
fork server with the analysis modules preloaded, because forking the server itself would copy its threads' locks.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import forkserver

from pebble import ProcessExpired, ProcessPool

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import Cancelled, IndexTrouble
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis, analyse_files
from codeintel.workspace.files import SourceFile

log = logging.getLogger(__name__)

BATCH_BYTES = 96_000  # about 30 ms of work: amortises 0.2 ms of hand-over, stays cancellable
BATCH_FILES = 32
AHEAD = 4  # batches in flight per worker, so that none waits for the consumer
POLL_SECONDS = 0.2
POOLS = 3  # tried for a batch before processes are said not to run; a guess

Batch = tuple[SourceFile, ...]


class AnalysisWorkers:
    """A pool of `count` processes; `timeout_s` is what one file may take before it is given up."""

    def __init__(self, count: int, timeout_s: float) -> None:
        self._count = count
        self._timeout_s = timeout_s
        self._pool = ProcessPool(max_workers=count, context=_context())
        self._closed = False

    def warm_up(self) -> None:
        """Start the processes now, so that the first file does not wait for them."""
        _start_fork_server()
        self._pool.schedule(analyse_files, args=((), None))

    def analyse(
        self, files: Iterable[SourceFile], rules: AnalysisRules, cancelled: CancelCheck = never
    ) -> Iterator[FileAnalysis]:
        """Analyse `files`, yielding in their order; a file that crashes or stalls its parser comes back skipped."""
        batches = batched(files)
        running: list[tuple[Batch, Future[list[FileAnalysis]]]] = []
        try:
            while True:
                room = self._count * AHEAD - len(running)
                running += [(batch, self._schedule(batch, rules)) for batch in islice(batches, room)]
                if not running:
                    return
                stop_if(cancelled)
                batch, future = running.pop(0)
                yield from self._result(batch, future, rules)
        finally:
            for _, future in running:
                future.cancel()

    def close(self) -> None:
        """Stop the processes, whatever they are doing; an analysis under way raises Cancelled."""
        self._closed = True
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _schedule(self, batch: Batch, rules: AnalysisRules) -> Future[list[FileAnalysis]]:
        stop_if(lambda: self._closed)
        _start_fork_server()
        if not self._pool.active:  # pebble gives a pool up whose processes were killed while they rested
            self._pool = ProcessPool(max_workers=self._count, context=_context())
        future: Future[list[FileAnalysis]] = self._pool.schedule(
            analyse_files, args=(batch, rules), timeout=self._timeout_s
        )
        return future

    def _result(
        self, batch: Batch, future: Future[list[FileAnalysis]], rules: AnalysisRules, pool: int = 1
    ) -> list[FileAnalysis]:
        # a future that `close` overtakes, in another thread, may never be done: do not wait for it alone
        while not wait([future], timeout=POLL_SECONDS).done:
            stop_if(lambda: self._closed)
        try:
            return future.result()
        except CancelledError as error:
            raise Cancelled from error
        except BrokenProcessPool as error:  # no file's fault: the others run in another pool
            if pool == POOLS:
                raise IndexTrouble(
                    "The processes that parse files do not run.", "The log says why."
                ) from error
            return self._result(batch, self._schedule(batch, rules), rules, pool + 1)
        except (ProcessExpired, FutureTimeout, MemoryError, RecursionError) as error:
            if len(batch) == 1:
                return [self._quarantined(batch[0], error)]
        # one of them is at fault: alone, each shows whether it is the one
        return [
            found for file in batch for found in self._result((file,), self._schedule((file,), rules), rules)
        ]

    def _quarantined(self, file: SourceFile, error: BaseException) -> FileAnalysis:
        stalled = isinstance(error, FutureTimeout)
        reason = f"took over {self._timeout_s:g} s to parse" if stalled else "crashed its parser"
        log.warning("%s is left out: it %s", file.uri, reason)
        return FileAnalysis(file, None, skip_reason=reason)


def batched(files: Iterable[SourceFile]) -> Iterator[Batch]:
    """Group files so that a batch is neither long nor large; a large file is a batch of its own."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        if batch and (size + file.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield tuple(batch)


def _start_fork_server() -> None:
    """Start the fork server, where it does not run, with SIGINT held off: it and its workers inherit that.

    Ctrl-C goes to the whole process group; the command that was interrupted stops its workers itself.
    """
    if sys.platform == "win32":
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context() -> multiprocessing.context.BaseContext:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["codeintel.indexing.analysis"])
    return context
