"""Small documents and the rows they make, for every test of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.analysis.columns import Columns
from codeintel.analysis.structure import ModuleRow, Structure
from codeintel.catalog.check import Finding, verify
from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import Chunk, FileRow, chunk_table, chunks_of, file_table, idmap_table
from codeintel.catalog.schemas import Dims
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import structure_tables

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


def structure(uri: str, contents: Sequence[str], *, cst: bool = True) -> Structure:
    """What an analysis might have found in a document: a node for each chunk, under a root."""
    ends = list(accumulate(len(content.encode()) for content in contents))
    starts = [0, *ends[:-1]] if ends else []
    count, whole = len(contents), ends[-1] if ends else 0
    tree: Columns = {
        "node_id": [*range(count + 1)],
        "start_byte": [0, *starts],
        "end_byte": [whole, *ends],
        "parent_id": [None, *[0] * count],
    }
    ast: Columns = {
        **tree,
        "type": ["module", *["function_definition"] * count],
        "depth": [0, *[1] * count],
        "field": [None] * (count + 1),
        "symbol": [None, *[f"f{n}" for n in range(count)]],
        "docstring": [None] * (count + 1),
    }
    concrete: Columns = {
        **tree,
        "kind": ["Module", *["FunctionDef"] * count],
        "text_hash": [*range(count + 1)],
    }
    symbols = [f"scheme pip project 0.0.0 `{uri}`/f{n}()." for n in range(count)]
    return Structure(
        ast, concrete if cst else None, _occurrences(symbols, starts), _symbols(symbols), _module(uri)
    )


def structures(documents: Documents) -> dict[str, pa.Table]:
    """The tables of structure of these documents, as of the texts that `tables` has."""
    return structure_tables(
        [(uri, text_hash(found), structure(uri, found)) for uri, found in documents.items()]
    )


def text_hash(contents: Sequence[str]) -> int:
    """The content hash of a document's text."""
    return content_hash("".join(contents).encode())


def _occurrences(symbols: Sequence[str], starts: Sequence[int]) -> Columns:
    count = len(symbols)
    return {
        "symbol": [*symbols],
        "symbol_norm": [f"pkg.f{n}" for n in range(count)],
        "name": [f"f{n}" for n in range(count)],
        "roles": [1] * count,
        "start_line": [*range(count)],
        "start_character": [0] * count,
        "end_line": [*range(count)],
        "end_character": [2] * count,
        "start_byte": [*starts],
        "end_byte": [start + 2 for start in starts],
        "enclosing_start_byte": [None] * count,
        "enclosing_end_byte": [None] * count,
        "origin": ["fast"] * count,
    }


def _symbols(symbols: Sequence[str]) -> Columns:
    count = len(symbols)
    return {
        "symbol": [*symbols],
        "symbol_norm": [f"pkg.f{n}" for n in range(count)],
        "kind": ["function"] * count,
        "display_name": [f"f{n}" for n in range(count)],
        "documentation": [None] * count,
        "signature": [f"def f{n}():" for n in range(count)],
        "enclosing_symbol": [None] * count,
        "relationships": [[] for _ in range(count)],
    }


def _module(uri: str) -> ModuleRow:
    name = uri.removesuffix(".py").replace("/", ".")
    return ModuleRow(name, name.rpartition(".")[0], uri.startswith("tests/"), False, ("os",), "")
