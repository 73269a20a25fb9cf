"""codeintel/statusChanged: tells the client, at most ten times a second, what a status bar shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from codeintel.errors import CodeIntelError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.opening import made_anew

if TYPE_CHECKING:  # the server registers this module
    from codeintel.lsp.server import CodeIntelServer

PAUSE_S: Final = 0.1


class StatusTeller:
    """Sends the notification when it would differ from the last; used on the event loop."""

    def __init__(self, server: CodeIntelServer) -> None:
        self._server = server
        self._last: protocol.StatusChanged | None = None
        self._trouble: CodeIntelError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._mending: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Something may have changed."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._tell)

    def troubled(self, error: CodeIntelError | None) -> None:
        """Something is wrong, or (None) all is well again; an index that was removed is made anew instead."""
        self._trouble = error
        if error is not None and self._mending is None:
            self._mending = asyncio.create_task(self._mend(error))
        self.changed()

    async def _mend(self, error: CodeIntelError) -> None:
        try:
            if not await made_anew(self._server) and self._trouble is not None:
                self._server.tell(types.MessageType.Warning, f"codeintel: {error}", again=True)
        finally:
            self._mending = None

    def _tell(self) -> None:
        self._timer = None
        if (opened := self._server.session.now) is None:
            return
        service = opened.service
        stage = service.stage
        busy = stage is not None or not opened.scheduler.idle
        state = "trouble" if self._trouble else "indexing" if busy else "ready"
        message = str(self._trouble or stage or "")
        status = conversion.status_changed(state, message, service.coverage(), bool(service.following))
        if status != self._last:
            self._last = status
            self._server.protocol.notify(protocol.STATUS_CHANGED, status)
        if busy:
            self.changed()
        else:
            self._server.optional_methods.refresh_lenses(opened.settings)
