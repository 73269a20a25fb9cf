"""An encoder whose term weights another model gives, one that expands texts; everything else is its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeintel.cancellation import CancelCheck, never
from codeintel.models.cache import VectorCache
from codeintel.models.outputs import (
    TERM,
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
from codeintel.models.splade import SpladeModel
from codeintel.models.vectors import TextEncoder, TokenShare, Vectors


class ExpandingEncoder:
    """An OutputsEncoder over another TextEncoder and a SPLADE model; a cache, if there is one, is asked first."""

    def __init__(self, encoder: TextEncoder, sparse: SpladeModel, cache: VectorCache | None = None) -> None:
        self.encoder = encoder
        self._sparse = sparse
        self._cache = cache

    @property
    def model_id(self) -> str:
        """The encoder's: its vectors are what they were."""
        return self.encoder.model_id

    @property
    def dim(self) -> int:
        """The encoder's."""
        return self.encoder.dim

    @property
    def max_tokens(self) -> int:
        """The encoder's."""
        return self.encoder.max_tokens

    @property
    def reads_path(self) -> bool:
        """The encoder's."""
        return self.encoder.reads_path

    @property
    def layouts(self) -> dict[Output, Layout]:
        """The encoder's, and term weights."""
        return {**layouts_of(self.encoder), Output.TERMS: TERM}

    def maker(self, output: Output) -> str:
        """The sparse model for term weights, else the encoder's."""
        if output is Output.TERMS:
            return f"{self._sparse.model_id}#{output}"
        assert gives_outputs(self.encoder)
        return self.encoder.maker(output)

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The encoder's vectors."""
        return self.encoder.encode(texts, cancelled)

    def encode_outputs(
        self, texts: Sequence[str], wanted: Outputs, cancelled: CancelCheck = never
    ) -> Encoded:
        """The encoder's vectors and rows in one pass, and in another the terms, where those are wanted."""
        others = wanted - {Output.TERMS}
        if gives_outputs(self.encoder) and others:
            found = self.encoder.encode_outputs(texts, others, cancelled)
        else:
            found = Encoded(self.encoder.encode(texts, cancelled))
        terms = self._weighed(texts, cancelled) if Output.TERMS in wanted else ()
        return Encoded(found.dense, found.tokens, terms)

    def _weighed(self, texts: Sequence[str], cancelled: CancelCheck) -> tuple[Row, ...]:
        """The terms of each text; only those that the cache lacks are weighed, equal ones once."""
        maker = self.maker(Output.TERMS)
        stored = self._cache.get_bytes(maker, texts) if self._cache else [None] * len(texts)
        known = {
            text: row
            for text, data in zip(texts, stored, strict=True)
            if data is not None and (row := row_of(data, TERM)) is not None
        }
        lacking = list(dict.fromkeys(text for text in texts if text not in known))
        fresh = self._sparse.weigh(lacking, cancelled)
        if self._cache and lacking:
            self._cache.put_bytes(maker, lacking, [row.tobytes() for row in fresh])
        known.update(zip(lacking, fresh, strict=True))
        return tuple(known[text] for text in texts)

    def encode_query(self, text: str) -> Vectors:
        """The encoder's vector of a query as typed."""
        return self.encoder.encode_query(text)

    def encode_query_outputs(self, text: str) -> Encoded:
        """The encoder's outputs of one query as typed, and its terms, expanded ones among them."""
        if gives_outputs(self.encoder):
            found = self.encoder.encode_query_outputs(text)
        else:
            found = Encoded(self.encoder.encode_query(text)[np.newaxis])
        return Encoded(found.dense, found.tokens, (self._sparse.weigh_query(text),))

    def token_places(self, text: str) -> TokenPlaces:
        """The tokens behind the encoder's own rows."""
        assert gives_outputs(self.encoder)
        return self.encoder.token_places(text)

    def term_places(self, text: str) -> TokenPlaces:
        """The tokens of a passage that are terms in it: its other terms are expanded ones."""
        return self._sparse.token_places(text)

    def term_text(self, term: int) -> str:
        """What a term stands for in the sparse model's vocabulary."""
        return self._sparse.term_text(term)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """The encoder's."""
        return self.encoder.token_shares(query_vector, text)

    @property
    def encoded(self) -> int:
        """How many passages the encoder has read; 0 where it does not count."""
        return getattr(self.encoder, "encoded", 0)

    @property
    def hits(self) -> int:
        """How many passages its cache knew."""
        return getattr(self.encoder, "hits", 0)

    def close(self) -> None:
        """Let go of the cache's file; encoding opens it again."""
        if self._cache is not None:
            self._cache.close()
