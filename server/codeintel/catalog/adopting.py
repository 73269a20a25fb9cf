"""What becomes of rows when other models are used: vectors that other models made are emptied."""

from __future__ import annotations

import pyarrow as pa

from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import tier_column
from codeintel.catalog.schemas import chunks_schema


def without_stale_vectors(chunks: pa.Table, old: Provenance, new: Provenance) -> pa.Table:
    """Rows of `chunks` made with `old` in the schema of `new`, null where a vector's model is another."""
    schema = chunks_schema(new.dims)
    stale = {
        "embedding": (old.encoder, old.dim) != (new.encoder, new.dim),
        "static_embedding": (old.static, old.static_dim) != (new.static, new.static_dim),
    }
    for name in (column for column, is_stale in stale.items() if is_stale):
        at = schema.get_field_index(name)
        chunks = chunks.set_column(at, schema.field(at), pa.nulls(chunks.num_rows, schema.field(at).type))
    at = schema.get_field_index("tier")
    return chunks.set_column(at, schema.field(at), tier_column(chunks.column("embedding")))
