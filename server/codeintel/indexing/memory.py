"""Giving memory back to the system after large work; what is kept is nobody's business here."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import cache


def give_back_memory() -> None:
    """Return what was freed to the system, where the C library would keep it (glibc); a few milliseconds.

    Indexing 20,000 chunks leaves 60 MB or more of freed pieces that no one else on a laptop could use.
    """
    gc.collect()
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        trim: Callable[[int], int] = ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):  # another C library, such as musl
        return None
    return trim
