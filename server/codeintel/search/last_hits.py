"""The last hits in each file, for hovers that explain them."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from typing import Final

from codeintel.search.answers import Answer, Hit

REMEMBERED_FILES: Final = 256


class LastHits:
    """Of each of the files that answers named last, the hits of the latest; for any thread."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[str, str], tuple[str, tuple[Hit, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, answer: Answer) -> None:
        """Let `answer` be the latest for the files of its hits."""
        by_file: dict[tuple[str, str], list[Hit]] = defaultdict(list)
        for hit in answer.hits:
            by_file[hit.root.name, hit.chunk.uri].append(hit)
        with self._lock:
            for key, hits in by_file.items():
                self._of[key] = (answer.query, tuple(hits))
                self._of.move_to_end(key)
            while len(self._of) > REMEMBERED_FILES:
                self._of.popitem(last=False)

    def at(self, root: str, uri: str, line: int) -> tuple[str, Hit] | None:
        """The query and the best hit in that file that covers `line` (0-based); None where none does."""
        with self._lock:
            query, hits = self._of.get((root, uri), ("", ()))
        hit = next((hit for hit in hits if hit.chunk.start_line <= line <= hit.chunk.end_line), None)
        return None if hit is None else (query, hit)
