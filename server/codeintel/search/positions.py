"""Bytes of documents as an editor counts them, by the text that a snapshot has of each; no file is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codeintel.catalog.occurrence_rows import OccurrenceRow
from codeintel.snapshot import Snapshot
from codeintel.workspace.positions import LineIndex, PositionEncoding
from codeintel.workspace.roots import Root

Position = tuple[int, int]
"""A 0-based line, and characters in units of an encoding."""


@dataclass(frozen=True, slots=True)
class Location:
    """A range of a document, in the encoding that was asked for."""

    root: Root
    uri: str
    start: Position
    end: Position


class Positions:
    """Translates for one question; each document's lines are counted once."""

    def __init__(self, snapshots: Iterable[Snapshot], encoding: PositionEncoding) -> None:
        self._snapshots = {snapshot.root: snapshot for snapshot in snapshots}
        self._encoding = encoding
        self._lines: dict[tuple[Root, str], LineIndex] = {}

    def byte(self, root: Root, uri: str, position: Position) -> int:
        """The byte of an editor's position."""
        return self._index(root, uri).byte_of(*position, self._encoding)

    def position(self, root: Root, uri: str, byte: int) -> Position:
        """The editor's position of a byte."""
        return self._index(root, uri).position_of_byte(byte, self._encoding)

    def location(self, root: Root, row: OccurrenceRow) -> Location:
        """Where an occurrence stands; rows have UTF-16, for which no text is looked at."""
        if self._encoding == "utf-16":
            start = row.start_line, row.start_character
            return Location(root, row.uri, start, (row.end_line, row.end_character))
        start, end = (self.position(root, row.uri, byte) for byte in row.span)
        return Location(root, row.uri, start, end)

    def _index(self, root: Root, uri: str) -> LineIndex:
        if (root, uri) not in self._lines:
            file = self._snapshots[root].chunks.file(uri)
            text = "".join(chunk.content for chunk in file.chunks) if file else ""
            self._lines[root, uri] = LineIndex(text)
        return self._lines[root, uri]
