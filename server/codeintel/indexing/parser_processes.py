"""Processes in which parsers run, with limits on time and memory: a parser that crashes or stalls costs its task alone.

pebble (rather than concurrent.futures) because it kills a task that outlives its time and names the one that died. A
fork server with the analysis modules preloaded, because forking the server itself would copy its threads' locks.
"""

from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from codeintel.cancellation import stop_if
from codeintel.errors import Cancelled, IndexTrouble
from codeintel.workspace.skipping import bytes_in_words

log = logging.getLogger(__name__)

MEMORY_BYTES = 2_000_000_000
"""What a process may hold: the hungriest 1 MB known (Kotlin) needs 0.7 GB before its parser is given up; the rest is
room for a higher limit on files."""

POLL_SECONDS = 0.2
POOLS = 3  # tried for a task before processes are said not to run; a guess
OUT_OF_MEMORY = errno.ENOMEM  # the exit status of a process that ran into its limit
PRELOADED = ["codeintel.indexing.live_documents"]

T = TypeVar("T")


class ParserFault(Exception):
    """A task took its process down, and `reason` says how: "crashed its parser"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """A call that a pool has been asked for."""

    function: Callable[..., T]
    arguments: tuple[object, ...]
    future: Future[T]
    pool: ProcessPool


class ParserProcesses:
    """A pool of `count` processes, started with the first task; any thread may use it.

    A task is given up after `timeout_s`, and where it needs over `memory_bytes` (not on Windows; macOS does not enforce
    it). What a process kept between tasks is lost with it.
    """

    def __init__(self, count: int, timeout_s: float, memory_bytes: int = MEMORY_BYTES) -> None:
        self._count = count
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._pool: ProcessPool | None = None
        self._scheduling = threading.Lock()
        self._closed = False

    @property
    def started(self) -> bool:
        """Whether there may be processes, with something in them to forget."""
        return self._pool is not None and not self._closed

    def submit(self, function: Callable[..., T], *arguments: object) -> Task[T]:
        """Ask for a call, of a function that can be pickled. Raises Cancelled once closed."""
        with self._scheduling:
            stop_if(lambda: self._closed)
            pool = self._running_pool()
            try:
                future: Future[T] = pool.schedule(
                    _guarded, args=(function, arguments), timeout=self._timeout_s
                )
            except RuntimeError as error:  # the pool broke just now
                future = Future()
                future.set_exception(BrokenProcessPool(str(error)))
            return Task(function, arguments, future, pool)

    def result(self, task: Task[T]) -> T:
        """Wait for a task. Raises ParserFault where it took its process down or raised an error of exhaustion.

        Cancelled where the pool is closed meanwhile, IndexTrouble where processes do not run at all.
        """
        for _ in range(POOLS):
            try:
                return self._waited(task)
            except BrokenProcessPool:  # no task's fault: processes were killed while they rested
                task = self.submit(task.function, *task.arguments)
        raise IndexTrouble("The processes that parse files do not run.", "The log says why.")

    def close(self) -> None:
        """Stop the processes, whatever they are doing; who waits for a result gets Cancelled."""
        with self._scheduling:
            self._closed = True
            pool = self._pool
        if pool is not None:
            _stop(pool)

    def _running_pool(self) -> ProcessPool:
        """The pool, another one where processes of it were killed while they rested: pebble gives it up then."""
        _start_fork_server()
        if self._pool is not None and not self._pool.active:
            _stop(self._pool)
            self._pool = None
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._count,
                context=_context(),
                initializer=_limit_memory,
                initargs=(self._memory_bytes,),
            )
        return self._pool

    def _waited(self, task: Task[T]) -> T:
        # a task that `close`, in another thread, or the end of its pool overtakes may never be done
        while not wait([task.future], timeout=POLL_SECONDS).done:
            stop_if(lambda: self._closed)
            if not task.pool.active:
                raise BrokenProcessPool
        try:
            return task.future.result()
        except CancelledError as error:
            raise Cancelled from error
        except FutureTimeout as error:
            raise ParserFault(f"took over {self._timeout_s:g} s to parse") from error
        except ProcessExpired as error:
            log.warning("a process that parses files ended with status %d", error.exitcode)
            if error.exitcode == OUT_OF_MEMORY:
                raise ParserFault(f"needed over {bytes_in_words(self._memory_bytes)} to parse") from error
            raise ParserFault("crashed its parser") from error
        except RecursionError as error:
            raise ParserFault("crashed its parser") from error


def _stop(pool: ProcessPool) -> None:
    """End a pool and the processes that are left of it, whatever they are doing."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _guarded(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """The call, in the process. One that runs out of memory ends the process: its heap would fail the next task too."""
    try:
        return function(*arguments)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _limit_memory(limit: int) -> None:
    """Let this process hold at most `limit` bytes, so that one file cannot exhaust the machine.

    RLIMIT_DATA rather than RLIMIT_AS: libraries and threads reserve far more addresses than they use.
    """
    if sys.platform == "win32":
        return
    import resource  # there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    lowest = min(one for one in (limit, soft, hard) if one != resource.RLIM_INFINITY)
    with suppress(OSError, ValueError):  # a process without the limit is better than none
        resource.setrlimit(resource.RLIMIT_DATA, (lowest, hard))


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
    context.set_forkserver_preload(PRELOADED)
    return context
