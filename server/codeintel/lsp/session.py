"""The service behind one connection: opened in the background, reopened when roots or settings change.

Everything here runs on the event loop and only hands work to three executors, for questions, for errands of minutes,
and for opening and closing; indexing has the scheduler's threads. pygls's own pool is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from codeintel.cancellation import CancelCheck
from codeintel.errors import Cancelled, CodeIntelError, IndexTrouble, NotReady, WorkspaceError
from codeintel.lsp.starts import Start, begin, forget
from codeintel.settings import Settings, from_editor, from_environment, from_file
from codeintel.workspace.roots import open_root

if TYPE_CHECKING:  # the service imports the engines, which would multiply the time to start
    from codeintel.scheduler import Scheduler
    from codeintel.service import Service

log = logging.getLogger(__name__)

SEARCH_THREADS: Final = 2
"""Searches answer in milliseconds; two so that a slow one does not hold up a hover. A guess."""

ERRAND_THREADS: Final = 2
"""What takes minutes, and somebody's SQL beside it."""

CLOSE_TIMEOUT_S: Final = 5.0
"""How long closing waits for work to notice that nobody wants it; indexing polls several times a second."""

T = TypeVar("T")
TRUSTED = "trusted"
"""The one option that is the editor's alone: no file of a workspace can vouch for the workspace."""

Question = Callable[["Service", CancelCheck], T]


@dataclass(frozen=True, slots=True)
class Opened:
    """A service at work, with its settings, and what went wrong on the way that people should know."""

    service: Service
    scheduler: Scheduler
    settings: Settings
    start: Start
    troubles: tuple[str, ...]


class Session:
    """Answers questions from the service that is open now, waiting while one is being opened."""

    def __init__(
        self, changed: Callable[[], None], troubled: Callable[[CodeIntelError | None], None]
    ) -> None:
        """`changed` and `troubled` are called on the loop, see Scheduler."""
        loop = asyncio.get_running_loop()
        self._changed = lambda: _on(loop, changed)
        self._troubled = lambda error: _on(loop, troubled, error)
        self._questions = ThreadPoolExecutor(SEARCH_THREADS, "codeintel-search")
        self._errands = ThreadPoolExecutor(ERRAND_THREADS, "codeintel-errand")
        self._jobs = ThreadPoolExecutor(1, "codeintel-open")
        self._stopping = threading.Event()
        self._asked: set[Future[Any]] = set()
        self._open: Opened | None = None
        self._answering: asyncio.Future[Opened] = _unawaited()
        self._exchanging = asyncio.Lock()
        self._wanted = 0
        self._closing: asyncio.Task[bool] | None = None

    def prepare(self) -> None:
        """Begin to load what opening needs, while the client is still thinking about its configuration."""
        self._jobs.submit(import_module, "codeintel.scheduler")

    async def open(
        self, folders: Sequence[Path], options: Sequence[object], *, anew: bool = False
    ) -> Opened | None:
        """Open a service on the folders in place of the one that is open; None where a later call came first.

        With `anew` what is indexed of them is removed first.

        `options` are the editor's, weakest first. Questions wait meanwhile. Raises what opening raised
        (NotReady where there is no folder), and so does every question until the next call.
        """
        self._wanted += 1
        wanted = self._wanted
        if self._answering.done():
            self._answering = _unawaited()
        async with self._exchanging:
            if wanted != self._wanted:
                return None
            try:
                opened = await self._exchange(folders, options, anew)
            except Exception as error:
                if wanted == self._wanted:
                    self._answering.set_exception(error)
                raise
            self._open = opened
            if wanted == self._wanted:
                self._answering.set_result(opened)
            return opened

    async def opened(self) -> Opened:
        """What is open, as soon as there is something; raises what opening it raised."""
        return await asyncio.shield(self._answering)

    @property
    def now(self) -> Opened | None:
        """What is open at this moment, None while nothing is."""
        return self._open

    async def ask(self, question: Question[T], *, at_length: bool = False) -> T:
        """What the question answers; when the asking task is cancelled, its CancelCheck turns true.

        One that takes minutes is asked `at_length`: it holds up no other, and nobody wants it any more when another
        service is being opened.
        """
        opened = await self.opened()
        abandoned = threading.Event()

        def unwanted() -> bool:
            outlived = at_length and self._open is not opened
            return outlived or abandoned.is_set() or self._stopping.is_set()

        executor = self._errands if at_length else self._questions
        future = executor.submit(question, opened.service, unwanted)
        self._asked.add(future)
        future.add_done_callback(self._asked.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    async def close(self) -> bool:
        """Stop everything and close the service; whether all of it ended in time. May be called again."""
        self._stopping.set()
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        done, _ = await asyncio.wait({self._closing}, timeout=CLOSE_TIMEOUT_S)
        return bool(done) and self._closing.result()

    async def _close(self) -> bool:
        previous, self._open = self._open, None
        retire = partial(_retire, previous, set(self._asked))
        ended = await asyncio.get_running_loop().run_in_executor(self._jobs, retire)
        for executor in (self._questions, self._errands):
            executor.shutdown(wait=False, cancel_futures=True)
        self._jobs.shutdown(wait=False, cancel_futures=True)
        return ended

    async def _exchange(self, folders: Sequence[Path], options: Sequence[object], anew: bool) -> Opened:
        previous, self._open = self._open, None
        asked = set(self._asked)

        def exchange() -> Opened:
            _retire(previous, asked)
            opened = _open(folders, options, anew, self._changed, self._troubled)
            if self._stopping.is_set():  # nobody will take it over any more
                _retire(opened, set())
                raise Cancelled
            return opened

        return await asyncio.get_running_loop().run_in_executor(self._jobs, exchange)


def _unawaited() -> asyncio.Future[Opened]:
    future: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody need ask
    return future


def _on(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(call, *values)


def _retire(opened: Opened | None, asked: set[Future[Any]]) -> bool:
    """Stop the work on a service and close it once its questions are answered; whether all work ended in time."""
    if opened is None:
        return True
    opened.start.ended()  # before closing, which takes up to 5 s: an editor may not wait for so long
    ended = opened.scheduler.close()
    wait(asked, CLOSE_TIMEOUT_S)
    opened.service.close()
    return ended


def _open(
    folders: Sequence[Path],
    options: Sequence[object],
    anew: bool,
    changed: Callable[[], None],
    troubled: Callable[[CodeIntelError | None], None],
) -> Opened:
    # not at the top: they import the engines, a second of starting up
    from codeintel.indexing.index_folders import discard_indexes
    from codeintel.scheduler import Scheduler
    from codeintel.service import Service

    usable, troubles = _usable(folders)
    base = usable[0]
    trusted, given = _trust(options)
    sources = [from_file(base), *(from_editor(one, base) for one in given), from_environment()]
    settings, dropped = Settings.resolve(sources, trusted)
    troubles += [str(warning) for warning in dropped]
    if anew:
        forget(usable)
        discard_indexes(usable, settings)
    start = begin(usable)
    try:
        if start.is_hopeless:
            raise IndexTrouble(
                f"Opening it has ended in the death of the server {start.unfinished} times in a row: "
                "it is not opened again.",
                "The command codeintel.server.rebuild makes its index anew.",
            )
        service = Service.open(usable, settings, following=True)
    except BaseException:
        start.ended()
        raise
    for root in service.following:
        log.info("%s is written by another process; this one follows it", root.name)
    scheduler = Scheduler(service, changed, troubled, answers=True)
    scheduler.start()
    return Opened(service, scheduler, settings, start, tuple(troubles))


def _trust(options: Sequence[object]) -> tuple[bool, list[object]]:
    """Whether the editor trusts the workspace (it says `trusted: false` where not), and the options without that."""
    given = [dict(one) if isinstance(one, dict) else one for one in options]
    told = [one.pop(TRUSTED) for one in given if isinstance(one, dict) and TRUSTED in one]
    return all(value is not False for value in told), given


def _usable(folders: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The folders that exist, and why the others are left out; raises where none is left."""
    usable, troubles = [], []
    for folder in folders:
        try:
            usable.append(open_root(folder).path)
        except WorkspaceError as error:
            troubles.append(error)
    if not usable:
        raise troubles[0] if troubles else NotReady("No folder is open.", "Open a folder to search in it.")
    return usable, [str(error) for error in troubles]
