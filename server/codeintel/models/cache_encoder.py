"""An encoder that asks the vector cache before it encodes a passage; how vectors are kept is cache's task."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np

from codeintel.cancellation import CancelCheck, never
from codeintel.models.cache import VectorCache
from codeintel.models.vectors import TextEncoder, TokenShare, Vectors


class CachedEncoder:
    """A TextEncoder over another; queries and shares go straight to it, which remembers the last queries itself."""

    def __init__(self, encoder: TextEncoder, cache: VectorCache) -> None:
        self._encoder = encoder
        self._cache = cache
        self._counting = Lock()
        self.hits = 0
        """Passages whose vectors the cache had."""
        self.encoded = 0
        """Passages that were encoded."""

    @property
    def model_id(self) -> str:
        """The encoder's."""
        return self._encoder.model_id

    @property
    def dim(self) -> int:
        """The encoder's."""
        return self._encoder.dim

    @property
    def max_tokens(self) -> int:
        """The encoder's."""
        return self._encoder.max_tokens

    @property
    def reads_path(self) -> bool:
        """The encoder's."""
        return self._encoder.reads_path

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim]; only passages that the cache lacks are encoded, equal ones once.

        Raises Cancelled between two texts once nobody wants the answer.
        """
        vectors, found = self._cache.get(self.model_id, texts, self.dim)
        lacking = np.flatnonzero(~found).tolist()
        rows: dict[str, int] = {}
        for index in lacking:
            rows.setdefault(texts[index], len(rows))
        if rows:
            passages = list(rows)
            fresh = self._encoder.encode(passages, cancelled)
            self._cache.put(self.model_id, passages, fresh)
            vectors[lacking] = fresh[[rows[texts[index]] for index in lacking]]
        with self._counting:
            self.hits += len(texts) - len(lacking)
            self.encoded += len(rows)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed."""
        return self._encoder.encode_query(text)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """The dot product of `query_vector` with the vector of `text`, split exactly among its tokens."""
        return self._encoder.token_shares(query_vector, text)

    def close(self) -> None:
        """Let go of the cache's file; encoding opens it again."""
        self._cache.close()
