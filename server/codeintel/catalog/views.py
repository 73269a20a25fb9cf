"""The SQL of the tables' views: what is current in the parts of each root, and the rows laid over them.

Text alone: who executes it, and on which connection, is in database.py, sql_process.py and people.py. The views that
join these are in joins.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from codeintel.catalog.manifest import Manifest, Part
from codeintel.catalog.schemas import SCHEMA_VERSION, TABLES, Dims, eval_pool_schema, table_schema

_TYPES = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint64(): "UBIGINT",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
}

_PRIVATE = {"files": {"ctime_ns"}}
"""Columns that only indexing needs; parts of layout 1 lack this one."""

_META = {"root": "VARCHAR", "generation": "BIGINT", "schema_version": "INTEGER", "created_at": "TIMESTAMP"}
"""`created_at` is in UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class RootSource:
    """What the views show of one root.

    `name` is the column `root` of every view; `folder` the index folder, None where everything is in `rows`. `hidden`
    names by group the documents whose rows in the parts do not count: those not yet published, or open in an editor.
    `rows` are theirs, by table, laid over.
    """

    name: str
    folder: Path | None
    manifest: Manifest
    hidden: Mapping[str, frozenset[str]]
    rows: Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class View:
    """A view's name and the query that it stands for."""

    name: str
    query: str

    @property
    def statement(self) -> str:
        """What makes it, in place of the one there was."""
        return f"CREATE OR REPLACE VIEW {self.name} AS {self.query}"


Overlay = Callable[[int, str], str]
"""The relation that holds the rows laid over the parts of a table, by the source's place among the sources."""


def base_views(sources: Sequence[RootSource], overlay: Overlay) -> Iterator[View]:
    """A view for each table, with the rows of all roots; one without rows exists and is empty."""
    for table in TABLES:
        columns = view_columns(table, [source.manifest.provenance.dims for source in sources])
        branches = [
            branch
            for place, source in enumerate(sources)
            for branch in _branches(table, source, columns, overlay(place, table))
        ]
        yield View(table, "\nUNION ALL ".join(branches) or _nothing(columns))
    yield View("eval_pool", _nothing(view_columns("eval_pool", ())))
    yield meta_view(sources)


def empty_views() -> Iterator[View]:
    """The same views over no root at all."""
    return base_views((), lambda _place, _table: "")


def meta_view(sources: Sequence[RootSource]) -> View:
    """Of which generation, layout and moment each root's rows are; rows laid over are newer."""
    rows = [
        f"SELECT {literal(source.name)}::VARCHAR AS root, {source.manifest.generation}::BIGINT AS generation, "
        f"{SCHEMA_VERSION}::INTEGER AS schema_version, "
        f"{literal(source.manifest.created_at.removesuffix('+00:00'))}::TIMESTAMP AS created_at"
        for source in sources
    ]
    return View("meta", "\nUNION ALL ".join(rows) or _nothing(_META))


def view_columns(table: str, dims: Sequence[Dims]) -> dict[str, str]:
    """The columns of a table's view with their types in SQL; vectors of several widths are lists of any length."""
    first, *others = dims or [Dims(0, 0)]
    schema = eval_pool_schema() if table == "eval_pool" else table_schema(table, first)
    private = _PRIVATE.get(table, set())
    kept = [field for field in schema if field.name not in private and field.name != "root"]
    of_one_width = bool(dims) and all(other == first for other in others)
    found = {field.name: _sql_type(field.type, of_one_width) for field in kept}
    return found if table == "eval_pool" else {"root": "VARCHAR", **found}


def part_files(sources: Sequence[RootSource]) -> list[str]:
    """The files that the views read."""
    return [
        str(source.folder / part.path)
        for source in sources
        if source.folder
        for part in source.manifest.parts
    ]


def literal(text: str) -> str:
    """A string in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _branches(table: str, source: RootSource, columns: Mapping[str, str], overlay: str) -> Iterator[str]:
    """A SELECT for all parts without dead rows, one for each set of dead documents, and one for what is laid over."""
    selected = ", ".join(
        f"{literal(source.name)}::VARCHAR AS root" if name == "root" else f'"{name}"::{kind} AS "{name}"'
        for name, kind in columns.items()
    )
    for dead, files in _files_by_dead(table, source).items():
        condition = f" WHERE uri NOT IN ({', '.join(map(literal, dead))})" if dead else ""
        yield f"SELECT {selected} FROM read_parquet([{', '.join(map(literal, files))}]){condition}"
    if (rows := source.rows.get(table)) is not None and rows.num_rows:
        yield f"SELECT {selected} FROM {overlay}"


def _files_by_dead(table: str, source: RootSource) -> dict[tuple[str, ...], list[str]]:
    """The files of a table by the documents in them that do not count: few, and as literals pushed into the scan."""
    found: dict[tuple[str, ...], list[str]] = {}
    if source.folder is not None:
        for part in source.manifest.of(table):
            found.setdefault(_dead(part, source), []).append(str(source.folder / part.path))
    return found


def _dead(part: Part, source: RootSource) -> tuple[str, ...]:
    hidden = source.hidden.get(part.group, frozenset())
    nearby = {uri for uri in hidden if part.min_uri <= uri <= part.max_uri}
    return tuple(sorted(nearby.union(source.manifest.dead_uris(part))))


def _nothing(columns: Mapping[str, str]) -> str:
    nulls = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in columns.items())
    return f"SELECT {nulls} WHERE false"


def _sql_type(kind: Any, of_one_width: bool) -> str:
    if pa.types.is_struct(kind):
        fields = ", ".join(f"{field.name} {_sql_type(field.type, of_one_width)}" for field in kind)
        return f"STRUCT({fields})"
    if pa.types.is_fixed_size_list(kind):
        width = kind.list_size if of_one_width and kind.list_size else ""
        return f"{_sql_type(kind.value_type, of_one_width)}[{width}]"
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type, of_one_width)}[]"
    return _TYPES[kind]
