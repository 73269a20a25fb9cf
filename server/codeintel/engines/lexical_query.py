"""tantivy queries built from ready terms, never parsed from text; nothing here runs one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tantivy

from codeintel.engines.lexical_schema import FIELD_BOOSTS, FIELDS, MAX_TERM_BYTES

# 256 terms over four fields search 100,000 chunks in 3 to 5 ms; past that a query is a pasted file.
MAX_QUERY_TERMS = 256

# Finding the rarest costs 0.35 us a term and field: 8,192 terms are 12 ms.
MAX_CONSIDERED_TERMS = 8_192


def chosen_terms(terms: Iterable[str], frequencies: Callable[[Sequence[str]], Sequence[int]]) -> list[str]:
    """The distinct indexable terms in their order; of too many, those that the fewest documents contain.

    `frequencies` answers, for many terms, how many documents hold each.
    """
    distinct = [term for term in dict.fromkeys(terms) if _indexable(term)]
    if len(distinct) <= MAX_QUERY_TERMS:
        return distinct
    considered = distinct[:MAX_CONSIDERED_TERMS]
    frequency = dict(zip(considered, frequencies(considered), strict=True))
    present = sorted((term for term in considered if frequency[term]), key=frequency.__getitem__)
    kept = set(present[:MAX_QUERY_TERMS])
    return [term for term in considered if term in kept]


def full_boosts(boosts: Mapping[str, float] | None) -> dict[str, float]:
    """The default boosts with `boosts` laid over them; fields at 0 or below are left out of the search."""
    unknown = set(boosts or ()) - set(FIELDS)
    if unknown:
        raise ValueError(f"no lexical field {sorted(unknown)}; the fields are {list(FIELDS)}")
    merged = {**FIELD_BOOSTS, **(boosts or {})}
    return {field: boost for field, boost in merged.items() if boost > 0}


def field_term(schema: tantivy.Schema, term: str, field: str, boost: float) -> tantivy.Query:
    """One term in one field, scored as BM25 times the boost."""
    query = tantivy.Query.term_query(schema, field, term, "freq")
    return tantivy.Query.boost_query(query, boost)


def any_term(schema: tantivy.Schema, terms: Sequence[str], boosts: Mapping[str, float]) -> tantivy.Query:
    """Any of the terms in any of the fields; the score is the sum over what matched."""
    return tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Should, field_term(schema, term, field, boost))
            for term in terms
            for field, boost in boosts.items()
        ]
    )


def within_ids(schema: tantivy.Schema, query: tantivy.Query, ids: npt.NDArray[np.int64]) -> tantivy.Query:
    """`query` restricted to a few documents."""
    unscored = tantivy.Query.const_score_query(any_id(schema, ids), 0.0)
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, unscored)])


def any_id(schema: tantivy.Schema, ids: npt.NDArray[np.int64]) -> tantivy.Query:
    """The documents with these ids, as a union of id terms; below 2,000 a term set is slower."""
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, id_term(schema, number)) for number in ids.tolist()]
    )


def id_term(schema: tantivy.Schema, chunk_id: int) -> tantivy.Query:
    """The document with this id."""
    return tantivy.Query.term_query(schema, "id", chunk_id)


def _indexable(term: str) -> bool:
    try:
        return 0 < len(term.encode()) <= MAX_TERM_BYTES
    except UnicodeEncodeError:
        return False
