"""What an encoder makes of a text beside its dense vector: token vectors for late interaction, weights of terms.

Both are rows of differing length, one a text; how they are kept is the cache's and the engines' task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from codeintel.cancellation import CancelCheck, never
from codeintel.models.vectors import TextEncoder, Vectors, unit

if TYPE_CHECKING:
    from tokenizers import Encoding

# Token vectors have unit length, so that one scale serves all of them: q = round(127 x). Dot products of two such
# rows are whole numbers below 2**24, exact in float32 in whatever order they are added.
TOKEN_SCALE = 127
# Neighbouring tokens of a passage that share an entry, their vectors averaged: half the bytes and half the work. Clavié
# et al. (2024) found next to no loss for ColBERT; with this encoder even sharing twice loses nothing (.712 to .715
# alone, benchmarks/late_ranking.py). Those of a query do not share.
POOLED = 2
TERM = np.dtype([("id", "<i4"), ("weight", "<f4")])

Row = NDArray[Any]
"""What is kept of one text for one output: int8 [tokens, width], or TERM [terms]."""
Layout = np.dtype[Any]
"""The form of one entry of a row: a token's vector, or a term."""
Ids = NDArray[np.int32]


class Output(StrEnum):
    """An output that some encoders have; the value is its name in settings, config.json and file names."""

    TOKENS = "tokens"
    TERMS = "terms"


Outputs = frozenset[Output]
NO_OUTPUTS: Outputs = frozenset()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Of n texts: `dense`, float32 [n, dim], and a row each of every other output that was asked for.

    `tokens` are int8 [t, width]: of a query an entry for each token that `token_places` tells, of a passage one for
    each POOLED of them; `terms` are TERM [k] by ascending id, each with the greatest weight of its occurrences; empty
    where they were not asked for.
    """

    dense: Vectors
    tokens: tuple[Row, ...] = ()
    terms: tuple[Row, ...] = ()

    def rows(self, output: Output) -> tuple[Row, ...]:
        """Those of one output."""
        return self.tokens if output is Output.TOKENS else self.terms


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """The tokens of a text that count, special ones left out: `ids` int32 [t], `spans` int32 [t, 2] in characters."""

    ids: Ids
    spans: NDArray[np.int32]


class OutputsEncoder(TextEncoder, Protocol):
    """A TextEncoder that may give more than dense vectors, all of it in one pass."""

    @property
    def layouts(self) -> dict[Output, Layout]:
        """The outputs that it has, and the form of their entries. Costs no opening of the model."""

    def encode_outputs(
        self, texts: Sequence[str], wanted: Outputs, cancelled: CancelCheck = never
    ) -> Encoded:
        """Vectors and the rows of `wanted` outputs, each text's in one pass; `dense` is what `encode` gives."""

    def encode_query_outputs(self, text: str) -> Encoded:
        """All that the model has to say of one query as typed; the last 256 queries are remembered."""

    def token_places(self, text: str) -> TokenPlaces:
        """The tokens behind the rows of a passage. Costs its tokenization."""

    def maker(self, output: Output) -> str:
        """What made the rows of an output: rows of equal makers, and only those, may be compared."""

    def term_places(self, text: str) -> TokenPlaces:
        """The tokens of a passage that are terms in it: its other terms, if it has any, are expanded ones."""

    def term_text(self, term: int) -> str:
        """What a term stands for, as its vocabulary spells it; '' for a number outside it."""


def gives_outputs(encoder: TextEncoder) -> TypeGuard[OutputsEncoder]:
    """Whether an encoder has anything beside dense vectors."""
    return bool(getattr(encoder, "layouts", None))


def layouts_of(encoder: TextEncoder) -> dict[Output, Layout]:
    """The outputs that an encoder has beside dense vectors, often none."""
    return dict(encoder.layouts) if gives_outputs(encoder) else {}


def token_layout(width: int) -> Layout:
    """The form of a token's vector."""
    return np.dtype((np.int8, (width,)))


def row_of(data: bytes, layout: Layout) -> Row | None:
    """A row from its bytes; None where they are no whole number of entries."""
    return None if len(data) % layout.itemsize else np.frombuffer(data, layout)


def pooled(vectors: Vectors) -> Vectors:
    """The sums of every POOLED neighbours, float32 [ceil(t / POOLED), width]; their direction is the mean's."""
    starts = np.arange(0, len(vectors), POOLED)
    sums: Vectors = np.add.reduceat(vectors, starts, axis=0) if len(vectors) else vectors
    return sums


def counting(encoding: Encoding) -> NDArray[np.intp]:
    """Which tokens of a text are its own: [CLS] and [SEP] are the model's."""
    return np.flatnonzero(np.logical_not(encoding.special_tokens_mask))


def token_places(encoding: Encoding) -> TokenPlaces:
    """The tokens of a text that are its own."""
    kept = counting(encoding)
    return TokenPlaces(
        np.array(encoding.ids, np.int32)[kept],
        np.array(encoding.offsets, np.int32).reshape(-1, 2)[kept],
    )


def quantized(vectors: Vectors) -> Row:
    """Vectors, float32 [t, width], at unit length as int8; one that is zero or not finite becomes zero."""
    return np.rint(unit(vectors) * TOKEN_SCALE).astype(np.int8)


def greatest_weights(ids: Ids, weights: Vectors) -> Row:
    """TERM [k], ascending: of each distinct token the greatest weight, those above zero."""
    numbers, places = np.unique(ids, return_inverse=True)
    most = np.zeros(len(numbers), np.float32)
    np.maximum.at(most, places, np.where(np.isfinite(weights), weights, 0))
    kept = most > 0
    row = np.empty(int(kept.sum()), TERM)
    row["id"], row["weight"] = numbers[kept], most[kept]
    return row
