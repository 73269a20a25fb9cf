"""What on disk differs from what the index knows, judged by size and times before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codeintel.snapshot import ChunkTable
from codeintel.workspace.files import Discovery, SkippedFile, SourceFile


@dataclass(frozen=True, slots=True)
class Changes:
    """Files to read again, files now skipped, and uris that are gone."""

    suspects: tuple[SourceFile, ...]
    skipped: tuple[SkippedFile, ...]
    vanished: tuple[str, ...]


def changes_since(table: ChunkTable, found: Discovery, force: bool = False) -> Changes:
    """Compare a discovery of the whole root with the table; `force` suspects every file."""
    present = {file.uri for file in found.files} | {file.uri for file in found.skipped}
    return Changes(
        suspects=tuple(file for file in found.files if force or _may_differ(table, file)),
        skipped=tuple(file for file in found.skipped if _newly_skipped(table, file)),
        vanished=tuple(file.row.uri for file in table.files() if file.row.uri not in present),
    )


def changes_at(table: ChunkTable, found: Discovery, uris: Iterable[str]) -> Changes:
    """Compare some documents, or all below a folder, with what was found there.

    What is asked for by name is suspected whatever its time says: its content decides. Not so what could not be read
    or took its parser down: that is tried again when it looks different.
    """
    present = {file.uri for file in found.files} | {file.uri for file in found.skipped}
    known = dict.fromkeys(
        one for uri in uris for one in (*([uri] if table.knows(uri) else []), *table.below(uri))
    )
    return Changes(
        suspects=tuple(file for file in found.files if not _is_known_fault(table, file)),
        skipped=tuple(file for file in found.skipped if _newly_skipped(table, file)),
        vanished=tuple(uri for uri in known if uri not in present),
    )


def _may_differ(table: ChunkTable, file: SourceFile) -> bool:
    known = table.file(file.uri)
    if known is None or (known.row.skip_reason and not known.row.lang):
        return True  # new, or left out unread by a rule that has changed while the file has not
    row = known.row
    return (row.size, row.mtime_ns, row.ctime_ns) != (file.size, file.mtime_ns, file.ctime_ns)


def _is_known_fault(table: ChunkTable, file: SourceFile) -> bool:
    known = table.file(file.uri)
    return known is not None and bool(known.row.skip_reason) and not _may_differ(table, file)


def _newly_skipped(table: ChunkTable, file: SkippedFile) -> bool:
    known = table.file(file.uri)
    return known is None or known.row.skip_reason != file.reason
