"""When memory is given back, and when cycles are looked for; what is kept is nobody's business here."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

M_ARENA_MAX: Final = -8
"""From glibc's malloc.h."""

ARENAS: Final = 2
"""Of glibc's malloc, which gives each thread one of its own, eight a core: what one freed, no other can use. After
8,000 edits, searches and the saves between them, a server held 487 MiB with all of them and 284 MiB with two."""


def share_memory() -> None:
    """Let the threads to come use what others freed (glibc); for a process of many threads that lives long."""
    if (mallopt := _glibc_function("mallopt")) is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Return what was freed to the system, where the C library would keep it (glibc); a few milliseconds.

    Indexing 20,000 chunks leaves 60 MB or more of freed pieces that no one else on a laptop could use.
    """
    gc.collect()
    if (trim := _malloc_trim()) is not None:
        trim(0)


def collect_in_quiet_moments() -> None:
    """Leave the search for cycles to `collect_young` and `keep_for_good`; for a process that must answer at any time.

    With the hundred thousands of objects of a large index, an automatic collection stops every thread for 0.1 s and
    more, whenever it likes. What we make is freed by its count; cycles are few and young.
    """
    gc.disable()


def collect_young() -> None:
    """Free cycles among what was made since the last time: 1 ms for a few thousand objects."""
    gc.collect(1)


def keep_for_good() -> None:
    """Free all cycles, and never look again at what is left: an index that was just built or opened."""
    gc.collect()
    gc.freeze()


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    return _glibc_function("malloc_trim")


def _glibc_function(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL("libc.so.6"), name)
    except (OSError, AttributeError):  # another C library, such as musl
        return None
    return function
