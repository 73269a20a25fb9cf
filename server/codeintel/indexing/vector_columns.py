"""The vector columns of the chunks table, as far as these models can use them.

Whoever writes an index turns it to its own models first; whoever only reads one may find the vectors of others in it,
of an older version or of another process's settings. Nothing may be compared with these, whatever their width.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import vectors_of
from codeintel.models.folder import Models
from codeintel.snapshot import VectorRows

CONTEXTUAL: Final = "embedding"
STATIC: Final = "static_embedding"
COLUMNS: Final = (CONTEXTUAL, STATIC)


def foreign_columns(made: Provenance, models: Models) -> frozenset[str]:
    """The columns that other models than these have filled."""
    encoder, static = models.encoder, models.static
    theirs = {CONTEXTUAL: (made.encoder, made.dim), STATIC: (made.static, made.static_dim)}
    ours = {CONTEXTUAL: (encoder.model_id, encoder.dim), STATIC: (static.model_id, static.dim)}
    return frozenset(column for column in COLUMNS if theirs[column] != ours[column])


def vector_rows(
    rows: Any, ids: npt.NDArray[np.int64], made: Provenance, models: Models
) -> tuple[VectorRows, VectorRows]:
    """The contextual and the static vectors, float32, in rows (Arrow) of chunks that have `ids`, int64 [n].

    `made` is what the index was made with; where that is another model, there are none.
    """
    foreign = foreign_columns(made, models)

    def found(column: str, dim: int) -> VectorRows:
        if column in foreign:
            return VectorRows.of({}, dim)
        values, present = vectors_of(rows, column)
        return VectorRows(ids[present], values.astype(np.float32, copy=False))

    return found(CONTEXTUAL, models.encoder.dim), found(STATIC, models.static.dim)
