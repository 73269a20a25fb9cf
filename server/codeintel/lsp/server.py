"""The server object of one connection: pygls's server with our endpoint, our threads and our session."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from codeintel import __version__
from codeintel.lsp import faults, features
from codeintel.lsp.endpoint import Endpoint
from codeintel.lsp.features.status_changed import StatusTeller
from codeintel.lsp.locations import ENCODINGS
from codeintel.lsp.optional_methods import OptionalMethods
from codeintel.lsp.protocol import converter
from codeintel.lsp.session import Session
from codeintel.lsp.transport import UNPARSABLE, Streams, Writer, start_reader
from codeintel.workspace.documents import OpenDocuments
from codeintel.workspace.positions import PositionEncoding

log = logging.getLogger(__name__)


class CodeIntelServer(LanguageServer):
    """Serves one client; made on a running event loop, because the session's futures belong to it."""

    protocol: Endpoint

    def __init__(self) -> None:
        super().__init__(
            "codeintel",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Endpoint,
            converter_factory=converter,
        )
        self.documents = OpenDocuments()
        self.client_watches = False
        self.optional_methods = OptionalMethods(self)
        status = StatusTeller(self)
        self.session = Session(status.changed, status.troubled)
        self.options: tuple[Any, Any] = (None, None)  # those of initialization, those of the configuration
        self._told: set[str] = set()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        features.register(self)

    @property
    def encoding(self) -> PositionEncoding:
        """The negotiated position encoding."""
        negotiated = self.workspace.position_encoding
        return ENCODINGS[str(getattr(negotiated, "value", negotiated))]  # pygls has it as a str or as an enum

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log only: pygls would send a message, which fails again, without end, once the client is gone."""
        log.warning("%s: %s", getattr(source, "__name__", source), error)

    def tell(self, kind: types.MessageType, message: str, *, again: bool = False) -> None:
        """Tell the person something, once however often it is said unless it happened `again`."""
        if again or message not in self._told:
            self._told.add(message)
            self.window_show_message(types.ShowMessageParams(kind, message))

    def finish(self, code: int) -> None:
        """End the connection and the process with this exit code."""
        if not self._ended.done():
            self._ended.set_result(code)

    async def serve(self, streams: Streams) -> tuple[int, bool]:
        """Serve until the client leaves; the exit code, and whether nothing is running any more."""
        writer = Writer(streams.writer)
        self.protocol.set_writer(writer)
        start_reader(streams.reader, asyncio.get_running_loop(), self._receive, self._lost)
        self._end_at_signals()
        code = await self._ended
        idle = await self.session.close()
        writer.close()
        return code, idle

    def _end_at_signals(self) -> None:
        """End as at exit: to be killed outright would leave complaints of the worker processes on stderr."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.finish, 128 + number)

    def _receive(self, message: Any) -> None:
        if self._ended.done():
            return
        if message is UNPARSABLE:
            self.protocol.refuse(None, faults.PARSE_ERROR, "The message is not valid JSON.")
        else:
            self.protocol.receive(message)

    def _lost(self, why: str) -> None:
        if not self._ended.done():
            log.warning("the connection ended without an exit notification: %s", why)
            self.finish(1)
