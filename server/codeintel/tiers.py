"""How deeply a chunk is indexed."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """Searchable by words and static vectors, or by contextual vectors as well."""

    NONE = 0
    TEXT = 1
    MEANING = 2
