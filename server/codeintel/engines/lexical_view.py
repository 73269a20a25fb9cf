"""What one query sees of the lexical index: a committed point in time that can be searched and explained."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tantivy

from codeintel.engines.lexical_faults import as_corrupt
from codeintel.engines.lexical_query import (
    any_term,
    chosen_terms,
    field_term,
    full_boosts,
    id_term,
    within_ids,
)
from codeintel.engines.lexical_schema import MAX_ID

Ids = npt.NDArray[np.int64]

# Measured on 100,000 chunks: 1,000 ids as a union 1.8 ms, 4,000 10.5 ms; fetching every match and dropping
# the others never took more than 10 ms.
UNION_LIMIT = 1_000

# Guess: ties beyond k are few, so that one fetch almost always shows the end of the tie at rank k.
TIE_MARGIN = 16

# Guess: fetches grow by this until the answer is complete; five reach all of 100,000 documents from k = 100.
GROWTH = 4


@dataclass(frozen=True, slots=True)
class LexicalHits:
    """Best first: `ids` int64 [n], `scores` float32 [n]; equal scores in ascending order of id."""

    ids: Ids
    scores: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TermScore:
    """What one query term in one field added to a document's score."""

    term: str
    field: str
    score: float


class LexicalView:
    """An immutable state of the index; later commits do not change it, and threads may share it."""

    def __init__(self, searcher: tantivy.Searcher, schema: tantivy.Schema, folder: Path | None) -> None:
        self._searcher = searcher
        self._schema = schema
        self._folder = folder
        self._count = searcher.num_docs

    def __len__(self) -> int:
        return self._count

    def search(
        self,
        terms: Sequence[str],
        k: int,
        allowed: npt.ArrayLike | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> LexicalHits:
        """The exact top `k` of the documents in `allowed` (None: all) by BM25 over the boosted fields.

        Terms are deduplicated and, past MAX_QUERY_TERMS, reduced to the rarest. On 100,000 chunks 0.3 ms, up
        to 10 ms with a large `allowed`. Raises ValueError for a boost of an unknown field, IndexCorrupt where
        the folder was damaged after opening.
        """
        query = self._query(terms, full_boosts(boosts))
        if query is None or k < 1 or not self._count:
            return _no_hits()
        if allowed is None:
            return self._top(query, k, None)
        wanted = _ascending(allowed)
        if not wanted.size:
            return _no_hits()
        if wanted.size <= UNION_LIMIT:
            return self._top(within_ids(self._schema, query, wanted), k, None)
        return self._top(query, k, wanted)

    def idf(self, term: str) -> float:
        """How much a term says: ln(1 + (n - df + .5) / (df + .5)) of the body, as BM25 weighs it; 3 us."""
        found = self._searcher.doc_freq("body", term)
        found = min(found, self._count)  # deleted documents are counted until their segment is merged
        return math.log1p((self._count - found + 0.5) / (found + 0.5))

    def explain(
        self, terms: Sequence[str], chunk_id: int, boosts: Mapping[str, float] | None = None
    ) -> list[TermScore]:
        """What each matching term and field adds to the score of a search for `terms`; they sum to it.

        Highest first; empty where the document is absent or matches nothing. About 5 us a term and field.
        """
        address = self._address(chunk_id)
        if address is None:
            return []
        parts = [
            TermScore(term, field, score)
            for term in chosen_terms(self._searcher, terms)
            for field, boost in full_boosts(boosts).items()
            if (score := self._score_at(field_term(self._schema, term, field, boost), address))
        ]
        return sorted(parts, key=lambda part: -part.score)

    def ids(self) -> Ids:
        """Every live id, ascending, int64 [n]; 30 ms for 100,000."""
        if not self._count:
            return np.empty(0, np.int64)
        everything = tantivy.Query.all_query()
        found, _ = self._fetch(everything, self._count)
        return np.sort(found)

    def _query(self, terms: Sequence[str], boosts: Mapping[str, float]) -> tantivy.Query | None:
        chosen = chosen_terms(self._searcher, terms)
        return any_term(self._schema, chosen, boosts) if chosen and boosts else None

    def _top(self, query: tantivy.Query, k: int, wanted: Ids | None) -> LexicalHits:
        """Fetches more of the full ranking until it holds the top k of `wanted`, ties at rank k included.

        tantivy breaks ties by the order of writing; broken by id, the answer does not depend on it.
        """
        k = min(k, self._count)
        share = 1.0 if wanted is None else min(1.0, wanted.size / self._count)
        limit = int(k / share) + TIE_MARGIN
        while True:
            ids, scores = self._fetch(query, limit)
            fetched, lowest = ids.size, scores[-1] if scores.size else 0.0
            if wanted is not None:
                ids, scores = _only(ids, scores, wanted)
            if fetched < limit or (ids.size >= k and scores[k - 1] > lowest):
                break
            limit *= GROWTH
        order = np.lexsort((ids, -scores))[:k]
        return LexicalHits(ids[order], scores[order])

    def _fetch(self, query: tantivy.Query, limit: int) -> tuple[Ids, npt.NDArray[np.float32]]:
        # tantivy panics on a limit of 0 and allocates the limit up front: a huge one aborts the process.
        with as_corrupt(self._folder):
            hits = self._searcher.search(query, max(1, min(limit, self._count)), count=False).hits
            ids = self._searcher.fast_field_values("id", [address for _, address in hits])
        return np.array(ids, np.int64), np.array([score for score, _ in hits], np.float32)

    def _address(self, chunk_id: int) -> tantivy.DocAddress | None:
        if not 0 < chunk_id <= MAX_ID:
            return None
        hits = self._searcher.search(id_term(self._schema, int(chunk_id)), 1, count=False).hits
        return hits[0][1] if hits else None

    def _score_at(self, query: tantivy.Query, address: tantivy.DocAddress) -> float:
        try:
            explanation = query.explain(self._searcher, address).to_json()
        except ValueError:  # tantivy's answer for a document that does not match
            return 0.0
        return float(json.loads(explanation)["value"])


def _no_hits() -> LexicalHits:
    return LexicalHits(np.empty(0, np.int64), np.empty(0, np.float32))


def _ascending(ids: npt.ArrayLike) -> Ids:
    """Sorted and distinct; a list that already is, as from a sorted table, costs one pass."""
    array = np.asarray(ids, np.int64)
    return array if (array[1:] > array[:-1]).all() else np.unique(array)


def _only(ids: Ids, scores: npt.NDArray[np.float32], wanted: Ids) -> tuple[Ids, npt.NDArray[np.float32]]:
    at = np.minimum(np.searchsorted(wanted, ids), wanted.size - 1)
    kept = wanted[at] == ids
    return ids[kept], scores[kept]
