"""A query, or a passage that stands for one, as weighed terms: what an encoder's sparse output says of it, capped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codeintel.engines.sparse import SparseQuery
from codeintel.models.outputs import OutputsEncoder, Row

# The weightiest of the query's own terms: what has more is a pasted text (a guess).
MOST_TERMS = 64

# The weightiest of those that it does not contain: few enough for a person to see all of them. A guess, since the model
# that comes with codeintel does not expand.
MOST_EXPANDED = 16

PIECE_MARKS = ("##", "Ġ", "▁")
"""How vocabularies mark where a piece stands in a word."""


@dataclass(frozen=True, slots=True)
class TermQuery:
    """What to look for: terms and weights, what each term stands for, and those that the text itself does not have."""

    query: SparseQuery
    names: Mapping[int, str]
    expanded: frozenset[int]

    def __len__(self) -> int:
        return len(self.query)


def term_query(encoder: OutputsEncoder, row: Row, text: str) -> TermQuery:
    """The terms in `row`, TERM [k], that the encoder gave for `text`, a query or a passage in the form of passages."""
    own = np.isin(row["id"], encoder.term_places(text).ids)
    kept = np.concatenate([_heaviest(row[own], MOST_TERMS), _heaviest(row[~own], MOST_EXPANDED)])
    query = SparseQuery.of(kept["id"], kept["weight"])
    terms = query.terms.tolist()
    expanded = frozenset(terms) & frozenset(row["id"][~own].tolist())
    return TermQuery(query, {term: term_name(encoder, term) for term in terms}, expanded)


def term_name(encoder: OutputsEncoder, term: int) -> str:
    """A term without the mark of a piece: what stands in a text."""
    text = encoder.term_text(term)
    for mark in PIECE_MARKS:
        text = text.removeprefix(mark)
    return text


def _heaviest(row: Row, count: int) -> Row:
    """The `count` weightiest entries; of equal weights the lower terms."""
    weights = np.nan_to_num(row["weight"], nan=0.0, posinf=0.0, neginf=0.0)
    return row[np.lexsort((row["id"], -weights))[:count]]
