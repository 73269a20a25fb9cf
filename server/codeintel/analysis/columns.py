"""Rows of one document as columns: plain lists, cheap to hand from a worker process, made Arrow in the catalog."""

from collections.abc import Iterable
from typing import Any

Columns = dict[str, list[Any]]
"""One list per schema column (without `uri`), all of one length."""


def empty_columns(names: Iterable[str]) -> Columns:
    """No rows under these columns."""
    return {name: [] for name in names}
