"""Rate limiting: how many requests a receiver gets per second, with room for short bursts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Holds up to `capacity` permits and gains `rate` of them a second; each request takes one."""

    def __init__(self, rate: float, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        if rate <= 0 or capacity < 1:
            raise ValueError("rate and capacity must be positive")
        self.rate = rate
        self.capacity = capacity
        self._clock = clock
        self._level = float(capacity)
        self._filled_at = clock()
        self._lock = threading.Lock()

    def try_acquire(self) -> bool:
        """Take a permit if there is one; never waits."""
        return self.reserve() == 0.0

    def reserve(self) -> float:
        """Take a permit and return 0, or return the seconds until there will be one."""
        with self._lock:
            now = self._clock()
            self._level = min(self.capacity, self._level + (now - self._filled_at) * self.rate)
            self._filled_at = now
            if self._level >= 1:
                self._level -= 1
                return 0.0
            return (1 - self._level) / self.rate


class Throttle:
    """One bucket per host, made when the host is first seen."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, TokenBucket] = {}

    def wait(self, host: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Block until the host may be asked again."""
        bucket = self._buckets.setdefault(host, TokenBucket(self._rate, self._burst))
        while pause := bucket.reserve():
            sleep(pause)
