"""Rows that are laid over the parts, in the form in which DuckDB takes them."""

from __future__ import annotations

import pyarrow as pa


def in_duckdb_types(rows: pa.Table) -> pa.Table:
    """Vectors of half floats as vectors of floats, which is what DuckDB makes of them in Parquet, too."""
    fields = [field.with_type(_widened(field.type)) for field in rows.schema]
    schema = pa.schema(fields)
    return rows if schema.equals(rows.schema) else rows.cast(schema)


def _widened(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.FixedSizeListType) and pa.types.is_float16(kind.value_type):
        return pa.list_(pa.float32(), kind.list_size)
    return kind
