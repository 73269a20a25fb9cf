"""Sizes, times and places in the units that people read."""

from __future__ import annotations

_KILO = 1000


def size(count: int) -> str:
    """Bytes in decimal units, as `ls --si` and file managers show them."""
    if count < _KILO:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= _KILO
        if amount < _KILO or unit == "TB":
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}"
    raise AssertionError("the last unit takes every amount")


def duration(seconds: float) -> str:
    """A duration in the largest unit that leaves a figure to read."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def counted(count: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
