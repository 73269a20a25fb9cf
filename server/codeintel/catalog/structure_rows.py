"""The structure of documents as rows of its five tables, and back; nothing here analyses a text or touches a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from codeintel.catalog.schemas import Dims, table_schema

if TYPE_CHECKING:
    from codeintel.analysis.columns import Columns
    from codeintel.analysis.structure import Structure

_DIMS = Dims(0, 0)
"""No table of structure has a vector."""

Document = tuple[str, int, "Structure"]
"""A document's uri, the content hash of its text as `files` has it, and what was found in that text."""


def structure_tables(documents: Sequence[Document]) -> dict[str, pa.Table]:
    """The rows of these documents for every table of the group 'structure', one row of `modules` for each.

    A document whose concrete tree is not known (`cst` None) has no rows in `cst_nodes`: lay its last ones there,
    `as_stale`.
    """
    return {
        "scip_occurrences": _table("scip_occurrences", map(_occurrences, documents)),
        "scip_symbols": _table("scip_symbols", ((uri, found.symbols, {}) for uri, _, found in documents)),
        "ast_nodes": _table("ast_nodes", ((uri, found.ast, {}) for uri, _, found in documents)),
        "cst_nodes": _table(
            "cst_nodes", ((uri, found.cst, {"stale": False}) for uri, _, found in documents if found.cst)
        ),
        "modules": _table("modules", map(_module, documents)),
    }


def joined(documents: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """The tables of several documents as one of each kind; none for no document."""
    names = documents[0] if documents else ()
    return {name: pa.concat_tables([tables[name] for tables in documents]) for name in names}


def put_in_place(rows: pa.Table, uris: Collection[str], laid_over: pa.Table | None) -> pa.Table:
    """Rows of a table, those of some documents taken out and others laid over."""
    if uris:
        rows = rows.filter(pc.invert(pc.is_in(rows["uri"], value_set=pa.array(sorted(uris), pa.string()))))
    return rows if laid_over is None else pa.concat_tables([rows, laid_over])


def as_stale(cst_nodes: pa.Table) -> pa.Table:
    """Rows of `cst_nodes` as those of an earlier text, the last that could be parsed."""
    at = cst_nodes.schema.get_field_index("stale")
    return cst_nodes.set_column(
        at, cst_nodes.schema.field(at), pa.array([True] * cst_nodes.num_rows, pa.bool_())
    )


def columns_of(table: pa.Table) -> Columns:
    """Rows of one document as the columns that an analysis gives, what the catalog added to them left out."""
    added = {"uri", "content_hash", "stale"}
    return {name: table.column(name).to_pylist() for name in table.column_names if name not in added}


_Rows = tuple[str, "Columns", dict[str, Any]]
"""A document's uri, its columns, and the value of each column that is the same in all its rows."""


def _occurrences(document: Document) -> _Rows:
    uri, content_hash, found = document
    return uri, found.occurrences, {"content_hash": content_hash}


def _module(document: Document) -> _Rows:
    uri, content_hash, found = document
    row = found.module
    columns: Columns = {
        "module": [row.module],
        "package": [row.package],
        "is_test": [row.is_test],
        "is_generated": [row.is_generated],
        "imports": [row.imports],
        "status": [row.status],
    }
    return uri, columns, {"content_hash": content_hash}


def _table(table: str, documents: Iterator[_Rows]) -> pa.Table:
    schema = table_schema(table, _DIMS)
    pieces = [_rows(schema, *document) for document in documents]
    return pa.concat_tables(pieces) if pieces else schema.empty_table()


def _rows(schema: pa.Schema, uri: str, columns: Columns, same: dict[str, Any]) -> pa.Table:
    """One document's rows. Raises ValueError or ArrowException where columns are missing, uneven or of other types."""
    count = len(next(iter(columns.values())))
    constants = {"uri": uri, **same}
    if missing := set(schema.names) - columns.keys() - constants.keys():
        raise ValueError(f"the rows of {uri} lack {', '.join(sorted(missing))}")
    arrays = [
        pa.repeat(pa.scalar(constants[f.name], f.type), count)
        if f.name in constants
        else pa.array(columns[f.name], f.type)
        for f in schema
    ]
    return pa.table(arrays, schema=schema)
