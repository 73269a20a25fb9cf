"""Views as a database file that may be replaced under clients that are just opening it.

DuckDB opens a file three times: for its magic bytes, its headers and its blocks. Replaced in between, the headers are
those of one file and the blocks of another (seen: an error in one of some hundred openings during forty replacements a
second). The blocks are all read through one handle, so that nothing is mixed where the headers of both files say the
same: what they say is where the catalog begins and ends. So every file is filled up to the same end.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.catalog.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STORAGE_VERSION = "v1.0.0"
"""The oldest that can be written: DuckDB 1.0 and whatever came after it open the file."""

_HEADER_BYTES = 4_096
_HEADER = struct.Struct("<QQQQQ")
"""Checksum, iteration, and the pointers that matter: to the first piece of the catalog, behind its last, the blocks."""

_PIECE_BYTES = 4_088
"""Of the catalog in one piece of a block of 256 KiB, which has 64 of them."""

_STEP = 48
"""Pieces: the catalog ends behind the least multiple of so many that has room for it; few kinds of file, a guess."""

_FEW = 8  # attempts: two are enough where the padding of the last file nearly fits


class CatalogFile:
    """Makes files of one database's views, all alike from outside."""

    def __init__(self) -> None:
        self._padding = 0

    def made_of(self, connection: DuckDBPyConnection) -> bytes:
        """The views of the database in memory, as a file; made outside the workspace. Raises duckdb.Error, OSError."""
        for _ in range(_FEW):
            connection.execute(f"CREATE OR REPLACE MACRO padding() AS {literal(' ' * self._padding)}")
            data = _copied(connection)
            pieces = pieces_of(data)
            missing = -pieces % _STEP
            if not missing:
                break
            if missing > _STEP // 2 and self._padding > (_STEP - missing) * _PIECE_BYTES:
                missing -= _STEP  # the padding has become too long
            self._padding = max(0, self._padding + missing * _PIECE_BYTES)
        return data


def pieces_of(data: bytes) -> int:
    """How many pieces of its blocks the catalog in a file takes: where its list of free blocks begins."""
    pointer = _current_header(data)[3]
    block, piece = pointer & (1 << 56) - 1, pointer >> 56
    return int(block * 64 + piece)


def said_by_header(data: bytes) -> tuple[int, ...]:
    """All that opening takes from the headers."""
    return _current_header(data)[1:]


def _current_header(data: bytes) -> tuple[int, ...]:
    headers = [_HEADER.unpack_from(data, place * _HEADER_BYTES) for place in (1, 2)]
    return max(headers, key=lambda header: int(header[1]))


def _copied(connection: DuckDBPyConnection) -> bytes:
    with tempfile.TemporaryDirectory(prefix="codeintel-catalog-") as folder:
        path = Path(folder) / "catalog.duckdb"
        connection.execute(f"ATTACH {literal(str(path))} AS people (STORAGE_VERSION '{STORAGE_VERSION}')")
        try:
            connection.execute("COPY FROM DATABASE memory TO people (SCHEMA)")
        finally:
            connection.execute("DETACH people")
        return path.read_bytes()
