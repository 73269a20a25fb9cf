"""An encoder that asks the vector cache before it encodes a passage; how vectors are kept is cache's task."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np

from codeintel.cancellation import CancelCheck, never
from codeintel.models.cache import VectorCache
from codeintel.models.outputs import (
    NO_OUTPUTS,
    Encoded,
    Layout,
    Output,
    Outputs,
    Row,
    TokenPlaces,
    gives_outputs,
    layouts_of,
    row_of,
)
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

    @property
    def layouts(self) -> dict[Output, Layout]:
        """The encoder's."""
        return layouts_of(self._encoder)

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim]; only passages that the cache lacks are encoded, equal ones once.

        Raises Cancelled between two texts once nobody wants the answer.
        """
        return self.encode_outputs(texts, NO_OUTPUTS, cancelled).dense

    def encode_outputs(
        self, texts: Sequence[str], wanted: Outputs, cancelled: CancelCheck = never
    ) -> Encoded:
        """The same with the rows of `wanted` outputs: a passage of which the cache lacks anything is encoded."""
        vectors, found = self._cache.get(self.model_id, texts, self.dim)
        rows = {output: self._known(texts, output) for output in wanted}
        for known in rows.values():
            found &= [row is not None for row in known]
        lacking = np.flatnonzero(~found).tolist()
        places: dict[str, int] = {}
        for index in lacking:
            places.setdefault(texts[index], len(places))
        if places:
            fresh = self._encode(list(places), wanted, cancelled)
            vectors[lacking] = fresh.dense[[places[texts[index]] for index in lacking]]
            for output, known in rows.items():
                for index in lacking:
                    known[index] = fresh.rows(output)[places[texts[index]]]
        with self._counting:
            self.hits += len(texts) - len(lacking)
            self.encoded += len(places)
        kept = {output: tuple(row for row in known if row is not None) for output, known in rows.items()}
        return Encoded(vectors, *(kept.get(output, ()) for output in Output))

    def _known(self, texts: Sequence[str], output: Output) -> list[Row | None]:
        """The rows that the cache has."""
        layout = self.layouts[output]
        stored = self._cache.get_bytes(self.maker(output), texts)
        return [None if data is None else row_of(data, layout) for data in stored]

    def _encode(self, passages: Sequence[str], wanted: Outputs, cancelled: CancelCheck) -> Encoded:
        """What the encoder makes of passages, kept from now on."""
        if gives_outputs(self._encoder):
            fresh = self._encoder.encode_outputs(passages, wanted, cancelled)
        else:
            fresh = Encoded(self._encoder.encode(passages, cancelled))
        self._cache.put(self.model_id, passages, fresh.dense)
        for output in wanted:
            values = [row.tobytes() for row in fresh.rows(output)]
            self._cache.put_bytes(self.maker(output), passages, values)
        return fresh

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed."""
        return self._encoder.encode_query(text)

    def encode_query_outputs(self, text: str) -> Encoded:
        """All outputs of one query as typed, read-only."""
        if gives_outputs(self._encoder):
            return self._encoder.encode_query_outputs(text)
        return Encoded(self._encoder.encode_query(text)[None])

    def token_places(self, text: str) -> TokenPlaces:
        """The tokens of `text` that have an entry in its rows. Only for an encoder with outputs."""
        assert gives_outputs(self._encoder)
        return self._encoder.token_places(text)

    def maker(self, output: Output) -> str:
        """The encoder's. Only for an encoder with outputs, as are the next two."""
        assert gives_outputs(self._encoder)
        return self._encoder.maker(output)

    def term_places(self, text: str) -> TokenPlaces:
        """The tokens of a passage that are terms in it."""
        assert gives_outputs(self._encoder)
        return self._encoder.term_places(text)

    def term_text(self, term: int) -> str:
        """What a term stands for."""
        assert gives_outputs(self._encoder)
        return self._encoder.term_text(term)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """The dot product of `query_vector` with the vector of `text`, split exactly among its tokens."""
        return self._encoder.token_shares(query_vector, text)

    def close(self) -> None:
        """Let go of the cache's file; encoding opens it again."""
        self._cache.close()
