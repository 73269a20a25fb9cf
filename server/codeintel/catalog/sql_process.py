"""The program that runs one person's SQL: a process of its own, which can be killed and has nothing to lose.

`python -P -m codeintel.catalog.sql_process` reads a pickled Job from stdin and writes one JSON object to stdout. What a
statement may do is decided four times: it must be a SELECT; DuckDB may open the index's files and no others, with its
configuration locked; the system lets this process write no file and take no more memory; and the parent kills it when
its time is over. Only DuckDB is imported, Arrow where rows are laid over, so that it starts in a quarter of a second.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date, datetime
from datetime import time as time_of_day
from typing import Any

import duckdb

from codeintel.catalog.sql_job import Job, Trouble

ADDRESS_SPACE_BYTES = 6 << 30
"""Far above DuckDB's own limit, because reserved addresses count; what escapes that limit ends here."""

MOST_ANSWER_BYTES = 16_000_000
"""Of an answer's values, about; a guess at what an editor shows without stalling."""

_ROWS_AT_ONCE = 256
_SPARE_CPU_SECONDS = 30


class Refused(Exception):
    """The text is not one statement that only reads."""


class Damaged(Exception):
    """The views cannot be made over the files there are."""


def main() -> None:
    """Answer the job on stdin."""
    job: Job = pickle.load(sys.stdin.buffer)
    _limit_process(job)
    json.dump(answer(job), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # DuckDB's threads, taken down with the interpreter, may abort the process


def answer(job: Job) -> dict[str, Any]:
    """What `run` answers, or `error`, the name of a Trouble, with a `message`."""
    try:
        return run(job)
    except Refused as refusal:
        return {"error": Trouble.REFUSED, "message": str(refusal)}
    except duckdb.InterruptException:
        return {"error": Trouble.TIME, "message": ""}
    except (duckdb.OutOfMemoryException, MemoryError):
        return {"error": Trouble.MEMORY, "message": ""}
    except (Damaged, duckdb.IOException) as error:
        return {"error": Trouble.FILE, "message": str(error)}
    except duckdb.Error as error:
        return {"error": Trouble.STATEMENT, "message": str(error)}


def run(job: Job) -> dict[str, Any]:
    """The job's answer. Raises Refused, Damaged and duckdb.Error."""
    statement = _only_statement(job.text)
    connection = locked_connection(job)
    timer = threading.Timer(job.timeout_s, connection.interrupt)
    timer.daemon = True
    timer.start()
    began = time.perf_counter()
    try:
        cursor = connection.execute(statement)
        columns = [(str(column[0]), str(column[1])) for column in cursor.description or []]
        _refuse_zones(columns)
        rows, truncated = _rows(cursor, job.max_rows)
    finally:
        timer.cancel()
    return {
        "columns": [name for name, _ in columns],
        "types": [kind for _, kind in columns],
        "rows": rows,
        "truncated": truncated,
        "elapsed_ms": (time.perf_counter() - began) * 1000,
    }


def locked_connection(job: Job) -> duckdb.DuckDBPyConnection:
    """A connection with the job's views, from which nothing else can be reached any more. Raises Damaged."""
    connection = duckdb.connect(":memory:", config=_CONFIG)
    connection.execute(f"SET threads = {job.threads}")
    connection.execute("SET memory_limit = ?", [job.memory])
    connection.execute("SET TimeZone = 'UTC'")
    _lay_over(connection, job.overlays)
    try:
        connection.execute("BEGIN")
        for view in job.views:
            connection.execute(view)
        connection.execute("COMMIT")
    except duckdb.Error as error:
        raise Damaged(str(error)) from error
    connection.execute("SET allowed_paths = ?", [list(job.files)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # a table that does not exist would be looked for among our variables
    "temp_directory": "",  # else what exceeds the memory would be spilled into the working folder
}


def _lay_over(connection: duckdb.DuckDBPyConnection, overlays: Sequence[tuple[str, bytes]]) -> None:
    if not overlays:
        return
    import pyarrow as pa

    connection.execute("CREATE SCHEMA overlay")
    for name, stream in overlays:
        connection.register("incoming", pa.ipc.open_stream(stream).read_all())
        connection.execute(f"CREATE TABLE {name} AS FROM incoming")
        connection.unregister("incoming")


def _only_statement(text: str) -> duckdb.Statement:
    """The statement that the text is. DESCRIBE, SHOW, SUMMARIZE, FROM and VALUES are SELECTs, too."""
    statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        raise Refused(f"Give one statement; there are {len(statements)}.")
    if (kind := _kind(statements[0])) != duckdb.StatementType.SELECT.name:
        raise Refused(f"Only SELECT reads and nothing else; this is {kind}.")
    return statements[0]


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # a kind that DuckDB has and its Python package cannot name
        return "of another kind"


def _refuse_zones(columns: Sequence[tuple[str, str]]) -> None:
    """DuckDB hands such values over through a package that is not ours to require."""
    for name, kind in columns:
        if "WITH TIME ZONE" in kind:
            raise Refused(f"Column {name} is a {kind}; cast it, as with {name}::TIMESTAMP.")


def _rows(cursor: duckdb.DuckDBPyConnection, most: int) -> tuple[list[list[Any]], bool]:
    """At most so many rows, and so many bytes, and whether there were more."""
    found: list[list[Any]] = []
    size = 0
    while pieces := cursor.fetchmany(min(_ROWS_AT_ONCE, most + 1 - len(found))):
        for row in pieces:
            plain = [_plain(value) for value in row]
            size += len(json.dumps(plain))
            if len(found) == most or size > MOST_ANSWER_BYTES:
                return found, True
            found.append(plain)
    return found, False


def _plain(value: Any) -> Any:
    """A value as JSON has it: what JSON lacks becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(_plain(key)): _plain(one) for key, one in value.items()}
        case datetime() | date() | time_of_day():
            return value.isoformat()
        case _:
            return str(value)


def _limit_process(job: Job) -> None:
    """Have the system refuse every write to a file, and end what takes too much memory or time. Not on Windows."""
    try:
        import resource
    except ImportError:
        return
    seconds = int(job.timeout_s * job.threads) + _SPARE_CPU_SECONDS
    limits = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: ADDRESS_SPACE_BYTES,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (ceiling, ceiling))


if __name__ == "__main__":
    main()
