"""A small client of the language server: starts it, frames messages over stdio, answers what it asks back.

For the demonstration and for tests; what an editor does with the answers is not here.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Final, Self

from codeintel.errors import CodeIntelError

SERVER_COMMAND: Final = (
    sys.executable,
    "-c",
    "import sys; from codeintel.entry import server; sys.exit(server())",
)
EXIT_TIMEOUT_S: Final = 15.0  # the server lets running work notice for 5 s; then it is stuck

Listener = Callable[[str, Any], None]


class ServerGoneError(CodeIntelError):
    """The server ended while an answer was expected."""


class RefusedError(CodeIntelError):
    """The server answered with an error; `code` is JSON-RPC's and `data` what came with it."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error["message"]))
        self.code = int(error["code"])
        self.data = error.get("data") or {}


class StdioServer:
    """A running server and the talk with it; `listener` gets each notification, on the reading thread."""

    def __init__(self, listener: Listener, log: IO[bytes], command: Sequence[str] = SERVER_COMMAND) -> None:
        self._listener = listener
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._writing = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="server-messages", daemon=True)
        self._reader.start()

    def request(self, method: str, params: object, timeout_s: float = 30.0) -> Any:
        """The result of a request. Raises RefusedError, ServerGoneError, TimeoutError."""
        identifier = next(self._ids)
        answer: Future[Any] = Future()
        self._waiting[identifier] = answer
        self._send({"id": identifier, "method": method, "params": params})
        if not self._reader.is_alive():
            self._give_up()
        return answer.result(timeout_s)

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def close(self) -> int:
        """Shut the server down as the protocol says; its exit code."""
        with suppress(CodeIntelError, TimeoutError):
            self.request("shutdown", None, EXIT_TIMEOUT_S)
            self.notify("exit", None)
        try:
            return self._process.wait(EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        try:
            with self._writing:
                self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                self._process.stdin.flush()
        except OSError as error:
            raise ServerGoneError("The server has ended.", "Its log says why.") from error

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (body := _next_body(self._process.stdout)) is not None:
            self._receive(json.loads(body))
        self._give_up()

    def _give_up(self) -> None:
        for answer in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(ServerGoneError("The server has ended.", "Its log says why."))

    def _receive(self, message: Mapping[str, Any]) -> None:
        if "method" not in message:
            self._settle(message)
        elif "id" in message:
            self._send({"id": message["id"], "result": _reply(message["method"], message.get("params"))})
        else:
            self._listener(message["method"], message.get("params"))

    def _settle(self, message: Mapping[str, Any]) -> None:
        answer = self._waiting.pop(message["id"], None)
        if answer is None:
            return
        if "error" in message:
            answer.set_exception(RefusedError(message["error"]))
        else:
            answer.set_result(message.get("result"))


def _next_body(stream: IO[bytes]) -> bytes | None:
    """The next message; None at the end of the stream."""
    length = 0
    while (header := stream.readline()) not in (b"\r\n", b""):
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return stream.read(length) or None


def _reply(method: str, params: Any) -> object:
    """What a client without settings of its own answers: no configuration, yes to everything else."""
    return [None for _ in params["items"]] if method == "workspace/configuration" else None
