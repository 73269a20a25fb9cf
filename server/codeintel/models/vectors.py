"""What every model has in common: its surface, the share of a token, and vectors of unit length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from codeintel.cancellation import CancelCheck, never
from codeintel.models.passage import passage_text, query_text

Vectors = NDArray[np.float32]
# Queries whose vectors are remembered; typing and paging repeat the last few.
QUERY_CACHE = 256
QueryEncoder = Callable[[str], Vectors]


class TokenShare(NamedTuple):
    """What one token, characters [start, end) of the encoded text, adds to a dot product.

    Tokens that the model adds itself ([CLS], [SEP]) have start = end = 0.
    """

    start: int
    end: int
    share: float


class TextEncoder(Protocol):
    """A model that turns texts into vectors of unit length; every method may be called from any thread."""

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>': vectors of equal ids, and only those, may be compared."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count."""

    @property
    def reads_path(self) -> bool:
        """Whether a passage begins with the file's path. Costly models do without: a rename keeps their vectors."""

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim], of texts made by `passage_text`."""

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed."""

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """The dot product of `query_vector` with the vector of `text`, split exactly among its tokens."""


def passage_for(model: TextEncoder, uri: str, breadcrumb: str, content: str) -> str:
    """The text of a chunk that `model` encodes."""
    return passage_text(uri if model.reads_path else "", breadcrumb, content)


def unit(vectors: Vectors) -> Vectors:
    """The rows of `vectors`, float32 [..., dim], at length 1; a zero or non-finite row becomes zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    usable = np.isfinite(norms) & (norms > 0)
    return np.where(usable, vectors / np.where(usable, norms, 1), 0).astype(np.float32)


def remembering(encode: QueryEncoder) -> QueryEncoder:
    """`encode` for queries as typed, given to it in the form of passages; the last ones are not encoded again.

    The vectors are shared, hence read-only.
    """

    @lru_cache(maxsize=QUERY_CACHE)
    def remembered(words: str) -> Vectors:
        vector = encode(words)
        vector.setflags(write=False)
        return vector

    return lambda query: remembered(query_text(query))


def mean_shares(states: Vectors, query_vector: Vectors) -> NDArray[np.float64]:
    """What each row of `states` [tokens, dim] adds to `query_vector` . unit(mean(states)).

    Mean pooling is linear, so the split is exact: the result, float64 [tokens], sums to the dot product.
    """
    length = float(np.linalg.norm(states.sum(axis=0, dtype=np.float64)))
    if not np.isfinite(length) or length == 0:
        return np.zeros(len(states))
    return states.astype(np.float64) @ query_vector.astype(np.float64) / length


def encodable(text: str) -> str:
    """`text` with lone surrogates, which tokenizers refuse, replaced one for one by '?'."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
