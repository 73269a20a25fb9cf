"""The demonstration behind `make demo`: the real server over stdio, from its start to explained hits."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from codeintel.cli.console import shown, stdout_console
from codeintel.cli.figures import counted, duration
from codeintel.cli.main import run
from codeintel.cli.progress import progress_bars
from codeintel.cli.results import print_answer
from codeintel.cli.stdio import RefusedError, StdioServer
from codeintel.cli.wire import answer_of
from codeintel.errors import CodeIntelError
from codeintel.indexing.progress import READING, Progress
from codeintel.workspace.roots import open_root

HITS: Final = 3  # fit on a screen with everything behind them
WIDTH: Final = 88
POLL_S: Final = 0.1
PATIENCE_S: Final = 20.0  # for meaning, after the text tier: a small workspace is complete in less
REQUEST_FAILED: Final = -32803


@click.command()
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("query")
def demo(workspace: Path, query: str) -> None:
    """Start codeintel-server on WORKSPACE, search for QUERY, and show why each hit was found."""
    folder, console = open_root(workspace).path, stdout_console()
    title, place = Text("codeintel", "bold cyan"), Text(shown(str(folder)), "dim")
    console.print(
        Panel(Text(shown(query), "bold"), title=title, subtitle=place, width=min(console.width, WIDTH))
    )
    started = time.monotonic()
    with _server_log() as log, _Demonstration(folder, log) as server:
        _tick(console, "server started and initialized", started)
        server.wait_for_index()
        _tick(console, server.state_in_words(), started)
        result = server.search(query)
        console.print()
        print_answer(console, answer_of(query, result, folder), "full", rooted=False)


@contextmanager
def _server_log() -> Iterator[IO[bytes]]:
    """A file for the server's log, which is shown only if the demonstration fails."""
    with tempfile.TemporaryFile() as log:
        try:
            yield log
        except (CodeIntelError, TimeoutError):
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            raise


def _tick(console: Console, message: str, started: float) -> None:
    passed = duration(time.monotonic() - started)
    console.print(Text.assemble(("✓ ", "green"), f"{message:<60} ", (f"{passed:>8}", "dim")))


class _Demonstration(StdioServer):
    """A server on one folder, and how far its index has come."""

    def __init__(self, folder: Path, log: IO[bytes]) -> None:
        self._indexed = threading.Event()
        super().__init__(self._hear, log)
        self.request("initialize", _client(folder))
        self.notify("initialized", {})

    def wait_for_index(self) -> None:
        """Show progress until every file's words are searchable and, within patience, their meaning too."""
        deadline = float("inf")
        with progress_bars() as show:
            while not self._indexed.wait(POLL_S) and time.monotonic() < deadline:
                if stage := self.request("codeintel/status", {}).get("stage"):
                    show(
                        Progress(stage["stage"], stage["done"], stage["total"], stage.get("remainingSeconds"))
                    )
                    if stage["stage"] != READING:
                        deadline = min(deadline, time.monotonic() + PATIENCE_S)

    def state_in_words(self) -> str:
        """What is searchable now."""
        (root,) = self.request("codeintel/status", {})["roots"]
        share = root["meaning"] / root["chunks"] if root["chunks"] else 1.0
        return (
            f"{counted(root['files'], 'file')}, {counted(root['chunks'], 'chunk')}, {share:.0%} with meaning"
        )

    def search(self, query: str) -> Any:
        """The result of `codeintel/search`, asked again while the server says that it is not ready."""
        while True:
            try:
                return self.request("codeintel/search", {"query": query, "limit": HITS, "explain": True})
            except RefusedError as refused:
                if refused.code != REQUEST_FAILED or self._indexed.is_set():
                    raise
                time.sleep(refused.data.get("retryAfterMs", 500) / 1000)

    def _hear(self, method: str, params: Any) -> None:
        """The end of the server's own progress is that of its first indexing run, successful or not."""
        if method == "$/progress" and params["value"].get("kind") == "end":
            self._indexed.set()


def _client(folder: Path) -> dict[str, Any]:
    """The parameters of `initialize`; UTF-8 positions are byte offsets in their line."""
    return {
        "processId": os.getpid(),
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {
            "general": {"positionEncodings": ["utf-8"]},
            "window": {"workDoneProgress": True},
        },
    }


if __name__ == "__main__":
    sys.exit(run(demo, "make demo"))
