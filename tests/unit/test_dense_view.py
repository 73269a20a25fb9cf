"""The dense view: an immutable set of vectors over a base that folds, compared with a dictionary of vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines.dense import DenseIndex
from codeintel.engines.dense_view import FOLD_ROWS, DenseView

DIM = 4
Oracle = dict[int, npt.NDArray[np.float32]]


def vector(seed: int) -> npt.NDArray[np.float32]:
    """A unit vector that depends on `seed` alone."""
    raw = np.random.default_rng(seed).normal(size=DIM).astype(np.float32)
    return raw / np.linalg.norm(raw)


def stacked(seeds: list[int]) -> npt.NDArray[np.float32]:
    return np.stack([vector(seed) for seed in seeds]) if seeds else np.empty((0, DIM), np.float32)


def numbers(*ids: int) -> npt.NDArray[np.int64]:
    return np.array(ids, np.int64)


def view_of(seeds: dict[int, int]) -> DenseView:
    """A view with nothing on top of its base; `seeds` by id."""
    ids = numbers(*sorted(seeds))
    return DenseView(DenseIndex.build(DIM, ids, stacked([seeds[i] for i in ids.tolist()])))


def check(view: DenseView, oracle: Oracle, allowed: npt.NDArray[np.int64] | None = None) -> None:
    """The view's ids, vectors and searches are the oracle's, for every k."""
    assert len(view) == len(oracle)
    assert view.ids().tolist() == sorted(oracle)
    wanted = sorted(oracle, reverse=True)
    assert np.array_equal(
        view.reconstruct(wanted), np.stack([oracle[i] for i in wanted]) if wanted else stacked([])
    )
    candidates = {i: v for i, v in oracle.items() if allowed is None or i in allowed}
    query = vector(-1 & 0xFFFF)
    for k in (1, 3, len(oracle) + 2):
        check_search(view, candidates, query, k, allowed)


def check_search(
    view: DenseView,
    oracle: Oracle,
    query: npt.NDArray[np.float32],
    k: int,
    allowed: npt.NDArray[np.int64] | None,
) -> None:
    """The best scores are the oracle's best, each hit has its own score, best first, and no id comes twice."""
    hits = view.search(query, k, allowed)
    best = sorted((float(v @ query) for v in oracle.values()), reverse=True)[:k]
    assert hits.scores.tolist() == pytest.approx(best, abs=1e-6)
    assert len(set(hits.ids.tolist())) == len(hits.ids)
    assert [float(oracle[i] @ query) for i in hits.ids.tolist()] == pytest.approx(
        hits.scores.tolist(), abs=1e-6
    )


IDS = st.integers(1, 12)
SEEDS = st.dictionaries(IDS, st.integers(0, 40), max_size=8)
STEP = st.one_of(
    st.tuples(st.just("change"), st.sets(IDS, max_size=3), SEEDS),
    st.tuples(st.just("without"), st.sets(IDS, max_size=4), st.just({})),
    st.tuples(st.just("fold"), st.just(set()), st.just({})),
)


@given(SEEDS, st.lists(STEP, max_size=6), st.none() | st.sets(IDS))
@settings(deadline=None)
def test_a_view_is_a_dictionary_of_vectors(
    start: dict[int, int], steps: list[tuple[str, set[int], dict[int, int]]], allowed: set[int] | None
) -> None:
    view = view_of(start)
    oracle = {i: vector(seed) for i, seed in start.items()}
    within = None if allowed is None else numbers(*sorted(allowed))
    check(view, oracle, within)
    for action, gone, added in steps:
        if action == "fold":
            view = view.folded()
        elif action == "without":
            view = view.without(numbers(*gone))
        else:
            view = view.changed(numbers(*gone), numbers(*added), stacked(list(added.values())))
        oracle = {i: v for i, v in oracle.items() if i not in gone}
        oracle.update({i: vector(seed) for i, seed in added.items()})
        check(view, oracle, within)


@given(SEEDS, st.sets(IDS), SEEDS)
@settings(deadline=None)
def test_a_change_leaves_the_view_it_came_from_alone(
    start: dict[int, int], gone: set[int], added: dict[int, int]
) -> None:
    before = view_of(start)
    before.changed(numbers(*gone), numbers(*added), stacked(list(added.values())))
    check(before, {i: vector(seed) for i, seed in start.items()})


@given(SEEDS, st.sets(IDS), SEEDS)
@settings(deadline=None)
def test_a_reader_keeps_what_it_was_given_while_the_writer_folds(
    start: dict[int, int], gone: set[int], added: dict[int, int]
) -> None:
    reader = view_of(start).changed(numbers(*gone), numbers(*added), stacked(list(added.values())))
    size = len(reader)
    reader.folded()
    assert len(reader) == size
    oracle = {i: vector(seed) for i, seed in start.items() if i not in gone}
    oracle.update({i: vector(seed) for i, seed in added.items()})
    check_search(reader, oracle, vector(7), len(oracle) + 1, None)


def test_a_folded_view_has_one_row_of_the_idmap_for_each_id() -> None:
    view = view_of({1: 1, 2: 2, 3: 3}).changed(numbers(2), numbers(3, 9), stacked([30, 90])).folded()
    idmap = view.idmap()
    assert sorted(idmap.chunk_id.tolist()) == view.ids().tolist() == [1, 3, 9]
    assert sorted(idmap.faiss_row.tolist()) == [0, 1, 2]
    assert set(idmap.source) == {"primary"}


def test_equal_scores_ascend_by_id_in_whichever_layer_they_lie() -> None:
    same = np.eye(DIM, dtype=np.float32)[[0, 0]]  # whose products are exact in any order of summing
    view = DenseView(DenseIndex.build(DIM, numbers(2, 5), same)).changed(numbers(), numbers(4, 1), same)
    assert view.search(same[0], 4).ids.tolist() == [1, 2, 4, 5]
    assert view.search(same[0], 2).ids.tolist() == [1, 2]
    assert view.folded().search(same[0], 4).ids.tolist() == [1, 2, 4, 5]


def test_a_missing_id_cannot_be_reconstructed() -> None:
    with pytest.raises(KeyError):
        view_of({1: 1}).without(numbers(1)).reconstruct([1])


def test_a_view_asks_to_be_folded_when_much_lies_on_its_base() -> None:
    ids = np.arange(1, FOLD_ROWS + 2)
    vectors = np.tile(vector(0), (len(ids), 1))
    empty = view_of({})
    assert not empty.changed(numbers(), ids[:-1], vectors[:-1]).needs_fold
    grown = empty.changed(numbers(), ids, vectors)
    assert grown.needs_fold
    folded = grown.folded()
    assert not folded.needs_fold
    assert folded.without(ids).needs_fold
