"""Running an indexer: a program that may hang, fail, write without end, or start others; what it makes is elsewhere."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.errors import CodeIntelError
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, contains

MAX_INDEX_BYTES = 2_000_000_000
"""An indexer whose index grows beyond this is stopped; a guess, forty times what the largest measured project made."""
_TAIL_BYTES = 4_000
"""What is kept of the end of a program's output, whatever it writes."""
_SHOWN_CHARACTERS = 600
"""What is shown of it where the program fails."""
_POLL_SECONDS = 0.1
_REAP_SECONDS = 5.0
_NICENESS = 10
"""An indexer takes the processors that nobody else wants."""

# What would have the programs load other code than their own, or speak to the network for their project.
_DROPPED = re.compile(r"NODE_|PYTHON|npm_|VIRTUAL_ENV|GIT_|TMPDIR$|TEMP$|TMP$")
_COUNT = re.compile(rb"\((\d{1,9})/(\d{1,9})\)")

CountReport = Callable[[int, int], None]
"""Told how many documents of how many the program says it has done."""


class IndexerError(CodeIntelError):
    """An indexer that did not make a whole index."""


class IndexerMissing(IndexerError):
    """There is no such program, or it lies in the workspace, of which nothing is run."""


class IndexerFailed(IndexerError):
    """The program ended with an error, wrote too much, or wrote no index."""


class IndexerTimedOut(IndexerError):
    """The program took longer than it is given."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A program to run: where, how long at most, and the file that it is to write."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    output: Path
    timeout_seconds: float
    max_bytes: int = MAX_INDEX_BYTES


def run_errand(errand: Errand, cancelled: CancelCheck, counted: CountReport) -> None:
    """Run the program to its end. Neither it nor what it started outlives the call, however that ends.

    IndexerMissing where it cannot be started, IndexerTimedOut, IndexerFailed, and Cancelled.
    """
    process = _started(errand)
    tail = _Tail(process)
    try:
        _await(process, errand, tail, cancelled, counted)
    finally:
        _end(process)
    if process.returncode:
        raise IndexerFailed(
            f"{errand.name} ended with {process.returncode}: {tail.shown()}",
            "Run it by hand to see more; its log may name the file that it cannot read.",
        )


def clean_environment(root: Root, scratch: Path) -> dict[str, str]:
    """The environment of programs that read a root: nothing in it leads into the root or has other code loaded."""
    kept = {name: value for name, value in os.environ.items() if not _DROPPED.match(name)}
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return {
        **kept,
        **temporary,
        "PATH": search_path(root),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def search_path(root: Root) -> str:
    """The folders on the search path that are absolute and lie outside the root, symlinks resolved."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if Path(folder).is_absolute() and not contains(root, folder)
    )


def _started(errand: Errand) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(
            errand.command,
            cwd=errand.folder,
            env=dict(errand.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, to be ended as one
        )
    except (OSError, ValueError) as error:
        raise IndexerMissing(
            f"{errand.name} cannot be started: {printable(str(error))}.", "Check its command in the settings."
        ) from error
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process


def _await(
    process: subprocess.Popen[bytes],
    errand: Errand,
    tail: _Tail,
    cancelled: CancelCheck,
    counted: CountReport,
) -> None:
    deadline = time.monotonic() + errand.timeout_seconds
    told = None
    while True:
        try:
            process.wait(timeout=_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            stop_if(cancelled)
        if time.monotonic() > deadline:
            raise IndexerTimedOut(
                f"{errand.name} was stopped after {errand.timeout_seconds:g} seconds.",
                "Allow it more with scip.timeout_seconds.",
            )
        if _size(errand.output) > errand.max_bytes:
            raise IndexerFailed(
                f"{errand.name} was stopped: its index grew beyond {errand.max_bytes:,} bytes."
            )
        if (count := tail.count()) and count != told:
            counted(*count)
            told = count


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all of its group. The group's number is not given out anew while it has a member."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # does nothing to one that has ended
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_REAP_SECONDS)


class _Tail:
    """Reads all that a program writes, so that it never waits for a reader, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self._kept = b""
        self._reader = threading.Thread(target=self._read, name="indexer output", daemon=True)
        self._reader.start()

    def shown(self) -> str:
        """The end of the output in one line, fit for a message."""
        self._reader.join(timeout=1.0)  # the pipe closes with the last of the group
        words = self._kept.decode("utf-8", "replace").split()
        return printable(" ".join(words)[-_SHOWN_CHARACTERS:]) or "it wrote nothing"

    def count(self) -> tuple[int, int] | None:
        """The last `(done/total)` in the output."""
        found = _COUNT.findall(self._kept)
        return (int(found[-1][0]), int(found[-1][1])) if found else None

    def _read(self) -> None:
        with self._pipe as pipe, suppress(OSError, ValueError):
            while data := os.read(pipe.fileno(), 65_536):
                self._kept = (self._kept + data)[-_TAIL_BYTES:]
