"""What a follower reads of the documents that another process has changed: their rows, with the vectors in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codeintel.catalog.rows import CHUNK_COLUMNS, Chunk, chunks_of, files_of
from codeintel.catalog.store import Store
from codeintel.indexing.vector_columns import COLUMNS, vector_rows
from codeintel.models.folder import Models
from codeintel.snapshot import IndexedFile, VectorRows


def read_changes(
    store: Store, models: Models, uris: frozenset[str]
) -> tuple[Mapping[str, IndexedFile | None], VectorRows, VectorRows]:
    """The documents as they are now, None for one that is gone, their contextual and their static vectors.

    Raises IndexCorrupt.
    """
    rows = store.read("chunks", [*CHUNK_COLUMNS, *COLUMNS], uris)
    chunks = chunks_of(rows)
    ids = np.array([chunk.id for chunk in chunks], np.int64)
    contextual, static = vector_rows(rows, ids, store.provenance, models)
    by_uri: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_uri.setdefault(chunk.uri, []).append(chunk)
    files: dict[str, IndexedFile | None] = dict.fromkeys(sorted(uris))
    for row in files_of(store.read("files", None, uris)):
        files[row.uri] = IndexedFile(row, tuple(by_uri.get(row.uri, ())))
    return files, contextual, static
