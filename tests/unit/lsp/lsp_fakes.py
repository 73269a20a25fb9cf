"""A service in memory for tests of the server's own parts, and chunks to go with it."""

from __future__ import annotations

import re
from pathlib import Path

from codeintel.catalog.rows import Chunk
from codeintel.workspace.roots import Root

ROOT = Root("root", Path("/root"))


class FakeScheduler:
    """Does nothing for a service."""

    def __init__(self, service: FakeService, *_: object, **__: object) -> None:
        self.service = service

    def start(self) -> None:
        """Nothing to start."""

    def close(self) -> bool:
        """Nothing runs."""
        return True


class FakeService:
    """Knows one text, and whether it was closed."""

    warnings: tuple[str, ...] = ()
    roots = (Root("tmp", Path("/tmp").resolve()),)
    following: tuple[Root, ...] = ()

    def __init__(self, text: str | None = "") -> None:
        self.text = text
        self.closed = False

    def line_before(self, _root: Root, chunk: Chunk) -> str:
        before = (self.text or "").encode()[: chunk.start_byte].decode()
        return re.split(r"\r\n|\n|\r", before)[-1]

    def close(self) -> None:
        self.closed = True


def chunk_of(text: str, start: int, end: int) -> tuple[Root, Chunk]:
    """The chunk of characters start to end of a text."""
    start_byte, end_byte = len(text[:start].encode()), len(text[:end].encode())
    lines = text[:start].replace("\r\n", "\n").replace("\r", "\n").count("\n")
    chunk = Chunk(
        1, "a.py", "root", lines, lines, start_byte, end_byte, text[start:end], "python", "block", "", 1, ()
    )
    return ROOT, chunk
