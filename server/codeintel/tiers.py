"""How deeply documents are indexed, as surfaces name it."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """Searchable by words and static vectors; with the rows of its structure; by contextual vectors as well."""

    TEXT = 0
    STRUCTURE = 1
    MEANING = 2
