"""How views of a dense index outlive a change of what lies below them; nothing is searched here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeintel.engines.dense_parts import Ids, Vectors

if TYPE_CHECKING:
    from codeintel.engines.dense import DenseIndex


@dataclass(frozen=True, slots=True)
class Change:
    """What a fold took out of a base and what it put in; each ids int64 [n] ascending and float32 [n, dim]."""

    removed: Ids
    removed_vectors: Vectors
    added: Ids
    added_vectors: Vectors

    @classmethod
    def of(cls, removed: Ids, removed_vectors: Vectors, added: Ids, added_vectors: Vectors) -> Change:
        """The same from `added` ids in any order; `removed` ascend already."""
        order = np.argsort(added)
        return cls(removed, removed_vectors, added[order], added_vectors[order])


@dataclass(frozen=True, slots=True)
class Succession:
    """How an epoch ended: the change, and the base and the epoch that go on."""

    change: Change
    base: DenseIndex
    epoch: Epoch


class Epoch:
    """The content of a base between two folds, as the views over it know it.

    An earlier epoch leads to the later one and never the other way round: the vectors that a fold took out live
    as long as a view that needs them. This is Baker's shallow binding of persistent arrays ("Shallow binding makes
    functional arrays fast", 1991): the newest state is the real one, an older one is a difference to it.
    """

    def __init__(self) -> None:
        self.succession: Succession | None = None
