"""The sparse engine against sums done by hand: any way of adding and removing gives what a fresh build gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines import sparse
from codeintel.engines.sparse import IMPACT_STEP, SparseQuery, SparseView, TermRows
from codeintel.engines.sparse_base import ImpactBase
from codeintel.engines.sparse_rows import MOST_IMPACT, MOST_TERMS, impacts_of

Corpus = dict[int, dict[int, float]]
Weighed = Mapping[int, float]

WEIGHTS = st.floats(0.0, 5.0)
ROWS = st.dictionaries(st.integers(0, 9), WEIGHTS, max_size=6)
IDS = st.integers(1, 12)
CORPORA = st.dictionaries(IDS, ROWS, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sets(IDS, max_size=4), CORPORA),
        st.tuples(st.just("fold"), st.just(set()), st.just({})),
        st.tuples(st.just("fold beside"), st.sets(IDS, max_size=3), CORPORA),
    ),
    max_size=8,
)


def rows_of(corpus: Corpus) -> TermRows:
    return TermRows.of(list(corpus), [(list(row), list(row.values())) for row in corpus.values()])


def query_of(weighed: Weighed) -> SparseQuery:
    return SparseQuery.of(list(weighed), list(weighed.values()))


def impacts(weighed: Weighed) -> dict[int, int]:
    found = {term: round(min(weight / IMPACT_STEP, MOST_IMPACT)) for term, weight in weighed.items()}
    return {term: impact for term, impact in found.items() if impact}


def by_hand(corpus: Corpus, query: SparseQuery) -> dict[int, float]:
    """The score of every chunk that has a term of the query."""
    steps = dict(zip(query.terms.tolist(), query.steps.tolist(), strict=True))
    scale = IMPACT_STEP * sparse.QUERY_STEP
    sums = {
        number: sum(impact * steps.get(term, 0.0) for term, impact in impacts(row).items()) * scale
        for number, row in corpus.items()
    }
    return {number: score for number, score in sums.items() if score}


def check(view: SparseView, corpus: Corpus, query: SparseQuery, allowed: set[int] | None = None) -> None:
    """The view's ids, rows, searches and explanations are the corpus's, exactly."""
    assert len(view) == len(corpus)
    assert view.ids().tolist() == sorted(corpus)
    assert view.holds(range(14)).tolist() == [number in corpus for number in range(14)]
    kept = view.rows(range(1, 14))
    assert kept.ids.tolist() == sorted(corpus)
    for number, start, stop in zip(kept.ids.tolist(), kept.starts[:-1], kept.starts[1:], strict=True):
        stored = dict(zip(kept.terms[start:stop].tolist(), kept.impacts[start:stop].tolist(), strict=True))
        assert stored == dict(sorted(impacts(corpus[number]).items()))
    scores = by_hand(corpus, query)
    best = sorted(
        ((-score, number) for number, score in scores.items() if allowed is None or number in allowed)
    )
    for k in (1, 3, 20):
        hits = view.search(query, k, None if allowed is None else sorted(allowed))
        assert list(zip((-hits.scores).tolist(), hits.ids.tolist(), strict=True)) == best[:k]
    for number in range(14):
        assert view.explain(query, number).sum() == scores.get(number, 0.0)  # no tolerance: whole numbers


@settings(max_examples=150, deadline=None)
@given(CORPORA, STEPS, st.dictionaries(st.integers(0, 9), WEIGHTS, max_size=5), st.none() | st.sets(IDS))
def test_any_way_of_changing_answers_as_a_fresh_build(
    start: Corpus, steps: list[tuple[str, set[int], Corpus]], weighed: Weighed, allowed: set[int] | None
) -> None:
    view, corpus, query = SparseView.build(rows_of(start)), dict(start), query_of(weighed)
    earlier = [(view, dict(corpus))]
    for kind, removed, added in steps:
        before = view
        if kind != "fold":
            view = view.changed(sorted(removed), rows_of(added))
            corpus = {number: row for number, row in corpus.items() if number not in removed} | added
        if kind != "change":
            view = view.folded() if kind == "fold" else view.over(before.folded(), before)
        earlier.append((view, dict(corpus)))
    fresh = SparseView.build(rows_of(dict(sorted(corpus.items()))))
    for one in (view, fresh):
        check(one, corpus, query, allowed)
    folded, built = view.folded().base, fresh.base
    for field in ("ids", "terms", "starts", "rows", "impacts"):
        assert np.array_equal(getattr(folded, field), getattr(built, field)), field
    for old, as_it_was in earlier:  # who holds an older view sees what it was
        check(old, as_it_was, query, allowed)


def test_equal_scores_ascend_by_id_whatever_came_first() -> None:
    row = {3: 1.0}
    for numbers in ([*range(1, 60)], [*range(59, 0, -1)]):
        view = SparseView.build(rows_of(dict.fromkeys(numbers[:30], row)))
        view = view.changed([], rows_of(dict.fromkeys(numbers[30:], row)))
        assert view.search(query_of(row), 4).ids.tolist() == [1, 2, 3, 4]
        assert view.search(query_of(row), 2, [50, 9, 17]).ids.tolist() == [9, 17]


def test_weights_become_steps_and_what_is_no_weight_nothing() -> None:
    weights = np.array([0.0, 0.007, 0.008, 1.0, 3.98, 80.0, -1.0, np.nan, np.inf, -np.inf], np.float32)
    assert impacts_of(weights).tolist() == [0, 0, 1, 64, 255, 255, 0, 0, 0, 0]
    rows = TermRows.of([1], [(list(range(10)), weights)])
    assert rows.terms.tolist() == [2, 3, 4, 5]
    query = SparseQuery.of(list(range(10)), weights)
    assert query.terms.tolist() == [1, 2, 3, 4, 5]
    assert np.isfinite(query.steps).all()


def test_of_a_repeated_term_the_greatest_weight_counts_and_of_a_repeated_id_the_last_text() -> None:
    rows = TermRows.of([7, 7], [([1], [1.0]), ([5] * 100_000 + [2], [1.0] * 99_999 + [2.0, 0.5])])
    assert rows.ids.tolist() == [7]
    assert rows.terms.tolist() == [2, 5]
    assert rows.impacts.tolist() == [32, 128]
    assert SparseQuery.of([4, 4, 1], [0.5, 2.0, 1.0]).steps.tolist() == [1024.0, 2048.0]


def test_a_text_keeps_its_weightiest_terms() -> None:
    terms = np.arange(2 * MOST_TERMS)
    rows = TermRows.of([1], [(terms, np.linspace(0.1, 3.0, len(terms)))])
    assert len(rows.terms) == MOST_TERMS
    assert rows.terms.tolist() == sorted(rows.terms.tolist())
    assert rows.impacts.min() >= 90


def test_a_chunk_without_a_term_is_known_and_never_found() -> None:
    view = SparseView.build(rows_of({1: {}, 2: {4: 1.0}}))
    assert view.holds([1, 2, 3]).tolist() == [True, True, False]
    assert view.search(query_of({4: 1.0}), 5).ids.tolist() == [2]


@pytest.mark.parametrize("view", [SparseView.empty(), SparseView.build(rows_of({5: {1: 1.0}}))])
def test_nothing_asked_finds_nothing(view: SparseView) -> None:
    asked = query_of({1: 1.0})
    for hits in (
        view.search(query_of({}), 5),
        view.search(asked, 0),
        view.search(asked, -3),
        view.search(asked, 5, []),
        view.search(query_of({2: 1.0}), 5),
        view.search(query_of({2**31 - 1: 1.0}), 5),
    ):
        assert hits.ids.dtype == np.int64 and hits.scores.dtype == np.float64
        assert not hits.ids.size


def test_a_change_leaves_the_base_alone_until_a_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse, "FOLD_ROWS", 3)
    view = SparseView.build(rows_of({number: {1: 1.0} for number in range(1, 6)}))
    base = view.base
    for number in range(6, 9):
        view = view.changed([number - 5], rows_of({number: {1: 1.0}}))
        assert view.base is base and not view.needs_fold
    view = view.without([4])
    assert view.base is base and view.needs_fold
    folded = view.folded()
    assert folded.ids().tolist() == [5, 6, 7, 8] and not folded.needs_fold
    assert folded.folded() is folded


def test_views_without_a_common_base_are_not_mixed() -> None:
    one, other = SparseView.build(rows_of({1: {1: 1.0}})), SparseView.build(rows_of({1: {1: 1.0}}))
    with pytest.raises(ValueError, match="no base in common"):
        one.over(other.folded(), other)


@pytest.mark.parametrize(
    ("ids", "weighed"),
    [([0], [([1], [1.0])]), ([1, 2], [([1], [1.0])]), ([1], [([1, 2], [1.0])]), ([1], [([-1], [1.0])])],
)
def test_rows_that_cannot_be_are_refused(
    ids: list[int], weighed: list[tuple[list[int], list[float]]]
) -> None:
    with pytest.raises(ValueError):
        TermRows.of(ids, weighed)


def test_a_base_says_what_it_takes() -> None:
    base = ImpactBase.build(rows_of({1: {1: 1.0, 2: 1.0}, 2: {2: 1.0}}))
    assert base.nbytes == 2 * 8 + 2 * 4 + 3 * 8 + 3 * 4 + 3
