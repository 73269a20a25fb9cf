"""Small documents and the rows they make, for every test of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.catalog.check import Finding, verify
from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import Chunk, FileRow, chunk_table, chunks_of, file_table, idmap_table
from codeintel.catalog.schemas import Dims
from codeintel.catalog.store import Store

PROVENANCE = Provenance("encoder@1", 4, "static@1", 2, "chunker@1")

Documents = Mapping[str, Sequence[str]]
"""Contents of each document's chunks, by uri."""


def chunks(uri: str, contents: Sequence[str]) -> list[Chunk]:
    """One chunk for each content, one after the other."""
    hashes = [content_hash(content.encode()) for content in contents]
    found, start = [], 0
    for line, (content, digest, number) in enumerate(
        zip(contents, hashes, chunk_ids(uri, hashes), strict=True)
    ):
        end = start + len(content.encode())
        row = (number, uri, "root", line, line, start, end, content, "python", "function", "", digest, ("f",))
        found.append(Chunk(*row))
        start = end
    return found


def tables(
    documents: Documents, dims: Dims = PROVENANCE.dims, *, static: bool = False
) -> dict[str, pa.Table]:
    """The tables `chunks` and `files` of these documents."""
    rows = [chunk for uri, contents in documents.items() for chunk in chunks(uri, contents)]
    files = [_file(uri, contents) for uri, contents in documents.items()]
    vectors = np.full((len(rows), 2), 0.5, np.float16) if static else None
    return {"chunks": chunk_table(rows, dims, static_embedding=vectors), "files": file_table(files, dims)}


def idmap(rows: Sequence[Chunk]) -> pa.Table:
    """A row of `faiss_idmap` for each chunk."""
    ids = [chunk.id for chunk in rows]
    return idmap_table([chunk.uri for chunk in rows], range(len(ids)), ids, ids, ["primary"] * len(ids))


def errors(store: Store) -> list[Finding]:
    """What is wrong with a store, warnings aside."""
    return [finding for finding in verify(store) if finding.severity == "error"]


def held(store: Store) -> dict[str, list[str]]:
    """What a store holds, in the form of Documents."""
    uris: list[Any] = store.read("files", ["uri"]).column("uri").to_pylist()
    found: dict[str, list[str]] = {uri: [] for uri in uris}
    for chunk in chunks_of(store.read("chunks")):
        found.setdefault(chunk.uri, []).append(chunk.content)
    return found


def _file(uri: str, contents: Sequence[str]) -> FileRow:
    data = "".join(contents).encode()
    digest = content_hash(data)
    return FileRow(uri, "root", "python", len(data), 1, digest, "utf-8", 1, len(contents), None, "ok")
