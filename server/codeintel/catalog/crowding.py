"""When deltas are so many, or so large, that they are to be made one or folded; doing it is folding.py's."""

from __future__ import annotations

from codeintel.catalog.manifest import Manifest, Part
from codeintel.catalog.schemas import GROUPS, TABLES, Group, tables_of

MOST_SMALL_DELTAS = 16
"""Deltas of about one size before they are gathered into one; each costs a reader about 1 ms."""

LARGE_DELTA = 2_000
"""Rows from which a delta is gathered no longer with every few saves but with others as large; a guess."""

MOST_DELTA_SHARE = 0.25
"""Share of a table's rows that may lie in deltas before they are folded into bases; a guess."""

FEW_ROWS = 2_000
"""In deltas of a table, whatever their share: folding so few gains nothing; a guess."""

MOST_CHANGED = 4_096
"""Documents listed in the manifest before folding: 100 KB of it, 1.5 ms to encode (measured)."""


def crowded(manifest: Manifest, table: str) -> list[Part]:
    """The deltas of `table` to gather: the smallest size of which there are too many; empty where there is none.

    A gathered delta counts with those of its own size, so that a row is gathered again only after many more have
    come, and the number of deltas grows with the logarithm of their rows.
    """
    sizes: dict[int, list[Part]] = {}
    for part in manifest.of(table, "delta"):
        sizes.setdefault(_size(part.rows), []).append(part)
    return next((sizes[size] for size in sorted(sizes) if len(sizes[size]) > MOST_SMALL_DELTAS), [])


def is_crowded(manifest: Manifest) -> bool:
    """Whether any table has deltas to gather."""
    return any(crowded(manifest, table) for table in TABLES)


def scattered(manifest: Manifest) -> list[Group]:
    """The groups of tables whose deltas are to be folded into bases."""
    return [group for group in GROUPS if _is_group_scattered(manifest, group)]


def _is_group_scattered(manifest: Manifest, group: Group) -> bool:
    if len(manifest.history_of(group).changed) > MOST_CHANGED:
        return True
    return any(_is_scattered(manifest, table) for table in tables_of(group))


def _is_scattered(manifest: Manifest, table: str) -> bool:
    rows = sum(part.rows for part in manifest.of(table, "delta"))
    total = sum(part.rows for part in manifest.of(table))
    return rows > max(MOST_DELTA_SHARE * total, FEW_ROWS)


def _size(rows: int) -> int:
    size = 0
    while rows >= LARGE_DELTA * MOST_SMALL_DELTAS**size:
        size += 1
    return size
