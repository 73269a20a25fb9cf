"""`catalog.duckdb`: the views over the published parts, for whatever DuckDB client people like.

The file holds views alone, with absolute paths, and is replaced whole: who has it open goes on with the generation
that it was opened in, whose parts stay for their grace period. It is no part of the index: nothing here reads it, and
losing it costs nothing. The views are kept in a database in memory, where only those of tables that changed are made
again, and copied to a file outside the workspace.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from codeintel.catalog.catalog_file import CatalogFile
from codeintel.catalog.chunk_query import wide_view
from codeintel.catalog.durable import write_file
from codeintel.catalog.folder import CATALOG_NAME
from codeintel.catalog.joins import joined_views
from codeintel.catalog.views import RootSource, base_views, empty_views

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

log = logging.getLogger(__name__)


class PeoplesCatalog:
    """Keeps `catalog.duckdb` of one index folder current; one thread at a time."""

    def __init__(self) -> None:
        self._connection: DuckDBPyConnection | None = None
        self._queries: dict[str, str] = {}
        self._file = CatalogFile()

    def publish(self, source: RootSource) -> bool:
        """Write the file anew where the parts are others than last time; whether it was.

        What is hidden or laid over is left out: the file outlives this process. Where it cannot be written the log
        says so.
        """
        if source.folder is None:
            return False
        published = RootSource(source.name, source.folder, source.manifest, {}, {})
        changed = [
            view
            for view in base_views([published], _no_overlay)
            if self._queries.get(view.name) != view.query
        ]
        if not any(view.name != "meta" for view in changed) and (source.folder / CATALOG_NAME).exists():
            return False
        connection = self._connection = self._connection or _with_all_views()
        for view in changed:
            connection.execute(view.statement)
        self._queries |= {view.name: view.query for view in changed}
        try:
            write_file(source.folder / CATALOG_NAME, self._file.made_of(connection))
        except OSError as error:
            log.warning("%s is not written: %s", CATALOG_NAME, error)
            self._queries.clear()
            return False
        return True

    def close(self) -> None:
        """Let go of the database in memory."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._queries = {}


def _no_overlay(_place: int, _table: str) -> str:
    return ""


def _with_all_views() -> DuckDBPyConnection:
    """All views over nothing: those that join tables are never made again, only the tables' own."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": "1", "temp_directory": ""})
    for view in (*empty_views(), *joined_views(), wide_view()):
        connection.execute(view.statement)
    return connection
