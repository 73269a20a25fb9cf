import random

import pytest

from courier.errors import PermanentError, TransientError
from courier.retry import NO_RETRY, RetryPolicy, is_retryable_status, retry_with_backoff


class Flaky:
    """Fails a given number of times, then succeeds."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "delivered"


def test_transient_failures_are_retried() -> None:
    slept: list[float] = []
    operation = Flaky(2, TransientError("busy"))
    assert retry_with_backoff(operation, RetryPolicy(jitter=0), slept.append) == "delivered"
    assert slept == [0.5, 1.0]


def test_permanent_failures_are_not() -> None:
    operation = Flaky(1, PermanentError("gone"))
    with pytest.raises(PermanentError):
        retry_with_backoff(operation, RetryPolicy(), lambda _: None)
    assert operation.calls == 1


def test_retry_after_is_obeyed_up_to_the_longest_delay() -> None:
    slept: list[float] = []
    retry_with_backoff(Flaky(1, TransientError("later", retry_after=500)), RetryPolicy(), slept.append)
    assert slept == [60.0]


def test_one_attempt_means_no_retry() -> None:
    with pytest.raises(TransientError):
        retry_with_backoff(Flaky(1, TransientError("busy")), NO_RETRY)


def test_jitter_stays_within_its_share() -> None:
    delays = list(RetryPolicy(jitter=0.5).delays(random.Random(1)))
    assert all(0.5 * 0.5 * 2**n <= delay <= 1.5 * 0.5 * 2**n for n, delay in enumerate(delays))


@pytest.mark.parametrize(("status", "expected"), [(429, True), (503, True), (501, False), (404, False)])
def test_statuses(status: int, expected: bool) -> None:
    assert is_retryable_status(status) is expected
