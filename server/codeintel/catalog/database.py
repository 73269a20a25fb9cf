"""The views in a database of the server's own, in memory: what its queries see of all roots, unsaved text included.

Nothing is connected, and nothing of DuckDB imported, before the first question.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from codeintel.cancellation import CancelCheck, never
from codeintel.catalog import person_sql
from codeintel.catalog.chunk_query import ChunkFilter, QueryOptions, chunk_query, wide_view
from codeintel.catalog.durable import checksum
from codeintel.catalog.joins import FAISS_JOIN, FAISS_TABLES, joined_views
from codeintel.catalog.overlays import in_duckdb_types
from codeintel.catalog.person_sql import SqlAnswer
from codeintel.catalog.views import RootSource, View, base_views
from codeintel.errors import IndexCorrupt

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "512MB"
_FAISS_VIEW = "v_faiss_join"
_MATERIALIZED = "materialized.faiss_join"


_SHAPES = """\
SELECT v.view_name AS name, v.sql, list(c.column_name ORDER BY c.column_index) AS columns,
       list(c.data_type ORDER BY c.column_index) AS types
FROM duckdb_views() v
JOIN duckdb_columns() c ON c.schema_name = v.schema_name AND c.table_name = v.view_name
WHERE NOT v.internal AND v.schema_name = 'main'
GROUP BY ALL ORDER BY name"""


@dataclass(frozen=True, slots=True)
class ViewShape:
    """A view's name, the statement that makes it, and its columns with DuckDB's names of their types."""

    name: str
    sql: str
    columns: tuple[tuple[str, str], ...]


class Database:
    """Views over some roots; any thread may call any method. `refresh` says what they show from now on.

    `bootstrap_ms` is what connecting and making all views took; None as long as nothing was asked.
    """

    def __init__(self) -> None:
        self.bootstrap_ms: float | None = None
        self._sources: tuple[RootSource, ...] = ()
        self._changing = threading.Lock()
        self._connection: DuckDBPyConnection | None = None
        self._queries: dict[str, str] = {}
        self._overlays: dict[int, tuple[str, pa.Table]] = {}
        self._names = 0
        self._applied: tuple[RootSource, ...] | None = None
        self._joined = ""  # the checksum of what the materialized join was made from

    def refresh(self, sources: Sequence[RootSource]) -> None:
        """Show these roots from the next query on. Costs nothing: views are made anew when they are asked."""
        self._sources = tuple(sources)

    @property
    def sources(self) -> tuple[RootSource, ...]:
        """What is shown."""
        return self._sources

    def query(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> pa.Table:
        """The answer of our own SQL; one query sees one set of sources. Raises IndexCorrupt for a damaged part."""
        import duckdb

        try:
            with self._changing:
                cursor = self._current(joins_vectors=_FAISS_VIEW in sql).cursor()
            with cursor:
                found: pa.Table = cursor.sql(sql, params=parameters).to_arrow_table()
                return found
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise IndexCorrupt(
                f"A part of the index cannot be read: {error}", "Run `indexctl check`."
            ) from error

    def views(self) -> list[ViewShape]:
        """Every view with its columns, by name."""
        found = self.query(_SHAPES).to_pylist()
        return [
            ViewShape(row["name"], row["sql"], tuple(zip(row["columns"], row["types"], strict=True)))
            for row in found
        ]

    def chunks(self, options: QueryOptions, where: ChunkFilter) -> pa.Table:
        """The chunks that a filter lets through, one row each, with what the options join. Raises as `query`."""
        return self.query(*chunk_query(options, where))

    def sql(
        self, text: str, *, max_rows: int = 1_000, timeout_s: float = 10.0, cancelled: CancelCheck = never
    ) -> SqlAnswer:
        """A person's SQL over the same roots, apart from this database. Raises as `person_sql.ask`."""
        return person_sql.ask(
            text, self._sources, max_rows=max_rows, timeout_s=timeout_s, cancelled=cancelled
        )

    def close(self) -> None:
        """Let go of everything; a later query connects again."""
        with self._changing:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._queries, self._overlays, self._applied, self._joined = {}, {}, None, ""

    def _current(self, *, joins_vectors: bool) -> DuckDBPyConnection:
        """The connection, with views of the sources as they are now; the lock is held."""
        began = time.perf_counter()
        is_first = self._connection is None
        connection = self._connection = self._connection or _connected()
        if (wanted := self._sources) is not self._applied:
            self._apply(connection, wanted)
            self._applied = wanted
        if is_first:
            self.bootstrap_ms = (time.perf_counter() - began) * 1000
        if joins_vectors:
            self._materialize(connection)
        return connection

    def _apply(self, connection: DuckDBPyConnection, sources: tuple[RootSource, ...]) -> None:
        """Make the views that changed, in one transaction; running queries go on with what they began with."""
        before = self._overlays
        fresh = dict(self._laid_over(sources))
        tables = base_views(sources, lambda place, table: self._name(sources[place], table, fresh))
        views = [*tables, *joined_views(), wide_view()]
        changed = [view for view in views if self._queries.get(view.name) != view.query]
        if {view.name for view in changed} & FAISS_TABLES:
            changed.append(View(_FAISS_VIEW, FAISS_JOIN))
            self._joined = ""
        with _transaction(connection):
            for key, (name, rows) in fresh.items():
                if key not in before:
                    _lay(connection, name, rows)
            for view in changed:
                connection.execute(view.statement)
            for key, (name, _) in before.items():
                if key not in fresh:
                    connection.execute(f"DROP TABLE {name}")
        self._overlays = fresh
        self._queries |= {view.name: view.query for view in views}

    def _laid_over(self, sources: Sequence[RootSource]) -> Iterator[tuple[int, tuple[str, pa.Table]]]:
        """The tables to be laid over, by identity, each under a name that no other table had."""
        for source in sources:
            for table, rows in source.rows.items():
                if not rows.num_rows:
                    continue
                if (known := self._overlays.get(id(rows))) is None:
                    self._names += 1
                    known = (f"overlay.{table}_{self._names}", rows)
                yield id(rows), known

    @staticmethod
    def _name(source: RootSource, table: str, overlays: Mapping[int, tuple[str, pa.Table]]) -> str:
        found = overlays.get(id(source.rows.get(table)))
        return found[0] if found else ""

    def _materialize(self, connection: DuckDBPyConnection) -> None:
        """Have the join of chunks and vectors as a table, made anew where the checksum of its inputs is another one."""
        inputs = checksum("\0".join(self._inputs()).encode())
        if inputs == self._joined:
            return
        with _transaction(connection):
            connection.execute(f"CREATE OR REPLACE TABLE {_MATERIALIZED} AS {FAISS_JOIN}")
            connection.execute(View(_FAISS_VIEW, f"SELECT * FROM {_MATERIALIZED}").statement)
        self._joined = inputs

    def _inputs(self) -> Iterator[str]:
        for source in self._applied or ():
            for table in sorted(FAISS_TABLES):
                yield from (part.checksum for part in source.manifest.of(table))
                yield self._queries[table]


def _connected() -> DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": "",
            "memory_limit": _MEMORY,
            "threads": "2",
        },
    )
    connection.execute("CREATE SCHEMA overlay")
    connection.execute("CREATE SCHEMA materialized")
    return connection


@contextmanager
def _transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _lay(connection: DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("incoming", in_duckdb_types(rows))
    connection.execute(f"CREATE TABLE {name} AS FROM incoming")
    connection.unregister("incoming")
