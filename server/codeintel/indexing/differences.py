"""What changes for the engines when a document's chunks change; nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeintel.catalog.rows import Chunk
from codeintel.snapshot import ChunkTable, IndexedFile


@dataclass(frozen=True, slots=True)
class Difference:
    """`gone` are ids the document had and has no more; `altered` chunks that engines must look at (again)."""

    gone: tuple[int, ...]
    altered: tuple[Chunk, ...]


def difference(old: Sequence[Chunk], new: Sequence[Chunk]) -> Difference:
    """From the chunks that a document had to those that it has."""
    before = {chunk.id: chunk for chunk in old}
    kept = {chunk.id for chunk in new}
    return Difference(
        tuple(chunk_id for chunk_id in before if chunk_id not in kept),
        tuple(chunk for chunk in new if not reads_same(before.get(chunk.id), chunk)),
    )


def reads_same(old: Chunk | None, new: Chunk) -> bool:
    """Whether engines need not look again: the content is the id's, but breadcrumb and names come from around it."""
    return old is not None and (old.breadcrumb, old.symbols) == (new.breadcrumb, new.symbols)


def chunks_at(table: ChunkTable, uri: str) -> tuple[Chunk, ...]:
    """The chunks of a document, none where the table has no such document."""
    return chunks_in(table.file(uri))


def chunks_in(file: IndexedFile | None) -> tuple[Chunk, ...]:
    """The chunks of a file that may not be there."""
    return file.chunks if file else ()


def text_of(file: IndexedFile) -> str:
    """The text of a document: chunks divide it without a rest."""
    return "".join(chunk.content for chunk in file.chunks)
