"""Retries: trying a delivery again, later each time, until it succeeds or patience runs out."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from courier.errors import PermanentError, TransientError

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, how long to wait in between, and how much chance to mix in."""

    max_attempts: int = 6
    base_delay: float = 0.5
    max_delay: float = 60.0
    jitter: float = 0.2

    def delays(self, rng: random.Random | None = None) -> Iterator[float]:
        """The pauses between attempts: doubled each time, capped, and spread by the jitter."""
        rng = rng or random.Random()
        for attempt in range(self.max_attempts - 1):
            delay = min(self.base_delay * 2**attempt, self.max_delay)
            yield delay * (1 + rng.uniform(-self.jitter, self.jitter))


NO_RETRY = RetryPolicy(max_attempts=1)


def retry_with_backoff(
    operation: Callable[[], T],
    policy: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Run the operation, retrying transient failures with exponential backoff.

    A permanent failure is raised at once. A receiver that says how long to wait (Retry-After) is obeyed,
    up to the policy's longest delay. The last transient failure is raised when the attempts run out.
    """
    for attempt, delay in enumerate(policy.delays(), start=1):
        try:
            return operation()
        except PermanentError:
            raise
        except TransientError as error:
            pause = min(error.retry_after or delay, policy.max_delay)
            log.warning("attempt %d failed (%s), next in %.1f s", attempt, error, pause)
            sleep(pause)
    return operation()


def is_retryable_status(status: int) -> bool:
    """Whether an HTTP status promises that a later attempt may succeed."""
    return status in (408, 425, 429) or 500 <= status < 600 and status != 501
