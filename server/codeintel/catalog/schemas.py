"""The Arrow schema of every table and the version of the whole layout; no rows and no files live here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

SCHEMA_VERSION = 3
"""Raised with every change of a schema or of the manifest.

1: the first layout; 2: faiss_idmap names documents; 3: tables of structure, with a history of their own.
"""

READABLE_SCHEMAS = frozenset({1, 2, 3})
"""Layouts whose rows this version reads; an older one is rebuilt, a newer one is left untouched."""

READABLE_FROM = 3
"""The oldest layout whose versions can keep what this one writes: those of 2 would fail on tables unknown to them."""

IDMAP_BY_DOCUMENT = 2
"""The first layout whose faiss_idmap has a uri."""

Group = Literal["text", "structure"]
"""Tables that are published together: a document's rows in one group are replaced without those in the other."""

GROUPS: tuple[Group, ...] = ("text", "structure")


@dataclass(frozen=True, slots=True)
class Dims:
    """Widths of the columns `embedding` (contextual encoder) and `static_embedding` (static table)."""

    embedding: int
    static_embedding: int


@dataclass(frozen=True, slots=True)
class TableKind:
    """A table's schema for given dims, its group, and whether its rows follow from an engine.

    Losing rows that follow from an engine loses no document. Every table has a `uri`: its rows belong to documents.
    """

    schema: Callable[[Dims], pa.Schema]
    is_derived: bool = False
    group: Group = "text"


def _required(name: str, kind: Any) -> pa.Field[Any]:
    return pa.field(name, kind, nullable=False)


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


def scip_occurrences_schema(_dims: Dims) -> pa.Schema:
    """One row for each place where a document names a symbol; `name` is what stands there, as a person searches it.

    Lines are 0-based, characters UTF-16 units, bytes half-open in the UTF-8 text without BOM; `roles` are SCIP's bits;
    `origin` is 'scip' (a compiler), 'fast' (our own scopes) or 'inferred' (by name alone). The enclosing range, null
    where none is known, is that of the whole definition.
    """
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("symbol", pa.string()),
            _required("symbol_norm", pa.string()),
            _required("name", pa.string()),
            _required("roles", pa.int32()),
            _required("start_line", pa.int32()),
            _required("start_character", pa.int32()),
            _required("end_line", pa.int32()),
            _required("end_character", pa.int32()),
            _required("start_byte", pa.int64()),
            _required("end_byte", pa.int64()),
            pa.field("enclosing_start_byte", pa.int64()),
            pa.field("enclosing_end_byte", pa.int64()),
            _required("origin", pa.string()),
            _required("content_hash", pa.uint64()),
        ]
    )


RELATIONSHIP = pa.struct(
    [
        _required("symbol", pa.string()),
        _required("is_reference", pa.bool_()),
        _required("is_implementation", pa.bool_()),
        _required("is_type_definition", pa.bool_()),
        _required("is_definition", pa.bool_()),
    ]
)
"""How a symbol stands to another one, as SCIP says it."""


def scip_symbols_schema(_dims: Dims) -> pa.Schema:
    """One row for each symbol that a document defines."""
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("symbol", pa.string()),
            _required("symbol_norm", pa.string()),
            _required("kind", pa.string()),
            _required("display_name", pa.string()),
            pa.field("documentation", pa.string()),
            pa.field("signature", pa.string()),
            pa.field("enclosing_symbol", pa.string()),
            pa.field("relationships", pa.list_(RELATIONSHIP)),
        ]
    )


def ast_nodes_schema(_dims: Dims) -> pa.Schema:
    """One row for each named node of a document's syntax tree, in preorder: `node_id` counts from 0, the root's."""
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("node_id", pa.int64()),
            _required("type", pa.string()),
            _required("start_byte", pa.int64()),
            _required("end_byte", pa.int64()),
            pa.field("parent_id", pa.int64()),
            _required("depth", pa.int16()),
            pa.field("field", pa.string()),
            pa.field("symbol", pa.string()),
            pa.field("docstring", pa.string()),
        ]
    )


def cst_nodes_schema(_dims: Dims) -> pa.Schema:
    """One row for each node of a document's concrete tree; `stale` rows are of the last text that could be parsed."""
    return pa.schema(
        [
            _required("uri", pa.string()),
            _required("node_id", pa.int64()),
            _required("kind", pa.string()),
            _required("start_byte", pa.int64()),
            _required("end_byte", pa.int64()),
            pa.field("parent_id", pa.int64()),
            _required("text_hash", pa.uint64()),
            _required("stale", pa.bool_()),
        ]
    )


def modules_schema(_dims: Dims) -> pa.Schema:
    """One row for each document whose structure is there, which `content_hash` says is that of this text.

    `status` is '' or says what of the structure is missing or cut.
    """
    return pa.schema(
        [
            _required("uri", pa.string()),
            pa.field("module", pa.string()),
            pa.field("package", pa.string()),
            _required("is_test", pa.bool_()),
            _required("is_generated", pa.bool_()),
            _required("imports", pa.list_(pa.string())),
            _required("status", pa.string()),
            _required("content_hash", pa.uint64()),
        ]
    )


def eval_pool_schema() -> pa.Schema:
    """One row for each result that an evaluation looked at: what each source gave it, and how it was judged.

    No table of the index: an evaluation writes its own.
    """
    return pa.schema(
        [
            _required("run_id", pa.string()),
            _required("query_id", pa.string()),
            _required("query", pa.string()),
            _required("source", pa.string()),
            _required("rank", pa.int32()),
            _required("chunk_id", pa.int64()),
            _required("score", pa.float32()),
            _required("contribution", pa.float32()),
            _required("limit", pa.int32()),
            pa.field("judged", pa.int32()),
        ]
    )


TABLES: dict[str, TableKind] = {
    "chunks": TableKind(chunks_schema),
    "files": TableKind(files_schema),
    "faiss_idmap": TableKind(faiss_idmap_schema, is_derived=True),
    "scip_occurrences": TableKind(scip_occurrences_schema, group="structure"),
    "scip_symbols": TableKind(scip_symbols_schema, group="structure"),
    "ast_nodes": TableKind(ast_nodes_schema, group="structure"),
    "cst_nodes": TableKind(cst_nodes_schema, group="structure"),
    "modules": TableKind(modules_schema, group="structure"),
}

VECTOR_COLUMNS = ("embedding", "static_embedding")


def tables_of(group: Group) -> tuple[str, ...]:
    """The tables of a group."""
    return tuple(table for table, kind in TABLES.items() if kind.group == group)


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
