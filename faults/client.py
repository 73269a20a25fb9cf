"""A client of the real server as a child process: framed messages over pipes, sent and timed as a fault wants them.

It is written without the protocol's library, so that it can send what no proper client would, and with threads
rather than a loop, so that a stalled server stalls nothing here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from faults.processes import descendants

REPOSITORY: Final = Path(__file__).parents[1]
PYTHON_PATH: Final = os.pathsep.join((str(REPOSITORY / "server"), str(REPOSITORY)))
SERVER: Final = (sys.executable, "-c", "import sys; from codeintel.entry import server; sys.exit(server())")

TEXT_ONLY: Final[Mapping[str, Any]] = {"index": {"tier": "text"}}
"""Options for faults that concern no vectors: indexing takes a moment instead of seconds."""

PATIENCE_S: Final = 60.0
"""How long an answer is waited for before the server counts as hung."""

CAPABILITIES: Final[Mapping[str, Any]] = {
    "window": {"workDoneProgress": True},
    "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
    "general": {"positionEncodings": ["utf-16"]},
}


class Refused(Exception):
    """A request that was answered with an error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('code')} {error.get('message')}")
        self.code = int(error.get("code", 0))
        self.message = str(error.get("message", ""))


class Gone(Exception):
    """The server ended, or closed its output, before it answered."""


class Silent(Exception):
    """No answer came in time."""


@dataclass(slots=True)
class Pending:
    """A request on its way: `seconds` is how long its answer took, `answers` how often it was answered."""

    msg_id: int | str
    sent_at: float
    done: threading.Event
    answer: Mapping[str, Any] | None = None
    seconds: float = 0.0
    answers: int = 0

    @property
    def error_code(self) -> int | None:
        """The code of the error that it was answered with; None for a result, or no answer."""
        error = self.answer.get("error") if self.answer else None
        return int(error["code"]) if error else None

    def result(self, timeout_s: float = PATIENCE_S) -> Any:
        """The result. Raises Refused, Gone, Silent."""
        if not self.done.wait(timeout_s):
            raise Silent(f"no answer to {self.msg_id!r} within {timeout_s:g} s")
        if self.answer is None:
            raise Gone(f"the server ended before it answered {self.msg_id!r}")
        if "error" in self.answer:
            raise Refused(self.answer["error"])
        return self.answer.get("result")


class Client:
    """A running server; a context manager that leaves no process behind."""

    def __init__(
        self,
        *,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str | None] | None = None,
        umask: int = -1,
        pass_fds: Sequence[int] = (),
        log: Path | None = None,
        command: Sequence[str] = SERVER,
        answer_requests: bool = True,
    ) -> None:
        self._errors = (log or Path(os.devnull)).open("ab")
        self.process = subprocess.Popen(
            [*wrapper, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment_with(environment or {}),
            umask=umask,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self.unasked: list[Mapping[str, Any]] = []
        self._answer_requests = answer_requests
        self._pending: dict[int | str, Pending] = {}
        self._next_id = 0
        self._sending = threading.Lock()
        self._notifications: list[Mapping[str, Any]] = []
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="faults-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id: the server's own, since wrappers replace themselves by it."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def messages(self) -> list[str]:
        """What the person was told so far."""
        return [str(one["params"]["message"]) for one in self.received("window/showMessage")]

    def received(self, method: str) -> list[Mapping[str, Any]]:
        """The notifications of a method so far."""
        return [one for one in list(self._notifications) if one.get("method") == method]

    def start(self, *folders: Path, options: Mapping[str, Any] = TEXT_ONLY) -> Self:
        """Begin a session on the folders."""
        params = {
            "processId": None,
            "capabilities": CAPABILITIES,
            "initializationOptions": options,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
        }
        self.ask("initialize", params)
        self.notify("initialized", {})
        return self

    def send(self, method: str, params: Any = None, msg_id: int | str | None = None) -> Pending:
        """Send a request and do not wait."""
        pending = self._expected(msg_id)
        self.write({"id": pending.msg_id, "method": method, "params": params})
        return self._watched(pending)

    def send_cancelled(self, method: str, params: Any = None) -> Pending:
        """Send a request with its cancellation, in one write: nothing can come between the two."""
        pending = self._expected(None)
        request = framed({"id": pending.msg_id, "method": method, "params": params})
        cancel = framed({"method": "$/cancelRequest", "params": {"id": pending.msg_id}})
        self.write_bytes(request + cancel)
        return self._watched(pending)

    def ask(self, method: str, params: Any = None, timeout_s: float = PATIENCE_S) -> Any:
        """Send a request and wait for its result. Raises Refused, Gone, Silent."""
        return self.send(method, params).result(timeout_s)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.write({"method": method, "params": params})

    def cancel(self, pending: Pending) -> None:
        """Say that nobody wants the answer any more."""
        self.notify("$/cancelRequest", {"id": pending.msg_id})

    def write(self, message: Mapping[str, Any]) -> None:
        """Send one message; "jsonrpc" need not be given."""
        self.write_bytes(framed(message))

    def write_body(self, body: bytes) -> None:
        """Send a body as it is, properly framed."""
        self.write_bytes(_with_header(body))

    def write_bytes(self, data: bytes) -> None:
        """Send bytes as they are; nothing happens where nobody reads them any more."""
        stream = self.process.stdin
        assert stream
        with self._sending, contextlib.suppress(OSError, ValueError):
            stream.write(data)
            stream.flush()

    def close_input(self) -> None:
        """Leave without a word, as an editor that crashed."""
        assert self.process.stdin
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def exit_code(self, timeout_s: float) -> int | None:
        """The exit code; None where the process still runs after `timeout_s`."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout_s: float = PATIENCE_S) -> int | None:
        """shutdown and exit; the exit code."""
        with contextlib.suppress(Refused, Gone):
            self.ask("shutdown", None, timeout_s)
        self.notify("exit")
        return self.exit_code(timeout_s)

    def kill(self) -> None:
        """kill -9 of the server alone; its workers see for themselves that it is gone."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End whatever still runs of it."""
        workers = list(descendants(self.pid)) if self.alive else []
        for pid in (*workers, self.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL) if pid != self.pid else self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):  # the session that this child leads, and nobody else's
            os.killpg(self.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout, self._errors):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expected(self, msg_id: int | str | None) -> Pending:
        with self._sending:
            self._next_id += 1
            msg_id = f"ours-{self._next_id}" if msg_id is None else msg_id
            pending = Pending(msg_id, time.monotonic(), threading.Event())
            self._pending[msg_id] = pending
        return pending

    def _watched(self, pending: Pending) -> Pending:
        if self._ended.is_set():
            pending.done.set()
        return pending

    def _read(self) -> None:
        assert self.process.stdout
        try:
            while (message := read_message(self.process.stdout)) is not None:
                self._take(message)
        except (OSError, ValueError):
            pass
        self._ended.set()
        for pending in list(self._pending.values()):
            pending.done.set()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "method" in message and "id" in message:
            if self._answer_requests:
                self.write({"id": message["id"], "result": _answer_to(message)})
        elif "method" in message:
            self._notifications.append(message)
        elif (pending := self._pending.get(_hashable(message.get("id")))) is not None:
            pending.answers += 1
            if pending.answer is None:
                pending.seconds = time.monotonic() - pending.sent_at
                pending.answer = message
                pending.done.set()
        else:
            self.unasked.append(message)


def framed(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over the wire; "jsonrpc" need not be given."""
    return _with_header(json.dumps({"jsonrpc": "2.0", **message}).encode())


def environment_with(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with the package to test, and with `changes`; None removes a variable."""
    merged: dict[str, str | None] = {**os.environ, "PYTHONPATH": PYTHON_PATH, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def read_message(stream: IO[bytes]) -> Mapping[str, Any] | None:
    """The next message of a server; None at the end."""
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not line:
        return None
    body = stream.read(length)
    return None if len(body) < length else dict(json.loads(body))


def until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S, every_s: float = 0.02) -> float:
    """Wait for a condition; how long it took. Raises Silent."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout_s:
            raise Silent(f"waited {timeout_s:g} s in vain")
        time.sleep(every_s)
    return time.monotonic() - started


def _with_header(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _hashable(msg_id: Any) -> Any:
    return msg_id if isinstance(msg_id, int | str) else None


def _answer_to(request: Mapping[str, Any]) -> Any:
    if request["method"] == "workspace/configuration":
        return [None for _ in request["params"]["items"]]
    return None
