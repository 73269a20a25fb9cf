"""How deeply a chunk is indexed, as surfaces name it and as the column `tier` counts it."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """Searchable by words and static vectors, or by contextual vectors as well."""

    TEXT = 0
    MEANING = 1
