"""A service in memory for tests of the server's own parts, and chunks to go with it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.catalog.rows import Chunk
from codeintel.indexing.progress import Progress
from codeintel.service import IndexReport
from codeintel.tiers import Tier
from codeintel.workspace.roots import Root

ROOT = Root("root", Path("/root"))


class FakeService:
    """Records what it is asked; `gate` holds indexing up until it is set or cancelled."""

    warnings: tuple[str, ...] = ()
    roots = (Root("tmp", Path("/tmp").resolve()),)

    def __init__(self, text: str | None = "") -> None:
        self.text = text
        self.runs: list[tuple[Tier, Sequence[Path] | None]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.closed = self.forced = False

    def line_before(self, _root: Root, chunk: Chunk) -> str:
        before = (self.text or "").encode()[: chunk.start_byte].decode()
        return re.split(r"\r\n|\n|\r", before)[-1]

    def index(
        self,
        *,
        until: Tier,
        report: Callable[[Any], None],
        cancelled: CancelCheck,
        force: bool,
        paths: Sequence[Path] | None,
    ) -> IndexReport:
        self.runs.append((until, paths))
        self.forced = self.forced or force
        report(Progress("Reading", 0, 1))
        while not self.gate.is_set():
            stop_if(cancelled)
            time.sleep(0.005)
        return IndexReport(1, 1, 0, {}, 1, 2 if until is Tier.MEANING else 0, 0.5, until)

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
