"""What the tables of structure promise: rows of known texts alone, and trees whose nodes are numbered from the root.

A document without a row in `modules` waits for its structure, and that is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeintel.catalog.findings import Finding, counted
from codeintel.catalog.schemas import tables_of
from codeintel.catalog.store import Store

_TREES = ("ast_nodes", "cst_nodes")


def structure_findings(store: Store) -> Iterator[Finding]:
    """What does not hold of the structure; a million nodes take a quarter of a second."""
    modules = store.read("modules", ["uri", "content_hash"])
    hashes = _by_uri(modules)
    yield from _module_findings(store, modules, hashes)
    for table in tables_of("structure"):
        if table != "modules":
            uris = store.read(table, ["uri"])["uri"].unique().to_pylist()
            if stray := set(uris) - hashes.keys():
                yield Finding(table, f"{counted(stray, 'document')} without a row in `modules`")
    if other := _of_other_texts(store, hashes):
        yield Finding("scip_occurrences", f"{counted(other, 'document')} with rows of another text")
    for table in _TREES:
        yield from _tree_findings(store, table)


def _module_findings(store: Store, modules: pa.Table, hashes: Mapping[str, int]) -> Iterator[Finding]:
    if surplus := modules.num_rows - len(hashes):
        yield Finding("modules", f"{surplus} documents occur more than once")
    files = store.read("files", ["uri", "content_hash", "skip_reason"])
    known = _by_uri(files.filter(pc.is_null(files["skip_reason"])))
    if unknown := hashes.keys() - known.keys():
        yield Finding("modules", f"{counted(unknown, 'document')} that `files` does not have as indexed")
    if other := {uri for uri, found in hashes.items() if known.get(uri, found) != found}:
        yield Finding("modules", f"{counted(other, 'document')} with the structure of another text")


def _of_other_texts(store: Store, hashes: Mapping[str, int]) -> set[str]:
    rows = store.read("scip_occurrences", ["uri", "content_hash"])
    distinct = rows.group_by(["uri", "content_hash"]).aggregate([])
    uris, found = _strings(distinct, "uri"), _numbers(distinct, "content_hash")
    return {uri for uri, number in zip(uris, found, strict=True) if hashes.get(uri, number) != number}


def _tree_findings(store: Store, table: str) -> Iterator[Finding]:
    rows = store.read(table, ["uri", "node_id", "parent_id", "start_byte", "end_byte"])
    if not rows.num_rows:
        return
    uris = _strings(rows, "uri")
    begins = np.array([True, *(a != b for a, b in pairwise(uris))])
    starts = np.flatnonzero(begins)
    if surplus := len(starts) - len(set(uris)):
        yield Finding(table, f"{surplus} documents whose nodes do not stand together")
    number = np.arange(len(uris)) - starts[np.cumsum(begins) - 1]
    ids = rows["node_id"].to_numpy()
    parents = rows["parent_id"].to_numpy()  # floats, NaN for null
    is_root = number == 0
    has_parent = np.where(is_root, np.isnan(parents), (parents >= 0) & (parents < ids))
    is_span = (rows["start_byte"].to_numpy() >= 0) & (
        rows["start_byte"].to_numpy() <= rows["end_byte"].to_numpy()
    )
    checks = {
        "whose nodes are not numbered from 0": ids == number,
        "with a node before its parent": has_parent,
        "with a node that ends before it starts": is_span,
    }
    for problem, holds in checks.items():
        if wrong := {uris[at] for at in np.flatnonzero(~holds)}:
            yield Finding(table, f"{counted(wrong, 'document')} {problem}")


def _by_uri(rows: pa.Table) -> dict[str, int]:
    return dict(zip(_strings(rows, "uri"), _numbers(rows, "content_hash"), strict=True))


def _strings(rows: pa.Table, column: str) -> list[str]:
    values: list[Any] = rows[column].to_pylist()
    return values


def _numbers(rows: pa.Table, column: str) -> list[int]:
    values: list[Any] = rows[column].to_pylist()
    return values
