"""The vectorised ranking against the product's, on candidates and weights of every kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.candidates import PreparedQuery, prepared_from
from benchmarks.corpora import BenchmarkQuery, Repository, Target
from benchmarks.fast_ranking import check_equal, order, score
from benchmarks.metrics import Result, ndcg
from benchmarks.tune_ranking import GRID, varied
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.catalog.rows import Chunk
from codeintel.search.intent import intent_of
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.service import Tier
from codeintel.workspace.roots import Root

ROOT = Root("courier", Path("/courier"))
REPOSITORY = Repository("courier", "python", "acme/courier", "0123", "", ())
QUERY = BenchmarkQuery(
    "RetryPolicy backoff", "symbol", (Target("retry.py", 1, 4), Target("tests/test_retry.py"))
)
URIS = ("retry.py", "backoff/policy.py", "tests/test_retry.py", "docs/guide.md", "vendor/retry.py")
SYMBOLS: tuple[tuple[str, ...], ...] = ((), ("RetryPolicy",), ("retry",), ("backoff_seconds", "wait"))

ranks = st.one_of(st.none(), st.integers(1, 30))
places = st.tuples(st.sampled_from(URIS), st.integers(0, 9))
entry = st.tuples(st.sampled_from(SYMBOLS), ranks, ranks, ranks)
entries = st.dictionaries(places, entry, min_size=1, max_size=25)
constants = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in GRID.items()})


def candidate(
    place: tuple[str, int],
    symbols: tuple[str, ...],
    bm25: int | None,
    vector: int | None,
    splade: int | None = None,
) -> Candidate:
    uri, number = place
    lang = "markdown" if uri.endswith(".md") else "python"
    line, byte, key = number * 4, number * 100, URIS.index(uri) * 10 + number + 1
    chunk = Chunk(key, uri, "courier", line, line + 3, byte, byte + 100, "", lang, "block", "", key, symbols)
    hits = {"bm25": bm25, "dense": vector, "splade": splade}
    found = [ChannelHit(channel, rank, 1 / rank, 1.0) for channel, rank in hits.items() if rank]
    return Candidate(ROOT, chunk, found)


def prepared(candidates: list[Candidate]) -> PreparedQuery:
    return prepared_from(REPOSITORY, QUERY, Tier.MEANING, intent_of(QUERY.text), candidates)


def weights_of(chosen: dict[str, float]) -> Weights:
    weights = DEFAULT_WEIGHTS
    for name, value in chosen.items():
        weights = varied(weights, name, value)
    return weights


@given(entries, constants)
@settings(deadline=None)
def test_the_best_ten_are_the_products(
    found: dict[tuple[str, int], tuple[tuple[str, ...], int | None, int | None, int | None]],
    chosen: dict[str, float],
) -> None:
    kept = [candidate(place, *entry) for place, entry in found.items() if any(entry[1:])]
    if kept:
        assert check_equal([prepared(kept)], weights_of(chosen)) == 1


def test_the_score_is_that_of_the_protocol() -> None:
    one = prepared([candidate((uri, number), (), None, 1 + number) for number, uri in enumerate(URIS)])
    chunks = [one.found[place].chunk for place in order(one, DEFAULT_WEIGHTS)]
    results = [Result(chunk.uri, chunk.start_line + 1, chunk.end_line + 1) for chunk in chunks]
    expected = ndcg(results, QUERY.targets, "chunk")
    assert 0 < expected < 1
    assert score(one, DEFAULT_WEIGHTS) == pytest.approx(expected)


def test_a_difference_from_the_product_is_an_error() -> None:
    one = prepared([candidate(("retry.py", 0), (), 1, 1), candidate(("backoff/policy.py", 0), (), 2, 2)])
    wrong = replace(one, bm25_rank=one.bm25_rank[::-1], vector_rank=one.vector_rank[::-1])
    flat = weights_of({"stem": 0, "path": 0, "coherence": 0})
    assert check_equal([one], flat) == 1
    with pytest.raises(RuntimeError, match="no longer ranks"):
        check_equal([wrong], flat)
