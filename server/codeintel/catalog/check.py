"""Proof that an index keeps its promises: every file as written, and every row consistent with the others.

It only looks; taking damage out is Store.repair, and engines compare their own ids by `compare_ids`. What the tables of
structure promise is in check_structure.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from codeintel.catalog.artifacts import is_artifact_sound
from codeintel.catalog.check_structure import structure_findings
from codeintel.catalog.findings import Finding, counted
from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.manifest import MANIFEST_NAME, Part
from codeintel.catalog.rows import CHUNK_COLUMNS, Chunk, FileRow, chunks_of, files_of
from codeintel.catalog.schemas import table_schema
from codeintel.catalog.store import Store
from codeintel.errors import IndexCorrupt, IndexTrouble

__all__ = ["Finding", "compare_ids", "verify"]


def verify(store: Store) -> list[Finding]:
    """All findings about the generation that `store` holds; 20,000 chunks take half a second."""
    findings = [*_manifest_findings(store), *_part_findings(store), *_file_findings(store)]
    if any(finding.severity == "error" for finding in findings):
        return findings
    chunks = chunks_of(store.read("chunks", CHUNK_COLUMNS))
    files = files_of(store.read("files"))
    texts = [*_chunk_findings(chunks), *_document_findings(chunks, files), *_idmap_findings(store)]
    return [*findings, *texts, *structure_findings(store)]


def compare_ids(name: str, engine_ids: Iterable[int], table_ids: Iterable[int]) -> list[Finding]:
    """How the ids of an engine differ from those that the table says it should have."""
    engine, table = set(engine_ids), set(table_ids)
    findings = []
    if missing := table - engine:
        findings.append(Finding(name, f"lacks {counted(missing, 'chunk')} of the table"))
    if surplus := engine - table:
        findings.append(Finding(name, f"holds {counted(surplus, 'chunk')} that the table does not have"))
    return findings


def _manifest_findings(store: Store) -> Iterator[Finding]:
    try:
        store.verify_manifest()
    except IndexTrouble as error:
        yield Finding(MANIFEST_NAME, error.message, error.remedy)


def _part_findings(store: Store) -> Iterator[Finding]:
    for part in store.manifest.parts:
        try:
            store.verify_part(part)
        except IndexCorrupt as error:
            yield Finding(part.path, error.message)
            continue
        if problem := _part_problem(store, part, store.read_part(part)):
            yield Finding(part.path, problem)


def _part_problem(store: Store, part: Part, rows: pa.Table) -> str:
    if not rows.schema.equals(table_schema(part.table, store.provenance.dims)):
        return "has another schema than its table"
    if rows.num_rows != part.rows:
        return f"has {rows.num_rows} rows, the manifest says {part.rows}"
    uris: list[Any] = rows.column("uri").to_pylist()
    if uris != sorted(uris) or (uris[0], uris[-1]) != (part.min_uri, part.max_uri):
        return "is not sorted by uri, or reaches beyond the uris in the manifest"
    return ""


def _file_findings(store: Store) -> Iterator[Finding]:
    for artifact in store.manifest.artifacts:
        if not is_artifact_sound(store.folder, artifact):
            yield Finding(artifact.name, "is missing or is not what its engine wrote")
    for path in store.orphans():
        yield Finding(path, "belongs to no generation", "The next change removes it.", "warning")


def _chunk_findings(chunks: Sequence[Chunk]) -> Iterator[Finding]:
    checks: list[tuple[str, Callable[[Chunk], bool]]] = [
        ("an id that is not positive", lambda c: c.id <= 0),
        ("a content_hash that is not its content's", lambda c: c.content_hash != content_hash(_utf8(c))),
        ("bytes that are not its content's length", lambda c: c.end_byte - c.start_byte != len(_utf8(c))),
        ("lines in the wrong order", lambda c: not 0 <= c.start_line <= c.end_line),
    ]
    for problem, is_wrong in checks:
        if wrong := {f"{c.uri}:{c.start_line + 1}" for c in chunks if is_wrong(c)}:
            yield Finding("chunks", f"{counted(wrong, 'chunk')} with {problem}")
    if surplus := len(chunks) - len({chunk.id for chunk in chunks}):
        yield Finding("chunks", f"{surplus} ids occur more than once")


def _document_findings(chunks: Sequence[Chunk], files: Sequence[FileRow]) -> Iterator[Finding]:
    documents: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in sorted(chunks, key=attrgetter("start_byte")):
        documents[chunk.uri].append(chunk)
    if gaps := {uri for uri, parts in documents.items() if not _is_partition(parts)}:
        yield Finding("chunks", f"{counted(gaps, 'document')} whose chunks leave gaps or overlap")
    if underived := {uri for uri, parts in documents.items() if not _has_derived_ids(uri, parts)}:
        yield Finding("chunks", f"{counted(underived, 'document')} with ids that do not follow from contents")
    known = {file.uri: file for file in files}
    if len(known) != len(files):
        yield Finding("files", f"{len(files) - len(known)} files occur more than once")
    if unknown := documents.keys() - known.keys():
        yield Finding("chunks", f"{counted(unknown, 'document')} that `files` does not have")
    if wrong := {uri for uri, file in known.items() if file.chunks != len(documents.get(uri, ()))}:
        yield Finding("files", f"{counted(wrong, 'file')} with another number of chunks than `chunks` has")


def _idmap_findings(store: Store) -> list[Finding]:
    """The dense engine holds every embedding, or static ones as long as embeddings are incomplete."""
    rows = store.read("faiss_idmap", ["uri", "chunk_id"])
    mapped: list[Any] = rows.column("chunk_id").to_pylist()
    expected = [_ids_with(store, column) for column in ("embedding", "static_embedding")]
    if not mapped and expected[0]:
        return [Finding("faiss_idmap", "is missing", "The dense engine writes it anew.", "warning")]
    if not mapped:
        return []
    if len(mapped) != len(set(mapped)):
        return [Finding("faiss_idmap", "some chunks occur more than once")]
    if set(mapped) not in expected:
        return compare_ids("faiss_idmap", mapped, expected[0] or expected[1])
    if astray := _rows_astray(store, rows):
        return [Finding("faiss_idmap", f"{counted(astray, 'row')} under another document than their chunk's")]
    return []


def _rows_astray(store: Store, mapped: pa.Table) -> set[str]:
    chunks = store.read("chunks", ["id", "uri"])
    homes = dict(zip(chunks.column("id").to_pylist(), chunks.column("uri").to_pylist(), strict=True))
    pairs = zip(mapped.column("chunk_id").to_pylist(), mapped.column("uri").to_pylist(), strict=True)
    return {f"{uri}: {number}" for number, uri in pairs if homes[number] != uri}


def _ids_with(store: Store, column: str) -> set[int]:
    rows = store.read("chunks", ["id", column])
    return set(rows.column("id").to_numpy()[np.asarray(rows.column(column).is_valid())].tolist())


def _is_partition(chunks: Sequence[Chunk]) -> bool:
    return chunks[0].start_byte == 0 and all(a.end_byte == b.start_byte for a, b in pairwise(chunks))


def _has_derived_ids(uri: str, chunks: Sequence[Chunk]) -> bool:
    return [chunk.id for chunk in chunks] == chunk_ids(uri, (chunk.content_hash for chunk in chunks))


def _utf8(chunk: Chunk) -> bytes:
    return chunk.content.encode()
