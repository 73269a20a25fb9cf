"""What the catalog's views show of one root: the published parts, and in their place what is searched from memory."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import joined, put_in_place
from codeintel.catalog.views import RootSource
from codeintel.indexing.publishing import tables_of
from codeintel.indexing.state import IndexState
from codeintel.snapshot import IndexedFile


class Sources:
    """Makes the source of one root's views; the rows of documents that did not change since stay the same objects."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Hashable, Mapping[str, Any]]] = {}

    def source(self, name: str, state: IndexState, store: Store) -> RootSource:
        """The views' source as the root is now; costs the documents that the parts on disk do not have as they are.

        Raises IndexCorrupt where the index is in memory and damaged.
        """
        # The state before the manifest: what is published in between is hidden then, and laid over all the same.
        snapshot, texts, structures, laid_over = state.unwritten()
        manifest = store.manifest
        files = [file for uri in sorted(texts) if (file := snapshot.chunks.file(uri))]
        rows = {
            **self._same("text", _identity(files), lambda: tables_of(files, snapshot, store.provenance.dims)),
            **self._same(
                "structure",
                tuple(id(one) for one in laid_over),
                lambda: joined([one.tables for one in laid_over]),
            ),
        }
        hidden = {"text": texts, "structure": structures}
        if store.folder is None:
            rows = {
                table: put_in_place(store.read(table), hidden[kind.group], rows.get(table))
                for table, kind in TABLES.items()
            }
        return RootSource(name, store.folder, manifest, hidden, rows)

    def _same(self, group: str, key: Hashable, make: Any) -> Mapping[str, Any]:
        known = self._known.get(group)
        if known is None or known[0] != key:
            known = self._known[group] = (key, make())
        return known[1]


def _identity(files: list[IndexedFile]) -> Hashable:
    return tuple(id(file) for file in files)
