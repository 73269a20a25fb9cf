"""BM25 as tantivy computes it, for documents that tantivy does not hold; postings and queries lie elsewhere.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with the idf that
cannot be negative, ln(1 + (N - n + .5) / (n + .5)), and field lengths kept as one byte. Each step is in float32
and in tantivy's order, so that equal documents of either layer are equal to the last bit, and a tie is a tie.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codeintel.engines.lexical_schema import FIELDS

Floats = npt.NDArray[np.float32]

# tantivy's constants; a test holds them, and everything below, to what tantivy explains.
K1 = np.float32(1.2)
B = np.float32(0.75)

LENGTH_CODES = 256

# Lengths below this have codes of their own; from there on a code is a float of three bits and an exponent.
EXACT_LENGTHS = 24
MANTISSA_BITS = 3


def _length(code: int) -> int:
    exponent, mantissa = divmod(code - EXACT_LENGTHS, 1 << MANTISSA_BITS)
    if code < EXACT_LENGTHS or exponent == 0:
        return code
    return EXACT_LENGTHS + ((mantissa | 1 << MANTISSA_BITS) << (exponent - 1))


LENGTHS = tuple(_length(code) for code in range(LENGTH_CODES))
"""The field length that each code stands for, ascending; a length in between is rounded down."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 knows about a collection: its size, how many documents hold each term, how long fields are."""

    documents: int
    frequencies: npt.NDArray[np.int64]  # [terms, fields]
    mean_lengths: Floats  # [fields], 0 where no document has the field


def length_code(length: int) -> int:
    """The code that stands for a field of that many terms."""
    return bisect_right(LENGTHS, length) - 1


def weights(statistics: Statistics, boosts: Mapping[str, float]) -> Floats:
    """The most that each term can add in each field, float32 [terms, fields]; 0 in fields that are left out."""
    one, half = np.float32(1), np.float32(0.5)
    found = statistics.frequencies.astype(np.float32)
    lacking = (statistics.documents - statistics.frequencies).astype(np.float32)
    odds = one + (lacking + half) / (found + half)
    # numpy's logarithm of a float32 is off in the last bits
    idf = np.log(odds.astype(np.float64)).astype(np.float32)
    boost = np.array([boosts.get(field, 0.0) for field in FIELDS], np.float32)
    return idf * (K1 + one) * boost


def norms(mean_lengths: Floats) -> Floats:
    """What a field's length adds below the fraction, float32 [fields, codes]: score = weight * tf / (tf + norm)."""
    # a field that no document has scores nothing: any mean will do
    mean: Floats = np.where(mean_lengths > 0, mean_lengths, np.float32(1))
    relative: Floats = B * np.array(LENGTHS, np.float32) / mean[:, None]
    return K1 * (np.float32(1) - B + relative)
