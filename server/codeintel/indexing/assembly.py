"""From what a worker found in a file to the values that the index keeps: chunks with ids, rows, lexical documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from codeintel.analysis.identifiers import terms
from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.rows import Chunk, FileRow
from codeintel.engines.lexical import LexicalDocument
from codeintel.indexing.analysis import FileAnalysis
from codeintel.snapshot import IndexedFile
from codeintel.workspace.files import SkippedFile
from codeintel.workspace.roots import Root


def indexed_file(root: Root, analysis: FileAnalysis) -> IndexedFile:
    """The file's row and its chunks, numbered by uri, content and ordinal."""
    hashes = [content_hash(chunk.content.encode()) for chunk in analysis.chunks]
    ids = chunk_ids(analysis.file.uri, hashes)
    chunks = tuple(
        Chunk(
            id=chunk_id,
            uri=analysis.file.uri,
            root=root.name,
            start_line=found.span.start_line,
            end_line=found.span.end_line,
            start_byte=found.span.start_byte,
            end_byte=found.span.end_byte,
            content=found.content,
            lang=analysis.lang,
            kind=found.span.kind,
            breadcrumb=found.span.breadcrumb,
            content_hash=hashed,
            symbols=found.span.symbols,
        )
        for chunk_id, hashed, found in zip(ids, hashes, analysis.chunks, strict=True)
    )
    return IndexedFile(_row(root, analysis, len(chunks)), chunks)


def skipped_file(root: Root, skipped: SkippedFile) -> IndexedFile:
    """The row of a file that discovery left out, with the reason."""
    row = FileRow(
        skipped.uri,
        root.name,
        "",
        skipped.size,
        skipped.mtime_ns,
        None,
        "",
        0,
        0,
        skipped.reason,
        "none",
        skipped.ctime_ns,
    )
    return IndexedFile(row)


def _row(root: Root, analysis: FileAnalysis, chunks: int) -> FileRow:
    file = analysis.file
    return FileRow(
        uri=file.uri,
        root=root.name,
        lang=analysis.lang,
        size=file.size,
        mtime_ns=file.mtime_ns,
        content_hash=analysis.content_hash,
        encoding=analysis.encoding,
        lines=analysis.lines,
        chunks=chunks,
        skip_reason=analysis.skip_reason,
        parse_status=analysis.parse_status,
        ctime_ns=file.ctime_ns,
    )


def lexical_documents(file: IndexedFile, bodies: Sequence[str] = ()) -> Iterator[LexicalDocument]:
    """What BM25 indexes of each chunk; `bodies` are the workers' terms, made here where they are not at hand."""
    path = PurePosixPath(file.row.uri)
    stem = terms(path.name.partition(".")[0])
    parents = terms(str(path.parent))
    for number, chunk in enumerate(file.chunks):
        body = bodies[number] if bodies else terms(chunk.content)
        names = terms(" ".join(chunk.symbols)) + terms(chunk.breadcrumb)
        yield LexicalDocument(chunk.id, body, names, parents, stem)
