"""The Arrow schema of every table and the version of the whole layout; no rows and no files live here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

SCHEMA_VERSION = 2
"""Raised with every change of a schema or of the manifest. 1: the first layout; 2: faiss_idmap names documents."""

READABLE_SCHEMAS = frozenset({1, 2})
"""Layouts whose rows this version reads; an older one is rebuilt, a newer one is left untouched."""

READABLE_FROM = 2
"""The oldest layout whose versions can keep what this one writes: those of 1 would drop gathered deltas."""

IDMAP_BY_DOCUMENT = 2
"""The first layout whose faiss_idmap has a uri."""


@dataclass(frozen=True, slots=True)
class Dims:
    """Widths of the columns `embedding` (contextual encoder) and `static_embedding` (static table)."""

    embedding: int
    static_embedding: int


@dataclass(frozen=True, slots=True)
class TableKind:
    """A table's schema for given dims, and whether its rows follow from an engine: losing them loses no document.

    Every table has a `uri` column: its rows belong to documents.
    """

    schema: Callable[[Dims], pa.Schema]
    is_derived: bool = False


def chunks_schema(dims: Dims) -> pa.Schema:
    """One row a chunk; lines are 0-based and inclusive, bytes are half-open in the UTF-8 text without BOM.

    `tier` is 1 where the row has an `embedding`, else 0.
    """
    return pa.schema(
        [
            _required("id", pa.int64()),
            _required("uri", pa.string()),
            _required("root", pa.string()),
            _required("start_line", pa.int32()),
            _required("end_line", pa.int32()),
            _required("start_byte", pa.int64()),
            _required("end_byte", pa.int64()),
            _required("preview", pa.string()),
            _required("content", pa.string()),
            _required("lang", pa.string()),
            _required("kind", pa.string()),
            _required("breadcrumb", pa.string()),
            _required("content_hash", pa.uint64()),
            _required("symbols", pa.list_(pa.string())),
            _required("tier", pa.int8()),
            pa.field("embedding", pa.list_(pa.float32(), dims.embedding)),
            pa.field("static_embedding", pa.list_(pa.float16(), dims.static_embedding)),
        ]
    )


def files_schema(_dims: Dims) -> pa.Schema:
    """One row a file that discovery found; `content_hash` is that of the raw bytes, null where unread."""
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("root", pa.string()),
            _required("lang", pa.string()),
            _required("size", pa.int64()),
            _required("mtime_ns", pa.int64()),
            pa.field("content_hash", pa.uint64()),
            _required("encoding", pa.string()),
            _required("lines", pa.int32()),
            _required("chunks", pa.int32()),
            pa.field("skip_reason", pa.string()),
            _required("parse_status", pa.string()),
            _required("ctime_ns", pa.int64()),
        ]
    )


def faiss_idmap_schema(_dims: Dims) -> pa.Schema:
    """One row a vector of the FAISS indexes, for people who join them by SQL."""
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("faiss_row", pa.int64()),
            _required("faiss_id", pa.int64()),
            _required("chunk_id", pa.int64()),
            _required("source", pa.string()),
        ]
    )


TABLES: dict[str, TableKind] = {
    "chunks": TableKind(chunks_schema),
    "files": TableKind(files_schema),
    "faiss_idmap": TableKind(faiss_idmap_schema, is_derived=True),
}

VECTOR_COLUMNS = ("embedding", "static_embedding")


def table_schema(table: str, dims: Dims) -> pa.Schema:
    """The schema of `table`; KeyError for a table that does not exist."""
    return TABLES[table].schema(dims)


def conform(table: str, rows: pa.Table, dims: Dims) -> pa.Table:
    """Rows in the table's schema. Raises ValueError where they do not fit, a fault of the caller."""
    if table not in TABLES:
        raise ValueError(f"there is no table {table!r}")
    schema = table_schema(table, dims)
    if rows.schema.equals(schema):
        return rows
    if missing := set(schema.names) - set(rows.column_names):
        raise ValueError(f"rows of {table} lack {', '.join(sorted(missing))}")
    try:
        return rows.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        raise ValueError(f"rows of {table} do not fit its schema: {error}") from error


def _required(name: str, kind: pa.DataType) -> pa.Field[Any]:
    return pa.field(name, kind, nullable=False)
