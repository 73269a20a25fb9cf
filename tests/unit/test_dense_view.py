"""The dense view: an immutable set of vectors over a base that folds, compared with a dictionary of vectors."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeintel.engines import dense
from codeintel.engines.dense import DenseIndex
from codeintel.engines.dense_presets import ANY_COUNT, PRESETS, Preset
from codeintel.engines.dense_view import FOLD_ROWS, DenseView

DIM = 4
Oracle = dict[int, npt.NDArray[np.float32]]

# Small enough to be folded, merged and outgrown by a handful of vectors; exact, as every list is probed.
FLAT = replace(PRESETS[0], max_count=6)
GROWING = replace(PRESETS[0], max_count=ANY_COUNT)
LISTS = replace(PRESETS[2], min_count=0, max_count=ANY_COUNT, parameters={"nprobe": 64})
L2 = replace(next(preset for preset in PRESETS if preset.name == "flat-l2-float32"), max_count=ANY_COUNT)


def vector(seed: int) -> npt.NDArray[np.float32]:
    """A unit vector that depends on `seed` alone."""
    raw = np.random.default_rng(seed).normal(size=DIM).astype(np.float32)
    return raw / np.linalg.norm(raw)


def stacked(seeds: Sequence[int]) -> npt.NDArray[np.float32]:
    return np.stack([vector(seed) for seed in seeds]) if seeds else np.empty((0, DIM), np.float32)


def numbers(*ids: int) -> npt.NDArray[np.int64]:
    return np.array(ids, np.int64)


def view_of(seeds: dict[int, int], preset: Preset = GROWING) -> DenseView:
    """A view with nothing on top of its base; `seeds` by id."""
    ids = numbers(*sorted(seeds))
    return DenseView(DenseIndex.build(DIM, ids, stacked([seeds[i] for i in ids.tolist()]), preset))


def check(view: DenseView, oracle: Oracle, allowed: npt.NDArray[np.int64] | None = None) -> None:
    """The view's ids, vectors, places and searches are the oracle's, for every k."""
    assert len(view) == len(oracle)
    assert view.ids().tolist() == sorted(oracle)
    assert view.holds(range(14)).tolist() == [number in oracle for number in range(14)]
    wanted = sorted(oracle, reverse=True)
    assert np.array_equal(
        view.reconstruct(wanted), np.stack([oracle[i] for i in wanted]) if wanted else stacked([])
    )
    for absent in set(range(14)) - set(oracle):
        with pytest.raises(KeyError, match=str(absent)):
            view.reconstruct([*wanted, absent])
    check_places(view, wanted)
    candidates = {i: v for i, v in oracle.items() if allowed is None or i in allowed}
    for k in (1, 3, len(oracle) + 2):
        check_search(view, candidates, vector(0xFFFF), k, allowed)


def check_places(view: DenseView, wanted: list[int]) -> None:
    """Each id has a place of its own, and what the base has lies where the base says."""
    places = view.places(wanted)
    assert places.chunk_id.tolist() == places.faiss_id.tolist() == wanted
    rows = list(zip(places.source.tolist(), places.faiss_row.tolist(), strict=True))
    assert len(set(rows)) == len(rows)
    idmap = view.base.idmap()
    below = dict(
        zip(zip(idmap.source.tolist(), idmap.faiss_row.tolist(), strict=True), idmap.chunk_id, strict=True)
    )
    for place, chunk_id in zip(rows, wanted, strict=True):
        if place[0] == "primary" or place[1] < view.base.secondary_count:
            assert below[place] == chunk_id


def check_search(
    view: DenseView,
    oracle: Oracle,
    query: npt.NDArray[np.float32],
    k: int,
    allowed: npt.NDArray[np.int64] | None,
) -> None:
    """The best scores are the oracle's best, each hit has its own score, best first, and no id comes twice."""

    def score(stored: npt.NDArray[np.float32]) -> float:
        is_product = view.base.preset.metric == "ip"
        return float(stored @ query) if is_product else -float(((stored - query) ** 2).sum())

    hits = view.search(query, k, allowed)
    best = sorted((score(v) for v in oracle.values()), reverse=True)[:k]
    assert hits.scores.tolist() == pytest.approx(best, abs=1e-6)
    assert len(set(hits.ids.tolist())) == len(hits.ids)
    assert [score(oracle[i]) for i in hits.ids.tolist()] == pytest.approx(hits.scores.tolist(), abs=1e-6)


IDS = st.integers(1, 12)
SEEDS = st.dictionaries(IDS, st.integers(0, 40), max_size=8)
STEP = st.one_of(
    st.tuples(st.just("change"), st.sets(IDS, max_size=3), SEEDS),
    st.tuples(st.just("without"), st.sets(IDS, max_size=4), st.just({})),
    st.tuples(st.just("fold"), st.just(set()), st.just({})),
)


@given(
    st.sampled_from([GROWING, FLAT, LISTS, L2]),
    SEEDS,
    st.lists(st.tuples(STEP, st.integers(0, 5)), max_size=7),
    st.none() | st.sets(IDS),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_view_stays_the_dictionary_that_it_was_made_as(
    preset: Preset,
    start: dict[int, int],
    steps: list[tuple[tuple[str, set[int], dict[int, int]], int]],
    allowed: set[int] | None,
) -> None:
    """Whichever of the views so far is changed or folded, lists trained anew or a flat base outgrown among that."""
    within = None if allowed is None else numbers(*sorted(allowed))
    seen: list[tuple[DenseView, Oracle]] = [
        (view_of(start, preset), {i: vector(s) for i, s in start.items()})
    ]
    with patch.object(dense, "MERGE_COUNT", 3), patch.object(dense, "MERGE_SHARE", 0):
        for (action, gone, added), back in steps:
            view, oracle = seen[max(0, len(seen) - 1 - back)]
            if action == "fold":
                view.fold()
            elif action == "without":
                seen.append(
                    (view.without(numbers(*gone)), {i: v for i, v in oracle.items() if i not in gone})
                )
            else:
                changed = view.changed(numbers(*gone), numbers(*added), stacked(list(added.values())))
                fresh = {i: vector(seed) for i, seed in added.items()}
                seen.append((changed, {i: v for i, v in oracle.items() if i not in gone} | fresh))
        for view, oracle in seen:
            check(view, oracle, within)


@given(SEEDS, st.sets(IDS), SEEDS)
@settings(deadline=None)
def test_a_change_leaves_the_view_it_came_from_alone(
    start: dict[int, int], gone: set[int], added: dict[int, int]
) -> None:
    before = view_of(start)
    before.changed(numbers(*gone), numbers(*added), stacked(list(added.values())))
    check(before, {i: vector(seed) for i, seed in start.items()})


def test_after_a_fold_everything_lies_in_the_base() -> None:
    view = view_of({1: 1, 2: 2, 3: 3}).changed(numbers(2), numbers(3, 9), stacked([30, 90]))
    view.fold()
    idmap = view.idmap()
    assert idmap.chunk_id.tolist() == view.ids().tolist() == view.base.ids().tolist() == [1, 3, 9]
    assert sorted(idmap.faiss_row.tolist()) == [0, 1, 2]
    assert set(idmap.source) == {"primary"}


def test_a_fold_adds_to_trained_lists_beside_them_until_they_are_trained_again() -> None:
    with patch.object(dense, "MERGE_COUNT", 2), patch.object(dense, "MERGE_SHARE", 0):
        view = view_of({1: 1, 2: 2, 3: 3}, LISTS).changed(numbers(2), numbers(7, 8), stacked([7, 8]))
        lists = view.base
        view.fold()
        assert view.base is lists
        assert view.idmap().source.tolist() == ["primary", "primary", "secondary", "secondary"]
        grown = view.changed(numbers(), numbers(9), stacked([9]))
        assert grown.needs_fold
        grown.fold()
        assert view.base is grown.base is not lists
        assert set(grown.idmap().source) == {"primary"}
        check(view, {i: vector(i) for i in (1, 3, 7, 8)})
        check(grown, {i: vector(i) for i in (1, 3, 7, 8, 9)})


def test_places_stay_until_a_fold() -> None:
    """So that a save writes the places of its own documents only."""
    view = view_of({1: 1, 2: 2, 3: 3}).changed(numbers(2), numbers(7, 8, 9), stacked([7, 8, 9]))
    before = view.places([1, 3, 7, 9])
    later = view.changed(numbers(8), numbers(5, 2), stacked([5, 2])).without(numbers(5))
    assert later.places([1, 3, 7, 9]).faiss_row.tolist() == before.faiss_row.tolist() == [0, 2, 0, 2]
    assert later.places([1, 3, 7, 9]).source.tolist() == ["primary", "primary", "secondary", "secondary"]
    assert later.places([2]).faiss_row.tolist() == [4]
    with pytest.raises(KeyError, match="8"):
        later.places([1, 8])


def test_what_is_added_lies_behind_the_secondary_of_trained_lists() -> None:
    view = view_of({1: 1, 2: 2}, LISTS).changed(numbers(), numbers(3, 4), stacked([3, 4]))
    view.fold()
    later = view.changed(numbers(), numbers(5), stacked([5]))
    assert later.places([3, 4, 5]).faiss_row.tolist() == [0, 1, 2]
    assert set(later.places([3, 4, 5]).source) == {"secondary"}


@pytest.mark.parametrize("is_asked", [True, False])
def test_what_a_fold_took_out_is_kept_only_as_long_as_a_view_needs_it(is_asked: bool) -> None:
    old = view_of({1: 1, 2: 2})
    new = old.without(numbers(1))
    new.fold()
    difference = weakref.ref(old._standing.epoch)
    assert difference() is not None
    if is_asked:
        assert old.reconstruct([1]).tolist() == [vector(1).tolist()]  # has its own copy from now on
    else:
        del old
    gc.collect()
    assert difference() is None
    assert new.base.ids().tolist() == [2]


def test_a_copy_of_a_vector_scores_the_same_in_every_row_and_layer() -> None:
    """FAISS and numpy sum in another order, and so does either at another row: ties would be broken by that."""
    ids = np.arange(1, 40)
    one = np.random.default_rng(1).normal(size=384).astype(np.float32)
    query = np.random.default_rng(2).normal(size=384).astype(np.float32)
    view = DenseView(DenseIndex.build(384, ids[:20], np.tile(one, (20, 1))))
    view = view.changed(numbers(), ids[20:], np.tile(one, (19, 1)))
    hits = view.search(query, 10)
    assert len(set(hits.scores.tolist())) == 1
    assert sorted(hits.ids.tolist()) == hits.ids.tolist()


def test_equal_scores_ascend_by_id_in_whichever_layer_they_lie() -> None:
    same = np.eye(DIM, dtype=np.float32)[[0, 0]]  # whose products are exact in any order of summing
    view = DenseView(DenseIndex.build(DIM, numbers(2, 5), same)).changed(numbers(), numbers(4, 1), same)
    assert view.search(same[0], 4).ids.tolist() == [1, 2, 4, 5]
    assert view.search(same[0], 2).ids.tolist() == [1, 2]
    view.fold()
    assert view.search(same[0], 4).ids.tolist() == [1, 2, 4, 5]


def test_a_query_that_is_not_finite_finds_nothing() -> None:
    view = view_of({1: 1}).changed(numbers(), numbers(2), stacked([2]))
    assert not view.search(np.full(DIM, np.nan, np.float32), 5).ids.size
    assert not view.search(vector(1), 0).ids.size


def test_vectors_are_the_views_own() -> None:
    given_vectors = stacked([5])
    view = view_of({}).changed(numbers(), numbers(5), given_vectors)
    given_vectors[:] = 0
    assert view.reconstruct([5]).tolist() == [vector(5).tolist()]


def test_wrong_shapes_are_refused_and_of_a_repeated_id_the_last_counts() -> None:
    with pytest.raises(ValueError, match="shape"):
        view_of({}).changed(numbers(), numbers(1, 2), stacked([1]))
    view = view_of({}).changed(numbers(), numbers(1, 1), stacked([1, 2]))
    check(view, {1: vector(2)})


def test_a_view_asks_to_be_folded_when_much_lies_on_its_base() -> None:
    ids = np.arange(1, FOLD_ROWS + 2)
    vectors = np.tile(vector(0), (len(ids), 1))
    empty = view_of({})
    assert not empty.changed(numbers(), ids[:-1], vectors[:-1]).needs_fold
    grown = empty.changed(numbers(), ids, vectors)
    assert grown.needs_fold
    grown.fold()
    assert not grown.needs_fold
    assert grown.without(ids).needs_fold
    again = view_of({})
    for _ in range(FOLD_ROWS + 1):
        again = again.changed(numbers(), ids[:1], vectors[:1])
    assert len(again) == 1
    assert again.needs_fold  # rows that died stay where they are


@pytest.mark.parametrize("preset", [GROWING, LISTS], ids=["flat", "lists"])
def test_views_of_every_age_answer_while_others_change_and_fold(preset: Preset) -> None:
    """One thread changes, two fold, two ask: every answer is right for the view that was asked."""
    ids = numbers(*range(1, 13))
    first = view_of(dict.fromkeys(ids.tolist(), 1), preset)
    current: list[tuple[DenseView, int]] = [(first, 1)]
    wrong: list[object] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            for view, seed in (current[0], current[-1], current[len(current) // 2]):
                hits = view.search(vector(seed), 20)
                if sorted(hits.ids.tolist()) != ids.tolist() or abs(float(hits.scores.min()) - 1) > 1e-5:
                    wrong.append((seed, hits))
                if not np.array_equal(view.reconstruct(ids), stacked([seed] * len(ids))):
                    wrong.append((seed, "vectors"))

    def fold() -> None:
        while not done.is_set():
            current[-1][0].fold()

    with patch.object(dense, "MERGE_COUNT", 30), patch.object(dense, "MERGE_SHARE", 0):
        threads = [threading.Thread(target=target) for target in (ask, ask, fold, fold)]
        for thread in threads:
            thread.start()
        for seed in range(2, 150):
            current.append((current[-1][0].changed(ids, ids, stacked([seed] * len(ids))), seed))
            del current[1 : max(1, len(current) - 20)]
        done.set()
        for thread in threads:
            thread.join()
    assert not wrong
