"""Work-done progress: a title, what is being counted, and the client's wish to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.indexing.progress import Progress
from codeintel.lsp.protocol import Token

if TYPE_CHECKING:  # the server registers the features, which import this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)

HEAD_START_S: Final = 2.0
"""How long work waits for the client to allow a progress bar; allowed later, the bar opens late. A guess."""


class WorkDone:
    """One progress bar, or none: `report` and `cancelled` may be called from any thread."""

    def __init__(self, server: CodeIntelServer, token: Token | None) -> None:
        self._server = server
        self._token = token
        self._loop = asyncio.get_running_loop()
        self._open = threading.Event()

    def report(self, progress: Progress) -> None:
        """Show how far a stage has come."""
        if self._open.is_set():
            self._loop.call_soon_threadsafe(self._send, progress)

    def cancelled(self) -> bool:
        """Whether the client asked to stop."""
        handle = self._server.work_done_progress.tokens.get(self._token) if self._token is not None else None
        return handle is not None and handle.cancelled()

    def begin(self, title: str, cancellable: bool, token: Token | None = None) -> None:
        """Open the bar, under a token that the client allowed meanwhile where there was none."""
        self._token = self._token if token is None else token
        if self._token is not None:
            self._open.set()
            value = types.WorkDoneProgressBegin(title=title, cancellable=cancellable)
            self._server.work_done_progress.begin(self._token, value)

    def end(self, message: str) -> None:
        """Close the bar, with a last word."""
        if self._token is not None:
            self._open.clear()
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))
            self._server.work_done_progress.tokens.pop(self._token, None)

    def _send(self, progress: Progress) -> None:
        if self._token is not None and self._open.is_set():  # a report may overtake the end
            # No percentage: it would start again with every stage, and the protocol wants it to rise.
            value = types.WorkDoneProgressReport(message=str(progress))
            self._server.work_done_progress.report(self._token, value)


@asynccontextmanager
async def work_done(
    server: CodeIntelServer, title: str, token: Token | None, cancellable: bool = False
) -> AsyncIterator[WorkDone]:
    """Progress under the token of a request; nothing is shown where the client gave none."""
    progress = WorkDone(server, token)
    progress.begin(title, cancellable)
    with _ended(progress):
        yield progress


@asynccontextmanager
async def own_work_done(
    server: CodeIntelServer, title: str, cancellable: bool = False
) -> AsyncIterator[WorkDone]:
    """Progress that no request asked for, once the client allows it; none where it shows no progress."""
    progress = WorkDone(server, None)
    asking = asyncio.create_task(_begin_when_allowed(server, progress, title, cancellable))
    try:
        with _ended(progress):
            await asyncio.wait({asking}, timeout=HEAD_START_S)
            yield progress
    finally:
        asking.cancel()


@contextmanager
def _ended(progress: WorkDone) -> Iterator[None]:
    """Close the bar with how the work ended."""
    try:
        yield
    except BaseException:
        progress.end("stopped")
        raise
    progress.end("done")


async def _begin_when_allowed(
    server: CodeIntelServer, progress: WorkDone, title: str, cancellable: bool
) -> None:
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        return
    token = str(uuid.uuid4())
    try:
        await server.work_done_progress.create_async(token)
    except JsonRpcException as error:
        log.info("no progress is shown: %s", error)
        return
    progress.begin(title, cancellable, token)
