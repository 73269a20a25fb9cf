"""What long work polls to learn that nobody wants its answer any more."""

from __future__ import annotations

from collections.abc import Callable

from codeintel.errors import Cancelled

CancelCheck = Callable[[], bool]


def never() -> bool:
    """The check of work that nobody can cancel."""
    return False


def stop_if(cancelled: CancelCheck) -> None:
    """Raise Cancelled once the caller no longer wants the answer."""
    if cancelled():
        raise Cancelled
