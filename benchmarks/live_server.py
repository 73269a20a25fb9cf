"""The server as an editor that types, saves and deletes knows it: a client for the benchmarks of live updating."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.processes import Memory, descendants, memory_of
from benchmarks.reporting import console
from codeintel.cli.stdio import RefusedError, StdioServer

LIMIT = 10
POLL_S = 0.25
INDEX_TIMEOUT_S = 1_800.0
ANSWER_TIMEOUT_S = 120.0
DELETED = 3
"""FileChangeType.Deleted."""


@dataclass(slots=True)
class Sent:
    """A request on its way: `milliseconds` from before it is written until after its answer is parsed."""

    began: float
    answer: Future[Any] = field(default_factory=Future)
    milliseconds: float | None = None

    def arrived(self, _: Future[Any]) -> None:
        """Note the time; called on the reading thread, so that nobody need wait for the answer."""
        self.milliseconds = (time.perf_counter() - self.began) * 1000

    @property
    def refused(self) -> bool:
        """Whether it was answered with an error."""
        return self.answer.done() and self.answer.exception() is not None


class LiveServer(StdioServer):
    """The server on one folder. With `watches` the client offers to tell of changed files, as VS Code does."""

    def __init__(self, folder: Path, cache: Path, log: IO[bytes], watches: bool) -> None:
        super().__init__(lambda _method, _params: None, log)
        self.folder = folder
        self.request("initialize", _initialize(folder, cache, watches))
        self.notify("initialized", {})

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def memory(self) -> tuple[Memory, float]:
        """The server's own, and what its processes hold at most one by one, all together, MiB."""
        others = sum(memory_of(pid).peak_mib for pid in descendants(self.pid))
        return memory_of(self.pid), others

    # -- questions ----------------------------------------------------------------------------------------------

    def send(self, method: str, params: object) -> Sent:
        """A request that nobody waits for."""
        sent = Sent(time.perf_counter())
        sent.answer.add_done_callback(sent.arrived)
        identifier = next(self._ids)
        self._waiting[identifier] = sent.answer
        self._send({"id": identifier, "method": method, "params": params})
        return sent

    def search(self, query: str, limit: int = LIMIT) -> Any:
        """The result of codeintel/search."""
        params = {"query": query, "limit": limit, "explain": False}
        return self.request("codeintel/search", params, ANSWER_TIMEOUT_S)

    def status(self) -> Any:
        """The result of codeintel/status."""
        return self.request("codeintel/status", {}, ANSWER_TIMEOUT_S)

    def is_complete(self) -> bool:
        """Whether everything is as on disk or as typed, has its meaning, and nothing is being done."""
        status = self.status()
        (root,) = status["roots"]
        whole = root["chunks"] > 0 and root["meaning"] == root["chunks"] and not root["stale"]
        return whole and status.get("stage") is None

    def wait_until_complete(self) -> Any:
        """The status of the only root, once that is so, after a comparison with the disk of its own."""
        compare = {
            "command": "codeintel.server.reindex",
            "arguments": [],
        }  # else the first may not have begun
        self.request("workspace/executeCommand", compare, INDEX_TIMEOUT_S)
        self.settle()
        (root,) = self.status()["roots"]
        return root

    def settle(self) -> None:
        """Wait until what the server knows to have changed is taken in whole."""
        until(self.is_complete, INDEX_TIMEOUT_S, POLL_S)

    # -- what an editor tells -----------------------------------------------------------------------------------

    def opened(self, path: Path, text: str, version: int) -> None:
        """A document was opened."""
        language = {".py": "python", ".ts": "typescript"}[path.suffix]
        item = {"uri": path.as_uri(), "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def changed(self, path: Path, version: int, change: object) -> None:
        """A document was edited, in one place."""
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def saved(self, path: Path, text: str) -> None:
        """A document was saved."""
        self.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}, "text": text})

    def deleted(self, paths: Iterable[Path]) -> None:
        """Files are gone."""
        changes = [{"uri": path.as_uri(), "type": DELETED} for path in paths]
        self.notify("workspace/didChangeWatchedFiles", {"changes": changes})


@contextmanager
def serving(folder: Path, cache: Path, *, watches: bool = True) -> Iterator[LiveServer]:
    """A server that keeps vectors in `cache`; its log is shown only if something fails."""
    with tempfile.TemporaryFile() as log:
        try:
            with LiveServer(folder, cache, log, watches) as server:
                yield server
        except Exception:
            log.seek(0)
            console.print(log.read().decode(errors="replace"), markup=False, highlight=False)
            raise


def until(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.0) -> float:
    """Seconds until a condition holds. Raises TimeoutError. A refusal, before anything is indexed, is not yet."""
    began = time.perf_counter()
    while True:
        try:
            if condition():
                return time.perf_counter() - began
        except RefusedError:
            time.sleep(POLL_S)
        if time.perf_counter() - began > timeout_s:
            raise TimeoutError(f"waited {timeout_s:g} s in vain")
        time.sleep(every_s)


def _initialize(folder: Path, cache: Path, watches: bool) -> dict[str, Any]:
    return {
        "processId": os.getpid(),
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {
            "general": {"positionEncodings": ["utf-16"]},
            "textDocument": {"hover": {"contentFormat": ["markdown"]}},
            "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": watches}},
        },
        "initializationOptions": {"model": {"cache": str(cache)}},
    }
