"""What on disk differs from what the index knows, judged by size and modification time before anything is read."""

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


def among(changes: Changes, uris: Iterable[str]) -> Changes:
    """Only the changes that concern `uris`; what was asked for by name is suspected whatever its time says."""
    wanted = set(uris)
    return Changes(
        tuple(file for file in changes.suspects if file.uri in wanted),
        tuple(file for file in changes.skipped if file.uri in wanted),
        tuple(uri for uri in changes.vanished if uri in wanted),
    )


def _may_differ(table: ChunkTable, file: SourceFile) -> bool:
    known = table.file(file.uri)
    if known is None or (known.row.skip_reason and not known.row.lang):
        return True  # new, or left out unread by a rule that has changed while the file has not
    return (known.row.size, known.row.mtime_ns) != (file.size, file.mtime_ns)


def _newly_skipped(table: ChunkTable, file: SkippedFile) -> bool:
    known = table.file(file.uri)
    return known is None or known.row.skip_reason != file.reason
