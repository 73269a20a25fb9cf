"""A person's SQL over the views, asked of a process of its own that is killed where it does not end."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.chunk_query import wide_view
from codeintel.catalog.joins import joined_views
from codeintel.catalog.overlays import in_duckdb_types
from codeintel.catalog.sql_job import Job, Trouble
from codeintel.catalog.views import RootSource, base_views, part_files
from codeintel.errors import IndexCorrupt, IndexTrouble, UsageError

MOST_ROWS = 100_000
MOST_SECONDS = 50.0
"""Less than the grace period of superseded parts, which the views read."""

THREADS = 2
MEMORY = "1GB"

_STARTING_SECONDS = 10.0
"""For the process to start and make the views, on top of the statement's own time: ten times what it takes; a guess."""

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What a statement answered: values as JSON has them, types as DuckDB names them.

    `truncated` where there were more rows, or longer ones, than are handed out.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    elapsed_ms: float


def ask(
    text: str,
    sources: Sequence[RootSource],
    *,
    max_rows: int,
    timeout_s: float,
    cancelled: CancelCheck = never,
) -> SqlAnswer:
    """The answer of one SELECT over the views of these roots; nothing else can be read and nothing written.

    Raises UsageError for any other statement, for a faulty one, and for one that takes too much time or memory;
    IndexCorrupt for a damaged part; Cancelled.
    """
    if not 1 <= max_rows <= MOST_ROWS:
        raise UsageError(
            f"A limit of {max_rows:,} rows is not possible.", f"Give 1 to {MOST_ROWS:,}.", "limit"
        )
    if not 0 < timeout_s <= MOST_SECONDS:
        raise UsageError(
            f"A time limit of {timeout_s:g} s is not possible.", f"Give up to {MOST_SECONDS:g} s.", "timeout"
        )
    given = _in_process(job_of(text, sources, max_rows=max_rows, timeout_s=timeout_s), cancelled)
    if "error" in given:
        raise _trouble(Trouble(given["error"]), given["message"], timeout_s)
    rows = tuple(map(tuple, given["rows"]))
    columns, types = tuple(given["columns"]), tuple(given["types"])
    return SqlAnswer(columns, types, rows, given["truncated"], given["elapsed_ms"])


def job_of(text: str, sources: Sequence[RootSource], *, max_rows: int, timeout_s: float) -> Job:
    """What the process is handed."""
    overlays = [
        (_overlay(place, table), _stream(rows))
        for place, source in enumerate(sources)
        for table, rows in source.rows.items()
        if rows.num_rows
    ]
    views = [view.statement for view in (*base_views(sources, _overlay), *joined_views(), wide_view())]
    return Job(text, views, part_files(sources), overlays, max_rows, timeout_s, THREADS, MEMORY)


def _overlay(place: int, table: str) -> str:
    return f"overlay.{table}_{place}"


def _stream(given: pa.Table) -> bytes:
    rows = in_duckdb_types(given)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


def _in_process(job: Job, cancelled: CancelCheck) -> dict[str, Any]:
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "codeintel.catalog.sql_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(
            sys.executable
        ).anchor,  # not the workspace: a relative path in the statement would lead there
        env=_environment(),
    ) as process:
        try:
            output = _output(process, pickle.dumps(job), job.timeout_s, cancelled)
        finally:
            process.kill()
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:  # it crashed, or the system ended it
        return {"error": Trouble.CRASH, "message": ""}
    return answer


def _output(process: subprocess.Popen[bytes], job: bytes, timeout_s: float, cancelled: CancelCheck) -> bytes:
    """All that the process writes, or what is worth as much where it does not end."""
    deadline = time.monotonic() + timeout_s + _STARTING_SECONDS
    # Sent by a thread: `communicate` forgets what a first call that timed out had not sent yet (Python 3.11).
    pipe, process.stdin = process.stdin, None
    assert pipe is not None
    threading.Thread(target=_send, args=(pipe, job), daemon=True).start()
    while time.monotonic() < deadline:
        stop_if(cancelled)
        try:
            return process.communicate(timeout=_POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            continue
    return json.dumps({"error": Trouble.TIME, "message": ""}).encode()


def _send(pipe: IO[bytes], job: bytes) -> None:
    with suppress(OSError), pipe:  # it ended before it had read all of it
        pipe.write(job)


def _environment() -> dict[str, str]:
    """That the process finds our packages where this one did, and nothing in the folder it starts in."""
    places = (str(Path(place).absolute()) for place in sys.path if place)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def _trouble(trouble: Trouble, message: str, timeout_s: float) -> UsageError | IndexTrouble:
    match trouble:
        case Trouble.REFUSED:
            return UsageError(message, "Nothing is ever written by SQL here.", "sql")
        case Trouble.STATEMENT:
            return UsageError(message, field="sql")
        case Trouble.TIME:
            return UsageError(
                f"The statement did not end within {timeout_s:g} s.",
                "Narrow it down, or allow more time.",
                "sql",
            )
        case Trouble.MEMORY:
            return UsageError(f"The statement needs more than {MEMORY} of memory.", "Narrow it down.", "sql")
        case Trouble.CRASH:
            return UsageError(
                "The statement took down the process that ran it.", "Put it differently.", "sql"
            )
        case Trouble.FILE:
            return IndexCorrupt(f"A part of the index cannot be read: {message}", "Run `indexctl check`.")
