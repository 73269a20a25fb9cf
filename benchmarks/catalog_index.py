"""An index folder of generated rows: as many chunks and syntax nodes as a benchmark of the catalog asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import Chunk, FileRow, chunk_table, file_table
from codeintel.catalog.schemas import table_schema
from codeintel.catalog.store import Store

PROVENANCE = Provenance("generated", 8, "generated", 8, "generated", "generated")
CHUNK_BYTES = 1_200  # about the mean of real chunks
NODE_TYPES = (
    "identifier",
    "call",
    "attribute",
    "argument_list",
    "expression_statement",
    "assignment",
    "block",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    documents: int
    chunks_each: int
    nodes_each: int


def generated_index(folder: Path, size: Size) -> Store:
    """A store in `folder`, open for writing, with `size` in its bases."""
    store = Store.open(folder, PROVENANCE)
    uris = [f"src/package_{n % 97:02d}/module_{n:05d}.py" for n in range(size.documents)]
    store.rebuild(generated_tables(uris, size))
    return store


def generated_tables(uris: list[str], size: Size, salt: str = "") -> dict[str, pa.Table]:
    """The rows of these documents in every table that is measured; another `salt` gives them other contents."""
    chunks = [chunk for uri in uris for chunk in _chunks(uri, size.chunks_each, salt)]
    files = [_file(uri, size, salt) for uri in uris]
    dims = PROVENANCE.dims
    return {
        "chunks": chunk_table(chunks, dims),
        "files": file_table(files, dims),
        "modules": _modules(files),
        "ast_nodes": _nodes(uris, size),
    }


def _chunks(uri: str, count: int, salt: str) -> list[Chunk]:
    contents = [f"def function_{n}(): {salt}\n".ljust(CHUNK_BYTES, "#") for n in range(count)]
    hashes = [content_hash(content.encode()) for content in contents]
    found = []
    for n, (number, digest) in enumerate(zip(chunk_ids(uri, hashes), hashes, strict=True)):
        start = n * CHUNK_BYTES
        row = (number, uri, "root", n * 30, n * 30 + 29, start, start + CHUNK_BYTES, contents[n], "python")
        found.append(Chunk(*row, "function", "", digest, (f"function_{n}",)))
    return found


def _file(uri: str, size: Size, salt: str) -> FileRow:
    length, digest = size.chunks_each * CHUNK_BYTES, content_hash(f"{uri}{salt}".encode())
    return FileRow(
        uri, "root", "python", length, 1, digest, "utf-8", size.chunks_each * 30, size.chunks_each, None, "ok"
    )


def _modules(files: list[FileRow]) -> pa.Table:
    schema = table_schema("modules", PROVENANCE.dims)
    count = len(files)
    columns: dict[str, list[Any]] = {
        "uri": [file.uri for file in files],
        "module": [file.uri.removesuffix(".py").replace("/", ".") for file in files],
        "package": ["src"] * count,
        "is_test": [False] * count,
        "is_generated": [False] * count,
        "imports": [[] for _ in range(count)],
        "status": [""] * count,
        "content_hash": [file.content_hash for file in files],
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _nodes(uris: list[str], size: Size) -> pa.Table:
    """A root, then leaves side by side over the whole document: the overlaps are those of a real tree's leaves."""
    schema = table_schema("ast_nodes", PROVENANCE.dims)
    each, count = size.nodes_each, len(uris) * size.nodes_each
    number = np.tile(np.arange(each), len(uris))
    length = size.chunks_each * CHUNK_BYTES
    start = np.where(number == 0, 0, (number - 1) * length // max(each - 1, 1))
    end = np.where(number == 0, length, number * length // max(each - 1, 1))
    types = np.array(NODE_TYPES, object)[number % len(NODE_TYPES)]
    columns: dict[str, Any] = {
        "uri": np.repeat(np.array(uris, object), each),
        "node_id": number,
        "type": types,
        "start_byte": start,
        "end_byte": end,
        "parent_id": pa.array(np.zeros(count, np.int64), mask=number == 0),
        "depth": np.minimum(number, 1).astype(np.int16),
        **dict.fromkeys(("field", "symbol", "docstring"), pa.nulls(count, pa.string())),
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
