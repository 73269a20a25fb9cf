"""The committed layer of the lexical index: one tantivy searcher, what it finds, and the statistics it scores by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from codeintel.engines.lexical_bm25 import Floats, Statistics
from codeintel.engines.lexical_faults import as_corrupt
from codeintel.engines.lexical_query import any_id, any_term, field_term, id_term, within_ids
from codeintel.engines.lexical_schema import FIELDS, MAX_ID

Ids = npt.NDArray[np.int64]

# Measured on 100,000 chunks: 1,000 ids as a union 1.8 ms, 4,000 10.5 ms; fetching every match and dropping
# the others never took more than 10 ms.
UNION_LIMIT = 1_000

# Guess: ties beyond k are few, so that one fetch almost always shows the end of the tie at rank k.
TIE_MARGIN = 16

# Guess: fetches grow by this until the answer is complete; five reach all of 100,000 documents from k = 100.
GROWTH = 4

# Any term that a living document has tells a field's mean length. Beginnings that code is full of (self, set,
# return) spare the whole dictionary: of 20,000 chunks' bodies 1 ms instead of 66.
PROBE_PREFIXES = ("se", "re", "")

# Terms and fields whose frequency is remembered, about 1 MB: an explained page of hits asks 800 times for those of its
# query, 1.2 us each.
FREQUENCIES = 8_192


class CommittedLayer:
    """A committed state that never changes; what it is asked for once it keeps."""

    def __init__(self, searcher: tantivy.Searcher, schema: tantivy.Schema, folder: Path | None) -> None:
        self._searcher = searcher
        self._schema = schema
        self._folder = folder
        self._count = searcher.num_docs
        self._frequency = lru_cache(FREQUENCIES)(searcher.doc_freq)

    def __len__(self) -> int:
        return self._count

    @cached_property
    def counted(self) -> int:
        """How many documents the statistics count: the living, and the deleted not yet merged away; 0.1 ms."""
        if not self._count:
            return 0  # tantivy drops a segment with its last document
        with as_corrupt(self._folder):
            found, _ = self._fetch(tantivy.Query.all_query(), 1)
            return int(self._explained(id_term(self._schema, int(found[0])), "N, "))

    @cached_property
    def mean_lengths(self) -> Floats:
        """Mean terms in each of FIELDS as tantivy counts them, 0 where no living document has any; 2 ms."""
        with as_corrupt(self._folder):
            return np.array([self._mean_length(field) for field in FIELDS], np.float32)

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """What tantivy scores `terms` by; 0.3 us a term and field."""
        found = [[self._frequency(field, term) for field in FIELDS] for term in terms]
        frequencies = np.array(found, np.int64).reshape(len(terms), len(FIELDS))
        return Statistics(self.counted, frequencies, self.mean_lengths)

    def frequency(self, term: str, field: str) -> int:
        """How many documents hold `term` in `field`, deleted ones included until they are merged away."""
        return self._frequency(field, term)

    def top(
        self, terms: Sequence[str], boosts: Mapping[str, float], k: int, wanted: Ids | None, hidden: Ids
    ) -> tuple[Ids, Floats]:
        """The exact top `k` of the `wanted` documents (None: all) that are not `hidden`, all ties at rank k
        included; both are ascending ids, the hidden ones living."""
        query, k = any_term(self._schema, terms, boosts), min(k, self._count)
        if wanted is None:
            likely = k + min(k, hidden.size)  # what was just changed is often what is searched for
            return self._grown(query, k, likely, lambda ids: ~contained(ids, hidden))
        wanted = wanted[~contained(wanted, hidden)]
        if wanted.size > UNION_LIMIT:
            likely = int(k * self._count / wanted.size)
            return self._grown(query, k, likely, lambda ids: contained(ids, wanted))
        if not wanted.size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        query = within_ids(self._schema, query, wanted)
        return self._grown(query, k, k, lambda ids: contained(ids, wanted))

    def scores(
        self, terms: Sequence[str], boosts: Mapping[str, float], chunk_id: int
    ) -> Iterator[tuple[str, str, float]]:
        """What each term and field adds to a document's score; nothing where it is absent. 5 us each that occurs."""
        address = self._address(chunk_id)
        if address is None:
            return
        for term in terms:
            for field, boost in boosts.items():
                if not self.frequency(term, field):
                    continue
                query = field_term(self._schema, term, field, boost)
                try:
                    explanation = query.explain(self._searcher, address).to_json()
                except ValueError:  # tantivy's answer for a document that does not match
                    continue
                yield term, field, float(json.loads(explanation)["value"])

    def ids(self) -> Ids:
        """Every living id, ascending, int64 [n]; 30 ms for 100,000."""
        if not self._count:
            return np.empty(0, np.int64)
        found, _ = self._fetch(tantivy.Query.all_query(), self._count)
        return np.sort(found)

    def living(self, ids: Ids) -> Ids:
        """Those of some ids that living documents have, ascending; 0.06 ms for 30."""
        if ids.size > UNION_LIMIT:
            return np.intersect1d(ids, self.ids())
        known = [number for number in ids.tolist() if number > 0 and self._searcher.doc_freq("id", number)]
        if not known or not self._count:
            return np.empty(0, np.int64)
        found, _ = self._fetch(any_id(self._schema, np.array(known, np.int64)), len(known))
        return np.sort(found)

    def _grown(
        self, query: tantivy.Query, k: int, likely: int, keeps: Callable[[Ids], npt.NDArray[np.bool_]]
    ) -> tuple[Ids, Floats]:
        """Fetches more of the full ranking until it holds the top k of what `keeps`, ties at rank k included.

        `likely` is how many hits will probably do. tantivy breaks ties by the order of writing; broken by id, the
        answer does not depend on it.
        """
        limit = likely + TIE_MARGIN
        while True:
            ids, scores = self._fetch(query, limit)
            fetched, lowest = ids.size, scores[-1] if scores.size else 0.0
            kept = keeps(ids)
            ids, scores = ids[kept], scores[kept]
            if fetched < min(limit, self._count + 1) or (ids.size >= k and scores[k - 1] > lowest):
                return ids, scores
            limit *= GROWTH

    def _fetch(self, query: tantivy.Query, limit: int) -> tuple[Ids, Floats]:
        # tantivy panics on a limit of 0 and allocates the limit up front: a huge one aborts the process.
        with as_corrupt(self._folder):
            hits = self._searcher.search(query, max(1, min(limit, self._count)), count=False).hits
            ids = self._searcher.fast_field_values("id", [address for _, address in hits])
        return np.array(ids, np.int64), np.array([score for score, _ in hits], np.float32)

    def _address(self, chunk_id: int) -> tantivy.DocAddress | None:
        if not 0 < chunk_id <= MAX_ID:
            return None
        return self._first(id_term(self._schema, int(chunk_id)))

    def _first(self, query: tantivy.Query) -> tantivy.DocAddress | None:
        hits = self._searcher.search(query, 1, count=False).hits
        return hits[0][1] if hits else None

    def _mean_length(self, field: str) -> float:
        for prefix in PROBE_PREFIXES:
            living = tantivy.Query.all_query()
            for term, _ in self._searcher.terms_with_prefix(field, prefix, living, 1):
                return self._explained(field_term(self._schema, term, field, 1.0), "avgdl")
        return 0.0

    def _explained(self, query: tantivy.Query, name: str) -> float:
        """The value that tantivy's explanation of a match of `query` gives under a name that begins so."""
        address = self._first(query)
        assert address is not None  # asked only of terms that a living document has
        explanation = json.loads(query.explain(self._searcher, address).to_json())
        return next(
            float(part["value"]) for part in _parts(explanation) if part["description"].startswith(name)
        )


def contained(ids: Ids, among: Ids) -> npt.NDArray[np.bool_]:
    """Which of `ids` are in the ascending ids `among`."""
    if not among.size:
        return np.zeros(ids.size, np.bool_)
    at = np.minimum(np.searchsorted(among, ids), among.size - 1)
    found: npt.NDArray[np.bool_] = among[at] == ids
    return found


def _parts(explanation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield explanation
    for part in explanation.get("details", ()):
        yield from _parts(part)
