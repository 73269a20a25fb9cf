"""Documents that wait for a tier, most urgent first, each once; who works on them is scheduler.py's business."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterable
from enum import IntEnum


class Urgency(IntEnum):
    """Why a document is worked on before another: what a person looks at, what just changed, all the rest."""

    VISIBLE = 0
    RECENT = 1
    REST = 2


class DocumentQueue:
    """Uris by urgency, then in the order in which they came; any thread may use it.

    Putting one that waits already can only make it more urgent, so that a burst of events is one piece of work.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Urgency, int, str]] = []
        self._waiting: dict[str, tuple[Urgency, int]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, uris: Iterable[str], urgency: Urgency) -> None:
        """Let documents wait."""
        with self._lock:
            for uri in uris:
                known = self._waiting.get(uri)
                if known is None or urgency < known[0]:
                    place = (urgency, next(self._numbers))
                    self._waiting[uri] = place
                    heapq.heappush(self._heap, (*place, uri))

    def take(self, at_least: Urgency = Urgency.REST) -> tuple[str, Urgency] | None:
        """The most urgent document, which waits no longer; None where none is as urgent as `at_least`."""
        with self._lock:
            self._drop_outdated()
            if not self._heap or self._heap[0][0] > at_least:
                return None
            urgency, _, uri = heapq.heappop(self._heap)
            del self._waiting[uri]
            return uri, urgency

    @property
    def urgency(self) -> Urgency | None:
        """That of the next document, None where none waits."""
        with self._lock:
            self._drop_outdated()
            return self._heap[0][0] if self._heap else None

    def _drop_outdated(self) -> None:
        """Places that their documents have left: a heap cannot give up any but its first."""
        while self._heap and self._waiting.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
