"""The JSON-RPC endpoint: pygls's protocol, made to answer every request exactly once and never with a trace.

pygls 2.1 does not answer requests with unreadable params, nor those before initialize or after shutdown; it
runs a cancelled command to its end, puts tracebacks into errors and the log, fails at shutdown while requests
run, and keeps a future of every notification for ever. All of that is mended here and nowhere else; what the
requests mean is in features/.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cattrs import BaseValidationError
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from codeintel.errors import UsageError
from codeintel.lsp import faults
from codeintel.lsp.capabilities import read_leniently
from codeintel.lsp.optional_methods import withdraw
from codeintel.lsp.protocol import COMMANDS, MESSAGES, METHODS, NOTIFICATIONS, camel_case, field_types
from codeintel.settings import Settings, from_editor

if TYPE_CHECKING:  # the server is made of this endpoint
    from codeintel.lsp.server import CodeIntelServer

log = logging.getLogger(__name__)

VERSION: Final = "2.0"

Command = Callable[[Any], Awaitable[Any]]


class Endpoint(LanguageServerProtocol):
    """Reads messages, runs their handlers and writes the answers; used on the event loop only."""

    _server: CodeIntelServer

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._initialize_seen = False
        self._closing = False
        self._methods: dict[int | str, str] = {}

    def get_message_type(self, method: str) -> type | None:  # type: ignore[override]  # there cached
        """The type of a request or notification; None for what nobody declares."""
        if method in MESSAGES:
            return MESSAGES[method][0]
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type | None:  # type: ignore[override]  # there cached
        """The type of a request's response; None for what nobody declares."""
        if method in MESSAGES:
            return MESSAGES[method][1]
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    def receive(self, data: Any) -> None:
        """Handle one message, parsed from JSON but otherwise unchecked."""
        fault = _envelope_fault(data)
        if fault and _is_response(data):
            log.debug("ignored an answer: %s", fault)
        elif fault:
            self.refuse(_request_id(data), faults.INVALID_REQUEST, fault)
        elif "method" not in data:
            self._receive_response(data)
        elif "id" in data:
            self._receive_request(data)
        elif self._initialize_seen or data["method"] == types.EXIT:
            self._receive_notification(data)

    def refuse(self, msg_id: int | str | None, code: int, message: str) -> None:
        """Answer with an error; `msg_id` is None where no id could be read."""
        self._send_response(msg_id, error=types.ResponseError(code, message))

    def _receive_request(self, data: dict[str, Any]) -> None:
        msg_id, method = data["id"], data["method"]
        try:
            self._admit(msg_id, method)
            kind: Any = self.get_message_type(method)
            read = partial(self._converter.structure, cl=kind)
            message: Any = read_leniently(data, read) if method == types.INITIALIZE else read(data)
        except BaseValidationError as error:
            self._send_response(msg_id, error=faults.unreadable(error))
        except Exception as error:
            self._send_response(msg_id, error=faults.wire_error(error, method))
        else:
            self._initialize_seen = True
            self._closing |= method == types.SHUTDOWN
            self._methods[msg_id] = method
            self.handle_message(message)

    def _admit(self, msg_id: int | str, method: str) -> None:
        """Raise for a request that comes at the wrong time, or that nobody answers."""
        if self._closing:
            raise JsonRpcException("The server is shutting down.", faults.INVALID_REQUEST)
        if not self._initialize_seen and method != types.INITIALIZE:
            raise JsonRpcException("The first request must be initialize.", faults.NOT_INITIALIZED)
        if self._initialize_seen and method == types.INITIALIZE:
            raise JsonRpcException("The server is initialized already.", faults.INVALID_REQUEST)
        if msg_id in self._methods:
            raise JsonRpcException(f"Another request has the id {msg_id!r}.", faults.INVALID_REQUEST)
        known = {**self.fm.builtin_features, **self.fm.features}
        if method not in known or not self.get_result_type(method):  # notifications have no result
            raise JsonRpcException(f"There is no method {method!r}.", faults.METHOD_NOT_FOUND)

    def _receive_notification(self, data: dict[str, Any]) -> None:
        method = data["method"]
        if self.get_message_type(method) is None:
            log.debug("ignored the unknown notification %s", method)
            return
        kind: Any = self.get_message_type(method)
        try:
            message = self._converter.structure(data, kind)
        except Exception as error:  # whatever its params hold: nobody would be answered
            log.warning("ignored a %s notification with unreadable params (%s)", method, type(error).__name__)
        else:
            self.handle_message(message)

    def _receive_response(self, data: dict[str, Any]) -> None:
        waiting = self._request_futures.get(data["id"])
        if waiting is None or waiting.done() or data["id"] in self._methods:  # those are the client's own
            log.debug("ignored an answer that nobody awaits")
            return
        try:
            message = self.structure_message(data)
        except JsonRpcException as error:
            self._handle_response(data["id"], None, error.to_response_error())
        else:
            self.handle_message(message)

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        if isinstance(msg_id, int | str) and msg_id in self._methods:  # any other is answered, or never came
            super()._handle_cancel_notification(msg_id)

    def _execute_handler(self, msg_id: int | str, *args: Any, **named: Any) -> None:
        """Run it; of what is no request pygls would keep the future, and with it the result, for ever."""
        super()._execute_handler(msg_id, *args, **named)
        if msg_id not in self._methods and (future := self._request_futures.get(msg_id)):
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _run_generator(
        self, future: Future[Any] | None, *, gen: Generator[Any, Any, Any], result_future: Future[Any]
    ) -> None:
        """End with the handler that was cancelled; pygls lets its CancelledError escape into the loop."""
        if future is not None and future.cancelled():
            gen.close()
            result_future.cancel()
        else:
            super()._run_generator(future, gen=gen, result_future=result_future)

    def _send_handler_result(self, future: Future[Any], *, msg_id: Any) -> None:
        method = self._methods.pop(msg_id, "a request")
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self.refuse(msg_id, faults.REQUEST_CANCELLED, "The request was cancelled.")
        elif error := future.exception():
            self._send_response(msg_id, error=faults.wire_error(error, method))
        else:
            self._send_response(msg_id, result=future.result())

    def _send_response(
        self, msg_id: Any, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        answer = {"result": result} if error is None else {"error": self._converter.unstructure(error)}
        self._send_data({"jsonrpc": VERSION, "id": msg_id, **answer})

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """As pygls does; and name the methods that this version adds, so that clients need not try them."""
        result = yield from super().lsp_initialize(params)
        withdraw(result.capabilities, params.capabilities, _settings_at_start(params))
        result.capabilities.experimental = {"codeintel": {"methods": [*METHODS, *NOTIFICATIONS]}}
        return result

    # pygls would keep a second copy of every open document, and read files for edits of those that were never opened

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: Any) -> Generator[Any, Any, None]:
        """Only our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> Generator[Any, Any, None]:
        """Only our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: Any) -> Generator[Any, Any, None]:
        """Only our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # a generator there
        """Answer what runs as cancelled, then stop; pygls fails where a request ends while it cancels others."""
        for msg_id in [one for one, method in self._methods.items() if method != types.SHUTDOWN]:
            self._handle_cancel_notification(msg_id)
        await self.fm.features[types.SHUTDOWN](None)
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]  # a generator there
        """End the process; pygls's own way loses the exit code."""
        self._server.finish(0 if self._shutdown else 1)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # a generator there
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command; a coroutine, because pygls's generator goes on after it was cancelled."""
        command: Command | None = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcException(f"There is no command {params.command!r}.", faults.INVALID_PARAMS)
        return await command(self._command_params(params))

    def _command_params(self, params: types.ExecuteCommandParams) -> Any:
        kind = COMMANDS[params.command][0]
        try:
            return self._converter.structure(_named(kind, params.arguments or []), kind)
        except BaseValidationError as error:
            fault = faults.unreadable(error)
            raise JsonRpcException(fault.message, fault.code, fault.data) from error


def _settings_at_start(params: types.InitializeParams) -> Settings:
    """As far as they are known without a look at the workspace."""
    return Settings.resolve([from_editor(params.initialization_options, Path.cwd())])[0]


def _named(kind: type, arguments: Sequence[Any]) -> dict[str, Any]:
    """A command's arguments by wire name: one object that has them all, or values in the fields' order."""
    if len(arguments) == 1 and isinstance(arguments[0], dict):
        return dict(arguments[0])
    names = [camel_case(name) for name in field_types(kind)]
    if len(arguments) > len(names):
        raise UsageError(f"{len(arguments)} arguments are too many: at most {len(names)}.", field="arguments")
    return dict(zip(names, arguments, strict=False))


def _envelope_fault(data: Any) -> str:
    """What is wrong with a message whatever its method; '' where nothing is."""
    if not isinstance(data, dict):
        return "A message must be a JSON object; batches are not part of the protocol."
    if data.get("jsonrpc") != VERSION:
        return 'A message must have "jsonrpc": "2.0".'
    if "method" not in data and ("id" not in data or ("result" not in data and "error" not in data)):
        return "A message must have a method."
    if not isinstance(data.get("method", ""), str):
        return "The method must be a string."
    if "id" in data and _request_id(data) is None:
        return "The id must be a string or an integer."
    return ""


def _is_response(data: Any) -> bool:
    return isinstance(data, dict) and "method" not in data and ("result" in data or "error" in data)


def _request_id(data: Any) -> int | str | None:
    msg_id = data.get("id") if isinstance(data, dict) else None
    return msg_id if isinstance(msg_id, int | str) and not isinstance(msg_id, bool) else None
