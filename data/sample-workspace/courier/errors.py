"""What can go wrong on the way to a receiver."""

from __future__ import annotations


class CourierError(Exception):
    """Base of everything Courier raises on purpose."""


class ConfigError(CourierError):
    """A configuration value is missing or out of range."""


class TransientError(CourierError):
    """The receiver may well accept the same request later: a timeout, a 503, a reset connection."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(CourierError):
    """The receiver will never accept this request: a 400, a 410, a certificate that does not verify."""


class CircuitOpenError(TransientError):
    """The receiver failed so often of late that it is not being asked for a while."""


class TokenError(CourierError):
    """A token is malformed, expired, or signed with a key we do not know."""
