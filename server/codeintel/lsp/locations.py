"""Places as the protocol names them: file URIs, and ranges in the negotiated position encoding."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from lsprotocol import types

from codeintel.errors import UsageError
from codeintel.workspace.positions import LineIndex, PositionEncoding

if TYPE_CHECKING:  # the catalog imports pyarrow, which would double the time to start
    from codeintel.catalog.rows import Chunk
    from codeintel.service import Service
    from codeintel.workspace.roots import Root

ENCODINGS: dict[str, PositionEncoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


def path_of(uri: str, field: str) -> Path:
    """The file that a URI names; UsageError about `field` when it is not a `file:` URI."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or not parts.path.startswith("/"):
        raise UsageError(
            f"{uri[:200]!r} is not the URI of a file.", "Give one that begins with file:///.", field
        )
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if sys.platform == "win32":
        path = f"//{parts.netloc}{path}" if parts.netloc else path.lstrip("/")
    return Path(path)


def uri_of(path: Path) -> str:
    """The `file:` URI of an absolute path, also of one that is not valid UTF-8."""
    return path.as_uri()


@contextmanager
def naming(**wire_fields: str) -> Iterator[None]:
    """Errors about a parameter of the service name the wire field that it came from."""
    try:
        yield
    except UsageError as error:
        if error.field not in wire_fields:
            raise
        raise UsageError(error.message, error.remedy, wire_fields[error.field]) from error


class Ranges:
    """Byte spans of chunks as ranges; a chunk's own text tells them, so no file is read: for executors."""

    def __init__(self, service: Service, encoding: PositionEncoding) -> None:
        self._service = service
        self._encoding = encoding
        self._texts: dict[tuple[str, int], tuple[LineIndex, int]] = {}

    def of_chunk(self, root: Root, chunk: Chunk) -> types.Range:
        """The chunk without the line break after its last line, so that the range ends on `end_line`."""
        content = chunk.content
        end_break = 2 if content.endswith("\r\n") else 1 if content.endswith(("\n", "\r")) else 0
        return self.of_bytes(root, chunk, chunk.start_byte, chunk.end_byte - end_break)

    def of_bytes(self, root: Root, chunk: Chunk, start_byte: int, end_byte: int) -> types.Range:
        """A span of the chunk, given in bytes of its file."""
        return types.Range(self._position(root, chunk, start_byte), self._position(root, chunk, end_byte))

    def _position(self, root: Root, chunk: Chunk, byte: int) -> types.Position:
        text, first_byte = self._text(root, chunk)
        line, character = text.position_of_byte(byte - first_byte, self._encoding)
        return types.Position(chunk.start_line + line, character)

    def _text(self, root: Root, chunk: Chunk) -> tuple[LineIndex, int]:
        """The chunk's lines from the beginning of its first, and the byte of the file where they begin."""
        key = (root.name, chunk.id)
        if key not in self._texts:
            before = self._service.line_before(root, chunk)
            self._texts[key] = LineIndex(before + chunk.content), chunk.start_byte - len(before.encode())
        return self._texts[key]
