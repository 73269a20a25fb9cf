"""Late interaction: exact scores, whatever was added and deleted on the way, and lists that propose what is near."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.cancellation import never
from codeintel.engines.late_lists import TokenLists, build_lists, read_lists, retrieved_tokens, write_lists
from codeintel.engines.late_maxsim import NOTHING, Tokens, alignments, max_sims, segment_max_sims
from codeintel.engines.late_view import LateHits, LateView
from codeintel.engines.ragged_segment import RaggedSegment, Row, read_segment, write_segment
from codeintel.engines.ragged_view import RaggedView
from codeintel.errors import Cancelled, IndexCorrupt

WIDTH = 8
LAYOUT = np.dtype((np.int8, (WIDTH,)))


def tokens(count: int, seed: int) -> Tokens:
    vectors = np.random.default_rng(seed).standard_normal((count, WIDTH))
    return np.rint(127 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.int8)


def text(seed: int) -> Tokens:
    return tokens(seed % 5, seed)


def naive(query: Tokens, row: Tokens) -> float:
    """MaxSim as the papers write it."""
    if not len(query) or not len(row):
        return NOTHING
    nearest = [max(int(q.astype(int) @ t.astype(int)) for t in row) for q in query]
    return float(np.float32(sum(nearest) / (127 * 127 * len(query))))


def segment(folder: Path, name: str, rows: Mapping[int, Row]) -> RaggedSegment:
    ids = np.fromiter(rows, np.int64, len(rows))
    write_segment(folder / name, "m", LAYOUT, ids, np.zeros(len(ids), np.uint64), list(rows.values()))
    return read_segment(folder, name, "m", LAYOUT)


def brute(query: Tokens, rows: Mapping[int, Row], k: int) -> LateHits:
    ids = sorted(rows)
    scores = {i: naive(query, rows[i]) for i in ids}
    best = sorted(ids, key=lambda i: (-scores[i], i))[:k]
    return LateHits(np.array(best, np.int64), np.array([scores[i] for i in best], np.float32))


def assert_same(found: LateHits, expected: LateHits) -> None:
    assert found.ids.tolist() == expected.ids.tolist()
    assert np.allclose(found.scores, expected.scores, atol=1e-6)


@given(st.lists(st.integers(0, 99), max_size=8), st.integers(0, 4))
def test_scores_are_those_of_the_definition(seeds: list[int], query_tokens: int) -> None:
    query, rows = tokens(query_tokens, 7), [text(seed) for seed in seeds]
    found = max_sims(query, rows)
    assert np.allclose(found, [naive(query, row) for row in rows], atol=1e-6)
    alone = [max_sims(query, [row])[0] for row in rows]
    assert found.tolist() == alone  # to the last bit


def test_long_texts_are_scored_in_blocks_of_whole_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [tokens(count, count) for count in (3, 0, 50, 1, 0, 7, 20)]
    query = tokens(4, 1)
    expected = max_sims(query, rows)
    monkeypatch.setattr("codeintel.engines.late_maxsim.BLOCK_ENTRIES", 8)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    assert segment_max_sims(query, np.concatenate(rows), starts).tolist() == expected.tolist()


@given(st.integers(0, 50), st.integers(0, 4))
def test_alignments_add_up_to_the_score(seed: int, query_tokens: int) -> None:
    query, row = tokens(query_tokens, 3), text(seed)
    found = alignments(query, row)
    if not len(row) or not query_tokens:
        assert found == []
        return
    assert [one.query_token for one in found] == list(range(query_tokens))
    assert np.mean([one.score for one in found]) == pytest.approx(max_sims(query, [row])[0], abs=1e-6)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "settle", "merge"]), st.sets(st.integers(1, 30))), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.sets(st.integers(1, 30)), st.integers(1, 6), st.booleans())
def test_additions_and_deletions_leave_what_a_fresh_build_would_answer(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, set[int]]],
    allowed: set[int],
    k: int,
    filtered: bool,
) -> None:
    """Narrow and wide, with lists over every segment and with none."""
    folder = tmp_path_factory.mktemp("late")
    view, rows, lists, query = RaggedView(LAYOUT), {}, {}, tokens(3, 11)
    for number, (step, ids) in enumerate(steps):
        changed = {i: text(100 * number + i) for i in ids} if step == "add" else {}
        if step in ("add", "remove"):
            view = view.changed(sorted(ids), changed)
            rows = {i: row for i, row in rows.items() if i not in ids} | changed
        elif step == "settle" and view.added:
            made = segment(folder, f"{number}.rows", view.added)
            view = view.settled(made, dict(view.added))
            lists |= _lists(made)
        elif step == "merge" and view.held:
            living = {
                int(i): row for h in view.held for i in h.segment.ids[h.living()] for row in view.rows([i])
            }
            made = segment(folder, f"{number}.rows", living)
            view = view.merged([held.segment.name for held in view.held], made)
            lists = _lists(made)
    meant = {i: row for i, row in rows.items() if not filtered or i in allowed}
    wanted = np.array(sorted(allowed), np.int64) if filtered else None
    fresh = LateView(RaggedView(LAYOUT).changed([], rows), {})
    for found in (LateView(view, {}), LateView(view, lists), fresh):
        assert_same(found.search(query, k, wanted), brute(query, meant, k))
        assert_same(
            found.rescore(query, sorted(allowed)), brute(query, {i: rows[i] for i in allowed & set(rows)}, 99)
        )


def _lists(made: RaggedSegment) -> dict[str, TokenLists]:
    return {made.name: build_lists(made)} if len(made.entries) else {}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[LateView, LateView, Path]:
    """4,000 texts whose tokens are variants of 300 words, searched through lists and exactly."""
    folder = tmp_path_factory.mktemp("many")
    random = np.random.default_rng(2)
    words = random.standard_normal((300, WIDTH))

    def variants(count: int) -> Tokens:
        vectors = words[random.zipf(1.3, count) % 300] + 0.1 * random.standard_normal((count, WIDTH))
        return np.rint(127 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.int8)

    made = segment(folder, "base-g1.rows", {i: variants(40) for i in range(1, 4_001)})
    view = RaggedView(LAYOUT).settled(made, {})
    return LateView(view, {made.name: build_lists(made)}), LateView(view, {}), folder


def test_lists_propose_what_is_near(many: tuple[LateView, LateView, Path]) -> None:
    listed, exact, _ = many
    shared = []
    for seed in range(20):
        query = exact.rows.rows([seed + 1])[0]
        assert query is not None
        ours, theirs = listed.search(query[::5], 10), exact.search(query[::5], 10)
        shared.append(len(set(ours.ids.tolist()) & set(theirs.ids.tolist())))
        exactly = dict(zip(theirs.ids.tolist(), theirs.scores.tolist(), strict=True))
        scored = zip(ours.ids.tolist(), ours.scores.tolist(), strict=True)
        assert all(exactly.get(chunk_id, score) == score for chunk_id, score in scored)
    assert np.mean(shared) >= 9.5


def test_a_filter_is_kept_by_the_lists(many: tuple[LateView, LateView, Path]) -> None:
    listed, exact, _ = many
    allowed = np.arange(1, 4_001, 3)
    query = tokens(4, 5)
    found = listed.search(query, 10, allowed)
    assert set(found.ids.tolist()) <= set(allowed.tolist())
    assert found.scores[0] == exact.search(query, 10, allowed).scores[0]


def test_a_deleted_text_is_not_proposed(many: tuple[LateView, LateView, Path]) -> None:
    listed, _, _ = many
    query = tokens(4, 5)
    best = listed.search(query, 3).ids
    left = LateView(listed.rows.changed(best, {}), listed.lists)
    assert not set(left.search(query, 10).ids.tolist()) & set(best.tolist())


def test_what_was_not_retrieved_is_marked_as_imputed(many: tuple[LateView, LateView, Path]) -> None:
    listed, exact, _ = many
    query = tokens(4, 5)
    (lists,) = listed.lists.values()
    far = int(exact.search(query, 4_000).ids[-1])
    trace = listed.explain(query, far)
    assert trace is not None
    assert trace.imputed == {at for at, got in enumerate(lists.retrieves(query, far - 1)) if not got}
    assert trace.imputed
    without = exact.explain(query, far)
    assert without is not None and (without.alignments, without.imputed) == (trace.alignments, frozenset())
    assert listed.explain(query, 99_999) is None


def test_an_estimate_adds_what_was_retrieved_and_what_is_imputed(
    many: tuple[LateView, LateView, Path],
) -> None:
    listed, _, _ = many
    (lists,) = listed.lists.values()
    query = tokens(2, 5)
    rows, estimates = lists.estimates(query)
    exact = max_sims(query, [lists.segment.row(int(row)) for row in rows])
    for row, estimate, score in list(zip(rows.tolist(), estimates, exact, strict=True))[::50]:
        if lists.retrieves(query, row).all():
            assert estimate <= score + 1e-6  # of the text's own similarities
        else:
            assert estimate > score - 0.01  # what is imputed is about the most that it may be


def test_lists_are_read_as_they_were_written(many: tuple[LateView, LateView, Path]) -> None:
    listed, _, folder = many
    (lists,) = listed.lists.values()
    assert write_lists(folder, lists, "m") == ("base-g1.lists", "base-g1.centroids")
    again = read_lists(folder, lists.segment, "m", LAYOUT)
    query = tokens(4, 5)
    for ours, theirs in zip(again.estimates(query), lists.estimates(query), strict=True):
        assert np.array_equal(ours, theirs)
    with pytest.raises(IndexCorrupt):
        read_lists(folder, lists.segment, "n", LAYOUT)


def test_clustering_stops_when_nobody_wants_it(many: tuple[LateView, LateView, Path]) -> None:
    (lists,) = many[0].lists.values()
    polls = iter([False, True])
    with pytest.raises(Cancelled):
        build_lists(lists.segment, lambda: next(polls, True))
    assert np.array_equal(build_lists(lists.segment, never).centroids, lists.centroids)


def test_few_tokens_are_all_looked_at() -> None:
    assert [retrieved_tokens(n) for n in (10, 124_999, 4_500_000)] == [1_000, 1_000, 6_000]
