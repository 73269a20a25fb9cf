"""The dense engine: what is stored is found, filtered, replaced and removed under every preset."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines.dense import MERGE_COUNT, DenseIndex
from codeintel.engines.dense_parts import Ids, Vectors
from codeintel.engines.dense_presets import ANY_COUNT, PRESETS, Preset, preset_for
from codeintel.errors import IndexCorrupt, UsageError

DIM = 16
COUNT = 400

# The large presets on small data: their thresholds lowered, every list probed, so that answers are exact.
SMALL_PRESETS = [
    replace(preset, min_count=0, max_count=ANY_COUNT, parameters={"nprobe": 64} if preset.inverted else {})
    for preset in PRESETS
]
every_preset = pytest.mark.parametrize("preset", SMALL_PRESETS, ids=lambda preset: preset.name)


def unit_vectors(count: int, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def large_ids(count: int, seed: int = 0) -> Ids:
    return np.random.default_rng(seed).choice(2**62, count, replace=False).astype(np.int64) + 1


def filled(preset: Preset) -> tuple[DenseIndex, Ids, Vectors]:
    """Half in the build, half added after it: for an inverted preset those lie in the secondary."""
    ids, vectors = large_ids(COUNT), unit_vectors(COUNT)
    index = DenseIndex.build(DIM, ids[: COUNT // 2], vectors[: COUNT // 2], preset)
    index.add(ids[COUNT // 2 :], vectors[COUNT // 2 :])
    return index, ids, vectors


def assert_find_themselves(index: DenseIndex, ids: Ids, vectors: Vectors) -> None:
    for chunk_id, vector in zip(ids.tolist(), vectors, strict=True):
        assert index.search(vector, 1).ids.tolist() == [chunk_id]


@every_preset
def test_after_removals_every_survivor_finds_itself(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    gone = np.zeros(COUNT, bool)
    gone[::3] = True
    assert index.remove(ids[gone]) == gone.sum()
    assert index.remove(ids[gone]) == 0
    assert_find_themselves(index, ids[~gone], vectors[~gone])
    assert not np.isin(index.search(vectors[0], COUNT).ids, ids[gone]).any()
    assert index.ids().tolist() == sorted(ids[~gone].tolist())
    assert len(index) == (~gone).sum()


@every_preset
def test_an_inverted_index_keeps_its_own_ids(preset: Preset) -> None:
    """IndexIDMap2 over an IVF answers wrong ids after a removal, silently."""
    index, _, _ = filled(preset)
    assert isinstance(index._primary.index, faiss.IndexIVF) == preset.inverted
    assert isinstance(index._secondary.index, faiss.IndexIDMap2)


@every_preset
def test_removing_twice_in_turn_with_adding_keeps_ids_right(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    for start in range(4):
        index.remove(ids[start::7])
        index.add(ids[start::7], vectors[start::7])
    assert_find_themselves(index, ids, vectors)


@every_preset
def test_adding_an_id_again_replaces_its_vector(preset: Preset) -> None:
    index, ids, _ = filled(preset)
    moved = np.concatenate([ids[:20], ids[-20:]])
    vectors = unit_vectors(40, seed=7)
    index.add(moved, vectors)
    assert len(index) == COUNT
    assert_find_themselves(index, moved, vectors)


def test_of_an_id_given_twice_the_last_vector_counts() -> None:
    vectors = unit_vectors(3)
    index = DenseIndex.build(DIM, [5, 6, 5], vectors)
    assert index.ids().tolist() == [5, 6]
    np.testing.assert_array_equal(index.reconstruct([5])[0], vectors[2])


@every_preset
def test_selectors_allow_exclude_and_combine(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    allowed, excluded = ids[::2], ids[::5]
    assert set(index.search(vectors[0], COUNT, allowed=allowed).ids) == set(allowed)
    assert set(index.search(vectors[0], COUNT, exclude=excluded).ids) == set(ids) - set(excluded)
    both = index.search(vectors[0], COUNT, allowed, excluded)
    assert set(both.ids) == set(allowed) - set(excluded)
    assert not index.search(vectors[0], 5, allowed=[]).ids.size
    assert not index.search(vectors[0], 5, allowed=[999]).ids.size


@every_preset
def test_scores_descend_and_k_is_capped_at_what_is_there(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    hits = index.search(vectors[3], 10**9)
    assert set(hits.ids) == set(ids)
    assert (np.diff(hits.scores) <= 0).all()
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32
    assert not index.search(vectors[3], 0).ids.size


def test_a_narrow_filter_probes_enough_lists_to_find_what_it_allows() -> None:
    preset = replace(SMALL_PRESETS[2], parameters={"nprobe": 1})
    ids, vectors = large_ids(2_000), unit_vectors(2_000)
    index = DenseIndex.build(DIM, ids, vectors, preset)
    assert len(index.search(vectors[0], 10).ids) == 10
    assert set(index.search(vectors[0], 10, allowed=ids[-5:]).ids) == set(ids[-5:])


@every_preset
def test_stored_vectors_come_back_by_id_and_by_row(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    index.remove(ids[::9])
    kept = np.delete(np.arange(COUNT), np.s_[::9])[::-1]
    errors = np.abs(index.reconstruct(ids[kept]) - vectors[kept])
    assert errors[kept < COUNT // 2].max() < (0.02 if "SQ8" in preset.factory else 1e-3)
    # SQ8 clips what lies outside the range it was trained on, here on 200 vectors
    assert errors.max() < (0.25 if "SQ8" in preset.factory else 1e-3)
    assert index.reconstruct([]).shape == (0, DIM)
    with pytest.raises(KeyError, match=str(ids[0])):
        index.reconstruct(ids[:1])


@every_preset
def test_idmap_rows_hold_the_vectors_of_their_ids(preset: Preset) -> None:
    index, ids, _ = filled(preset)
    index.remove(ids[::4])
    idmap = index.idmap()
    assert sorted(idmap.chunk_id.tolist()) == index.ids().tolist()
    assert (idmap.faiss_id == idmap.chunk_id).all()
    assert set(idmap.source) == ({"primary", "secondary"} if preset.inverted else {"primary"})
    for source, part in (("primary", index._primary), ("secondary", index._secondary)):
        here = idmap.source == source
        stored = part.at_rows(idmap.faiss_row[here])
        np.testing.assert_array_equal(stored, index.reconstruct(idmap.chunk_id[here]))


@every_preset
def test_places_follow_every_change(preset: Preset) -> None:
    """Rows are looked up in a table that is kept until the next change: it must not outlive one."""
    index, ids, _ = filled(preset)
    for gone in (ids[::4], ids[1::4]):
        index.remove(gone)
        kept = index.ids()
        assert index.holds([*ids, 7]).tolist() == [*np.isin(ids, kept).tolist(), False]
        wanted = np.random.default_rng(2).permutation(kept)
        places, idmap = index.places(wanted), index.idmap()
        assert places.chunk_id.tolist() == wanted.tolist()
        rows = {i: (s, r) for i, s, r in zip(idmap.chunk_id, idmap.source, idmap.faiss_row, strict=True)}
        assert [rows[i] for i in wanted] == list(zip(places.source, places.faiss_row, strict=True))
        with pytest.raises(KeyError, match=str(gone[0])):
            index.places(gone[:1])


@every_preset
def test_merging_can_leave_out_and_take_in(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    gone = np.sort(ids[::2])
    moved = np.concatenate([gone[:5], [11, 12]])
    fresh = unit_vectors(7, seed=5)
    merged = index.merged(gone, moved, fresh)
    kept = ~np.isin(ids, gone)
    assert merged.ids().tolist() == sorted([*ids[kept].tolist(), *moved.tolist()])
    assert_find_themselves(merged, moved, fresh)
    assert_find_themselves(merged, ids[kept], vectors[kept])
    assert len(index) == COUNT


@every_preset
def test_merging_moves_everything_into_the_primary(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    merged = index.merged()
    assert set(merged.idmap().source) == {"primary"}
    assert merged.parameters == index.parameters
    assert_find_themselves(merged, ids, vectors)
    assert_find_themselves(index, ids, vectors)


def test_a_merge_is_due_once_the_secondary_outgrows_its_share() -> None:
    ids, vectors = large_ids(MERGE_COUNT + 200), unit_vectors(MERGE_COUNT + 200)
    index = DenseIndex.build(DIM, ids[:199], vectors[:199], SMALL_PRESETS[2])
    index.add(ids[199:-1], vectors[199:-1])
    assert not index.needs_merge
    index.add(ids[-1:], vectors[-1:])
    assert index.needs_merge
    assert not index.merged().needs_merge


def test_what_waits_to_be_added_counts_for_a_merge() -> None:
    ids, vectors = large_ids(200), unit_vectors(200)
    lists = DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2])
    assert not lists.needs_merge_with(MERGE_COUNT)
    assert lists.needs_merge_with(MERGE_COUNT + 1)
    flat = DenseIndex.build(DIM, ids, vectors, replace(preset_for(0), max_count=200))
    assert not flat.needs_merge_with(50)
    assert flat.needs_merge_with(51)
    assert not flat.needs_merge_with(51, removed=1)


def test_a_corpus_that_outgrew_its_preset_gets_the_next_one() -> None:
    ids, vectors = large_ids(300), unit_vectors(300)
    index = DenseIndex.build(DIM, ids[:100], vectors[:100], replace(preset_for(0), max_count=200))
    assert not index.needs_merge
    index.add(ids[100:], vectors[100:])
    assert index.needs_merge
    assert index.merged().preset == preset_for(300)


@every_preset
def test_an_empty_build_takes_vectors_later(preset: Preset) -> None:
    index = DenseIndex.build(DIM, [], np.empty((0, DIM)), preset)
    assert not index.search(unit_vectors(1)[0], 5).ids.size
    assert not index.merged().ids().size
    index.add([1, 2], unit_vectors(2))
    assert_find_themselves(index, np.array([1, 2]), unit_vectors(2))


def test_wrong_shapes_are_refused_by_name() -> None:
    index = DenseIndex.build(DIM, [1], unit_vectors(1))
    with pytest.raises(ValueError, match=r"\(17,\).*16"):
        index.search(np.zeros(17), 1)
    with pytest.raises(ValueError, match=r"\(1, 16\).*\(2, 16\)"):
        index.add([1, 2], unit_vectors(1))
    with pytest.raises(ValueError, match="positive"):
        index.add([-1], unit_vectors(1))
    with pytest.raises(ValueError, match="finite"):
        index.add([1], np.full((1, DIM), np.nan))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_that_is_not_finite_finds_nothing(value: float) -> None:
    index = DenseIndex.build(DIM, [1], unit_vectors(1))
    assert not index.search(np.full(DIM, value), 1).ids.size


def test_parameters_reach_faiss_and_unknown_ones_are_refused() -> None:
    ids, vectors = large_ids(COUNT), unit_vectors(COUNT)
    index = DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2], {"nprobe": 3})
    assert index.parameters == {"nprobe": 3}
    for name, value in (("efSearch", 8), ("nprobe", 0), ("nprobe", float("nan"))):
        with pytest.raises(UsageError, match=name):
            DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2], {name: value})
    with pytest.raises(UsageError, match="nprobe"):
        DenseIndex.build(DIM, ids, vectors, None, {"nprobe": 3})


def test_a_build_takes_locked_parameters_from_meta_unless_told_otherwise() -> None:
    ids, vectors = large_ids(COUNT), unit_vectors(COUNT)
    meta = DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2]).meta("model@1") | {"locked": {"nprobe": 5}}
    index = DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2], meta=meta, model_id="model@1")
    assert index.parameters == {"nprobe": 5}
    assert index.meta("model@1")["locked"] == {"nprobe": 5}
    assert index.merged().parameters == {"nprobe": 5}
    told = DenseIndex.build(DIM, ids, vectors, SMALL_PRESETS[2], {"nprobe": 2}, meta=meta)
    assert told.parameters == {"nprobe": 2}


def test_a_locked_parameter_that_the_preset_lacks_is_kept_and_not_applied() -> None:
    flat = DenseIndex.build(DIM, [1], unit_vectors(1))
    meta = flat.meta("m") | {"locked": {"nprobe": 5}}
    index = DenseIndex.build(DIM, [1], unit_vectors(1), meta=meta)
    assert index.parameters == {}
    assert index.meta("m")["locked"] == {"nprobe": 5}


@pytest.mark.parametrize(("key", "other"), [("dim", 384), ("metric", "l2"), ("model", "other@2")])
def test_meta_of_another_index_is_refused_naming_both_values(key: str, other: object) -> None:
    meta = DenseIndex.build(DIM, [1], unit_vectors(1)).meta("model@1")
    with pytest.raises(IndexCorrupt) as refused:
        DenseIndex.build(DIM, [1], unit_vectors(1), meta=meta | {key: other}, model_id="model@1")
    assert repr(other) in str(refused.value)
    assert repr(meta[key]) in str(refused.value)


def test_presets_cover_every_size_once_and_refuse_unknown_keys() -> None:
    for count in (0, 50_000, 50_001, 200_000, 200_001, 10**9):
        for metric in ("ip", "l2"):
            for type_ in ("float32", "int8"):
                fitting = [
                    preset
                    for preset in PRESETS
                    if (preset.metric, preset.type) == (metric, type_)
                    and preset.min_count <= count <= preset.max_count
                ]
                assert fitting == [preset_for(count, metric, type_)]
    with pytest.raises(UsageError, match="cosine"):
        preset_for(1, "cosine")


@settings(max_examples=25, deadline=None)
@given(data=st.data(), preset=st.sampled_from([p for p in SMALL_PRESETS if "SQ8" not in p.factory]))
def test_any_sequence_of_changes_equals_brute_force(data: st.DataObject, preset: Preset) -> None:
    pool = unit_vectors(60, seed=3)
    model = dict(enumerate(pool[:40], start=1))
    index = DenseIndex.build(DIM, list(model), np.array(list(model.values())), preset)
    some_ids = st.lists(st.integers(1, 60), max_size=15)
    changes: list[Callable[[list[int]], None]] = [
        lambda ids: _remove(index, model, ids),
        lambda ids: _add(index, model, ids, pool[data.draw(st.integers(0, 40)) :]),
    ]
    for _ in range(data.draw(st.integers(1, 6))):
        data.draw(st.sampled_from(changes))(data.draw(some_ids))
        if data.draw(st.booleans()):
            index = index.merged()
    allowed = data.draw(st.none() | some_ids)
    excluded = data.draw(some_ids)
    query, k = unit_vectors(1, seed=9)[0], data.draw(st.integers(1, 70))
    eligible = [i for i in model if (allowed is None or i in allowed) and i not in excluded]
    expected = sorted((_score(preset, model[i], query) for i in eligible), reverse=True)[:k]
    hits = index.search(query, k, allowed, excluded)
    np.testing.assert_allclose(hits.scores, expected, atol=2e-3)
    assert set(hits.ids.tolist()) <= set(eligible)
    assert index.ids().tolist() == sorted(model)


def _remove(index: DenseIndex, model: dict[int, Vectors], ids: list[int]) -> None:
    assert index.remove(ids) == sum(model.pop(i, None) is not None for i in ids)


def _add(index: DenseIndex, model: dict[int, Vectors], ids: list[int], pool: Vectors) -> None:
    vectors = pool[: len(ids)]
    index.add(ids, vectors)
    model.update(zip(ids, vectors, strict=True))


def _score(preset: Preset, vector: Vectors, query: Vectors) -> float:
    return float(vector @ query) if preset.metric == "ip" else -float(((vector - query) ** 2).sum())


@every_preset
def test_searches_during_mutations_see_whole_states_only(preset: Preset) -> None:
    index, ids, vectors = filled(preset)
    steady, moving = np.arange(0, COUNT, 2), np.arange(1, COUNT, 2)
    failures: list[object] = []
    done = threading.Event()

    def search() -> None:
        turn = 0
        while not done.is_set():
            at = steady[turn % len(steady)]
            hits = index.search(vectors[at], 5)
            if hits.ids[0] != ids[at] or len(set(hits.ids.tolist())) != 5:
                failures.append((at, hits))
            turn += 1

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(30):
        part = moving[turn % 4 :: 4]
        index.remove(ids[part])
        index.add(ids[part], vectors[part])
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert_find_themselves(index, ids, vectors)
