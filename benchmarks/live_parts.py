"""When the index on disk has what was saved: its manifest, and the parts that it names, read as anybody can."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pyarrow.parquet as pq

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.manifest import MANIFEST_NAME

POLL_S = 0.005
TABLE = "chunks"


class PartsWatch:
    """The parts of the table of chunks that a workspace's manifest names from now on."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / FOLDER_NAME
        self._manifest = self._folder / MANIFEST_NAME
        self._stamp = self._changed()
        self._known = set(self._named())

    def wait_for(self, uri: str, word: str, timeout_s: float) -> None:
        """Return when a new part has a row of the document `uri` with the word. Raises TimeoutError."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            stamp = self._changed()
            if stamp != self._stamp:
                self._stamp = stamp
                if any(self._has(part, uri, word) for part in self._new_parts()):
                    return
            time.sleep(POLL_S)
        raise TimeoutError(f"{word} in {uri} is in no part after {timeout_s:g} s")

    def _changed(self) -> tuple[int, int]:
        found = self._manifest.stat()
        return found.st_mtime_ns, found.st_ino

    def _named(self) -> list[str]:
        manifest = json.loads(self._manifest.read_bytes())["manifest"]
        return [part["name"] for part in manifest["parts"] if part["table"] == TABLE]

    def _new_parts(self) -> list[str]:
        new = [name for name in self._named() if name not in self._known]
        self._known.update(new)
        return new

    def _has(self, part: str, uri: str, word: str) -> bool:
        rows = pq.read_table(self._folder / TABLE / part, columns=["uri", "content"]).to_pylist()
        return any(row["uri"] == uri and word in row["content"] for row in rows)
