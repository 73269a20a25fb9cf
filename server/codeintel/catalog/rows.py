"""Rows of the catalog as Python values, and their way to and from Arrow; nothing here touches a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.catalog.schemas import Dims, chunks_schema, faiss_idmap_schema, files_schema

PREVIEW_CHARACTERS = 160
"""A line of a result list; a guess."""

_REMARK = re.compile(r"\s*(#|//|/\*|\*|--|;|@|\"\"\"|''')")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is retrieved as one thing.

    Lines are 0-based, end inclusive; bytes half-open in the UTF-8 text without BOM; `content_hash` is the
    uint64 of that UTF-8 content.
    """

    id: int
    uri: str
    root: str
    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    content: str
    lang: str
    kind: str
    breadcrumb: str
    content_hash: int
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that discovery found: indexed, or skipped with its reason (then `content_hash` may be None)."""

    uri: str
    root: str
    lang: str
    size: int
    mtime_ns: int
    content_hash: int | None
    encoding: str
    lines: int
    chunks: int
    skip_reason: str | None
    parse_status: str
    ctime_ns: int = 0


CHUNK_COLUMNS = tuple(field.name for field in fields(Chunk))
FILE_COLUMNS = tuple(field.name for field in fields(FileRow))


def preview(content: str) -> str:
    """The first line that is code rather than remark or bracket, shortened; else the first not empty."""
    first = ""
    for line in re.split(r"\r\n|\r|\n", content):
        text = line.strip()
        first = first or text
        if _WORD.search(text) and not _REMARK.match(text):
            return text[:PREVIEW_CHARACTERS]
    return first[:PREVIEW_CHARACTERS]


def chunk_table(
    chunks: Sequence[Chunk],
    dims: Dims,
    embedding: np.ndarray[Any, Any] | None = None,
    static_embedding: np.ndarray[Any, Any] | None = None,
    embedded: np.ndarray[Any, Any] | None = None,
) -> pa.Table:
    """Chunks as a table of `chunks`, with one vector a chunk in each given column and null in the others.

    `embedding` is float32 [n, dims.embedding], `static_embedding` any float [n, dims.static_embedding];
    `embedded` bool [n] says which rows of `embedding` are vectors (None = all).
    """
    schema = chunks_schema(dims)
    columns: dict[str, Any] = {name: [getattr(chunk, name) for chunk in chunks] for name in CHUNK_COLUMNS}
    columns["preview"] = [preview(chunk.content) for chunk in chunks]
    columns["embedding"] = _vector_column(embedding, len(chunks), dims.embedding, np.float32, embedded)
    columns["tier"] = tier_column(columns["embedding"])
    columns["static_embedding"] = _vector_column(
        static_embedding, len(chunks), dims.static_embedding, np.float16
    )
    return pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


def file_table(files: Sequence[FileRow], dims: Dims) -> pa.Table:
    """Files as a table of `files`."""
    schema = files_schema(dims)
    return pa.table([pa.array([getattr(f, c.name) for f in files], c.type) for c in schema], schema=schema)


def idmap_table(uris: Sequence[str], faiss_row: Any, faiss_id: Any, chunk_id: Any, source: Any) -> pa.Table:
    """Columns of one length as a table of `faiss_idmap`: uris, int64 thrice, then 'primary' or 'secondary'."""
    schema = faiss_idmap_schema(Dims(0, 0))
    columns = (uris, faiss_row, faiss_id, chunk_id, source)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def tier_column(embedding: Any) -> pa.Array[Any]:
    """Whether chunks have a contextual vector, 1 or 0, by the column of those."""
    return pa.array(np.asarray(embedding.is_valid()).astype(np.int8))


def _vector_column(
    vectors: np.ndarray[Any, Any] | None,
    count: int,
    dim: int,
    dtype: type[np.floating[Any]],
    present: np.ndarray[Any, Any] | None = None,
) -> pa.Array[Any]:
    """Vectors [count, dim] as fixed-size lists, null where `present` bool [count] is false."""
    if vectors is None:
        return pa.nulls(count, pa.list_(pa.from_numpy_dtype(np.dtype(dtype)), dim))
    if vectors.shape != (count, dim):
        raise ValueError(f"expected vectors of shape {(count, dim)}, got {vectors.shape}")
    flat: Any = np.ascontiguousarray(vectors, dtype).reshape(-1)
    mask = None if present is None else pa.array(~present)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), dim, mask=mask)


def chunks_of(table: pa.Table) -> list[Chunk]:
    """The rows of `chunks` as values; the table needs CHUNK_COLUMNS. About 0.1 s for 20,000 rows."""
    columns: list[Sequence[Any]] = [table.column(name).to_pylist() for name in CHUNK_COLUMNS]
    at = CHUNK_COLUMNS.index("symbols")
    columns[at] = [tuple(names) for names in columns[at]]
    return [Chunk(*row) for row in zip(*columns, strict=True)]


def files_of(table: pa.Table) -> list[FileRow]:
    """The rows of `files` as values."""
    columns = [table.column(name).to_pylist() for name in FILE_COLUMNS]
    return [FileRow(*row) for row in zip(*columns, strict=True)]


def vectors_of(table: pa.Table, column: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The vectors of a column and the rows that have one: ([m, dim] of the column's type, int64 [m])."""
    chunked: Any = table.column(column)
    present = np.flatnonzero(np.asarray(chunked.is_valid()))
    pieces = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunked.chunks]
    flat = pieces[0] if len(pieces) == 1 else np.concatenate([*pieces, np.empty(0, _numpy_type(chunked))])
    return flat.reshape(len(present), chunked.type.list_size), present


def _numpy_type(vectors: Any) -> np.dtype[Any]:
    return np.dtype(np.float16 if vectors.type.value_type == pa.float16() else np.float32)
