"""A circuit breaker per receiver: after repeated failures, leave it alone and probe it now and then."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

from courier.errors import CircuitOpenError


class State(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Counts consecutive failures; opens at the threshold, lets one probe through after the cool-down."""

    def __init__(
        self, threshold: int = 5, cool_down: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._cool_down = cool_down
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0
        self.state = State.CLOSED

    def before_call(self) -> None:
        """Raise CircuitOpenError while the receiver is to be left alone."""
        if self.state is not State.OPEN:
            return
        waited = self._clock() - self._opened_at
        if waited < self._cool_down:
            raise CircuitOpenError("circuit open", retry_after=self._cool_down - waited)
        self.state = State.HALF_OPEN

    def succeeded(self) -> None:
        self._failures = 0
        self.state = State.CLOSED

    def failed(self) -> None:
        self._failures += 1
        if self.state is State.HALF_OPEN or self._failures >= self._threshold:
            self.state = State.OPEN
            self._opened_at = self._clock()
