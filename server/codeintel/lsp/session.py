"""The service behind one connection: opened in the background, reopened when roots or settings change.

Everything here runs on the event loop and only hands work to two executors, one for questions and one for
opening, indexing and closing. pygls's own pool is not used.
"""

from __future__ import annotations

import asyncio
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
from codeintel.errors import Cancelled, IndexLocked, NotReady, WorkspaceError
from codeintel.lsp.background import IndexQueue
from codeintel.settings import Settings, from_editor, from_environment, from_file
from codeintel.workspace.roots import open_root

if TYPE_CHECKING:  # the service imports the engines, which would multiply the time to start
    from codeintel.service import Service

log = logging.getLogger(__name__)

SEARCH_THREADS: Final = 2
"""Searches answer in milliseconds; two so that a slow one does not hold up a hover. A guess."""

INDEX_THREADS: Final = 2
"""One for each lane of background.py."""

CLOSE_TIMEOUT_S: Final = 5.0
"""How long closing waits for work to notice that nobody wants it; indexing polls several times a second."""

T = TypeVar("T")
TRUSTED = "trusted"
"""The one option that is the editor's alone: no file of a workspace can vouch for the workspace."""

Question = Callable[["Service", CancelCheck], T]


@dataclass(frozen=True, slots=True)
class Opened:
    """A service with its settings, and what went wrong on the way that people should know."""

    service: Service
    settings: Settings
    readonly: bool
    troubles: tuple[str, ...]


class Session:
    """Answers questions from the service that is open now, waiting while one is being opened."""

    def __init__(self) -> None:
        self._questions = ThreadPoolExecutor(SEARCH_THREADS, "codeintel-search")
        self._jobs = ThreadPoolExecutor(INDEX_THREADS, "codeintel-index")
        self._stopping = threading.Event()
        self._asked: set[Future[Any]] = set()
        self._service: Service | None = None
        self._answering: asyncio.Future[Opened] = _unawaited()
        self._exchanging = asyncio.Lock()
        self._wanted = 0
        self._closing: asyncio.Task[None] | None = None
        self.indexing = IndexQueue(self._jobs, self._stopping.is_set)

    def prepare(self) -> None:
        """Begin to load what opening needs, while the client is still thinking about its configuration."""
        self._jobs.submit(import_module, "codeintel.service")

    async def open(self, folders: Sequence[Path], options: Sequence[object]) -> Opened | None:
        """Open a service on the folders in place of the one that is open; None where a later call came first.

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
                opened = await self._exchange(folders, options)
            except Exception as error:
                if wanted == self._wanted:
                    self._answering.set_exception(error)
                raise
            self._service = opened.service
            if wanted == self._wanted:
                self._answering.set_result(opened)
            return opened

    async def opened(self) -> Opened:
        """What is open, as soon as there is something; raises what opening it raised."""
        return await asyncio.shield(self._answering)

    async def ask(self, question: Question[T]) -> T:
        """What the question answers; when the asking task is cancelled, its CancelCheck turns true."""
        service = (await self.opened()).service
        abandoned = threading.Event()
        unwanted: CancelCheck = lambda: abandoned.is_set() or self._stopping.is_set()  # noqa: E731
        future = self._questions.submit(question, service, unwanted)
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
        return bool(done)

    async def _close(self) -> None:
        await self.indexing.drop()
        retire = partial(_retire, self._service, set(self._asked))
        await asyncio.get_running_loop().run_in_executor(self._jobs, retire)
        self._questions.shutdown(wait=False, cancel_futures=True)
        self._jobs.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, folders: Sequence[Path], options: Sequence[object]) -> Opened:
        await self.indexing.drop()
        previous, self._service = self._service, None
        asked = set(self._asked)

        def exchange() -> Opened:
            _retire(previous, asked)
            opened = _open(folders, options)
            if self._stopping.is_set():  # nobody will take it over any more
                opened.service.close()
                raise Cancelled
            return opened

        return await asyncio.get_running_loop().run_in_executor(self._jobs, exchange)


def _unawaited() -> asyncio.Future[Opened]:
    future: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody need ask
    return future


def _retire(service: Service | None, asked: set[Future[Any]]) -> None:
    """Close a service once the questions put to it are answered."""
    wait(asked, CLOSE_TIMEOUT_S)
    if service:
        service.close()


def _open(folders: Sequence[Path], options: Sequence[object]) -> Opened:
    from codeintel.service import Service  # not at the top: it imports the engines, a second of starting up

    usable, troubles = _usable(folders)
    base = usable[0]
    trusted, given = _trust(options)
    sources = [from_file(base), *(from_editor(one, base) for one in given), from_environment()]
    settings, dropped = Settings.resolve(sources, trusted)
    troubles += [str(warning) for warning in dropped]
    try:
        return Opened(Service.open(usable, settings), settings, False, tuple(troubles))
    except IndexLocked as error:
        log.info("opening read-only: %s", error)
        service = Service.open(usable, settings, readonly=True)
        troubles.append(f"{error.message} Its last state is searched meanwhile.")
        return Opened(service, settings, True, tuple(troubles))


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
