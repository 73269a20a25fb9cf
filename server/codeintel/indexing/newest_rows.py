"""The structure's rows of a few documents as they are searched now: from memory, or from the tables on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

from codeintel.catalog.occurrence_rows import by_document, joined_rows
from codeintel.catalog.store import Store
from codeintel.indexing.state import IndexState

KEPT_ROWS: Final = 100_000
"""Rows read from disk that are kept in memory, the latest ones: 25 MB of occurrences. A guess."""

LARGEST_READ: Final = 20_000
"""Rows of one read that are kept at most: documents that were read together stay in memory together."""

_Key = tuple[str, str, int]
"""A table, a document, and the hash of the text that the rows are of."""


class NewestRows:
    """Answers with rows of the text that is searched; any thread may ask."""

    def __init__(self, state: IndexState) -> None:
        self._state = state
        self._kept: OrderedDict[_Key, Any] = OrderedDict()
        self._rows = 0
        self._keeping = threading.Lock()

    def of(self, table: str, uris: Collection[str], store: Store) -> Any | None:
        """The rows (Arrow) of these documents, those left out that have none of their text; None where all have none.

        Costs 5 ms of a processor for a document that has to be read. Raises IndexCorrupt.
        """
        with self._state.lock:
            memory, stored = self._state.structure.newest(uris)
        pieces = [rows.tables[table] for rows in memory if table in rows.tables]
        keys: list[_Key] = [(table, uri, content_hash) for uri, content_hash in stored.items()]
        known = self._known(keys)
        pieces += known.values()
        if missing := frozenset(uri for _, uri, _ in keys) - known.keys():
            rows = store.read(table, None, missing)
            pieces.append(rows)
            self._keep(table, stored, rows)
        return joined_rows(pieces) if pieces else None

    def _known(self, keys: Collection[_Key]) -> dict[str, Any]:
        with self._keeping:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return {uri: rows for (_, uri, _), rows in found.items()}

    def _keep(self, table: str, hashes: dict[str, int], rows: Any) -> None:
        if rows.num_rows > LARGEST_READ:
            return
        documents = by_document(rows)
        with self._keeping:
            for uri, piece in documents.items():
                key = (table, uri, hashes[uri])
                if key not in self._kept:
                    self._kept[key] = piece
                    self._rows += piece.num_rows
            while self._rows > KEPT_ROWS:
                self._rows -= self._kept.popitem(last=False)[1].num_rows
