"""Counters and timings, exposed in the Prometheus text format."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Metrics:
    """Thread-safe; label values are receivers, so the cardinality is theirs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._sums: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, host: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name, host] += by

    @contextmanager
    def timed(self, name: str, host: str) -> Iterator[None]:
        """Measure the block, failed or not."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._sums[name, host] += time.perf_counter() - start
                self._counts[f"{name}_count", host] += 1

    def render(self) -> str:
        """The exposition that a scraper reads."""
        with self._lock:
            series = sorted({**self._counts, **self._sums}.items())
        return "".join(f'courier_{name}{{host="{host}"}} {value:g}\n' for (name, host), value in series)
