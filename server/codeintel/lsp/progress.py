"""Work-done progress: a title, what is being counted, and the client's wish to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.indexing.progress import Progress
from codeintel.lsp.protocol import Token

if TYPE_CHECKING:  # the server registers the features, which import this module
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)

CREATE_TIMEOUT_S: Final = 2.0
"""How long the client may take to allow a progress bar; work does not wait any longer for it. A guess."""


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

    def begin(self, title: str, cancellable: bool) -> None:
        """Open the bar."""
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
    try:
        yield progress
    except BaseException:
        progress.end("stopped")
        raise
    progress.end("done")


async def own_token(server: CodeIntelServer) -> Token | None:
    """A token for progress that no request asked for; None where the client does not show any."""
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        return None
    token = str(uuid.uuid4())
    try:
        await asyncio.wait_for(server.work_done_progress.create_async(token), CREATE_TIMEOUT_S)
    except (JsonRpcException, TimeoutError) as error:
        log.info("no progress is shown: %s", error)
        return None
    return token
