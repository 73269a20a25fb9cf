"""Whether an index that has lived through a fault equals one that was just built from the same files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.store import Store
from codeintel.indexing.index_folders import check_indexes
from codeintel.service import SearchRequest, Service
from codeintel.settings import Settings
from faults.laboratory import QUERIES, copy

VECTORS = ("embedding", "static_embedding")
PASSING = {
    "files": (
        "mtime_ns",
        "ctime_ns",
    )
}
"""Columns that say when a file was written, which a copy cannot have."""


def settings(tier: str = "text") -> Settings:
    """The defaults with one worker, so that two cores are enough."""
    default, _ = Settings.resolve()
    return replace(
        default,
        index=replace(default.index, tier="text" if tier == "text" else "meaning"),
        workers=replace(default.workers, count=1),
    )


def index_once(folder: Path, tier: str = "text") -> Path:
    """Bring the index of a folder up to date and let go of it."""
    with Service.open([folder], settings(tier)) as service:
        service.index()
    return folder


def differences(
    folder: Path, scratch: Path, tier: str = "text", queries: Sequence[str] = QUERIES
) -> list[str]:
    """How the index of `folder` departs from a fresh one of a copy; empty where the two are equal.

    `indexctl check`'s findings first, then the rows of chunks and files, then the first ten hits of each query.
    """
    found = [
        f"check: {one.artifact} {one.problem}"
        for one in check_indexes([folder], settings(tier))
        if one.severity == "error"
    ]
    if found:
        return found
    with fresh_copy(folder, scratch, tier) as fresh:
        return [*_row_differences(folder, fresh), *_answer_differences(folder, fresh, tier, queries)]


@contextmanager
def fresh_copy(folder: Path, scratch: Path, tier: str) -> Iterator[Path]:
    """A copy of a workspace, indexed from nothing."""
    target = scratch / "fresh" / folder.name  # a root is named after its folder, and rows carry the name
    shutil.rmtree(target.parent, ignore_errors=True)
    yield index_once(copy(folder, target), tier)
    shutil.rmtree(target.parent, ignore_errors=True)


def _row_differences(folder: Path, fresh: Path) -> Iterator[str]:
    with Store.follow(folder / FOLDER_NAME) as store, Store.follow(fresh / FOLDER_NAME) as model:
        for table in ("files", "chunks"):
            ours, theirs = rows_of(store, table), rows_of(model, table)
            for key in sorted(ours.keys() - theirs.keys())[:3]:
                yield f"{table}: {key} is in the index but not in a fresh one"
            for key in sorted(theirs.keys() - ours.keys())[:3]:
                yield f"{table}: {key} is missing"
            for key in [key for key in ours if key in theirs and ours[key] != theirs[key]][:3]:
                columns = [name for name in ours[key] if ours[key][name] != theirs[key].get(name)]
                yield f"{table}: {key} differs in {', '.join(columns)}"
        for column in VECTORS:
            if not np.array_equal(_vectors(store, column), _vectors(model, column), equal_nan=True):
                yield f"chunks: {column} differs"


def rows_of(store: Store, table: str) -> dict[str, dict[str, Any]]:
    """The rows of a table without vectors and times, by document, or document and id."""
    rows = store.read(table)
    kept = [name for name in rows.column_names if name not in (*VECTORS, *PASSING.get(table, ()))]
    return {f"{row['uri']} {row.get('id', '')}".strip(): row for row in rows.select(kept).to_pylist()}


def _vectors(store: Store, column: str) -> np.ndarray[Any, Any]:
    """The vectors in the order of ids; NaN where a chunk has none."""
    rows = store.read("chunks", ["id", column]).sort_by("id")
    values: list[Any] = rows.column(column).to_pylist()
    width = max((len(one) for one in values if one is not None), default=0)
    return np.array([[np.nan] * width if one is None else one for one in values], np.float64)


def _answer_differences(folder: Path, fresh: Path, tier: str, queries: Sequence[str]) -> Iterator[str]:
    with (
        Service.open([folder], settings(tier), readonly=True) as service,
        Service.open([fresh], settings(tier), readonly=True) as model,
    ):
        for query in queries:
            if top_ten(service, query) != top_ten(model, query):
                yield f"answers: {query!r} has other hits"


def top_ten(service: Service, query: str) -> list[int]:
    """The ids of the first hits, in order."""
    return [hit.chunk.id for hit in service.search(SearchRequest(query, 10, explain=False)).hits]
