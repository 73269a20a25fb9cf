"""The figures of merit against examples worked by hand."""

from __future__ import annotations

import math

import pytest
from benchmarks.corpora import Target
from benchmarks.metrics import Result, bootstrap, grouped_means, ndcg, percentile

SECOND = 1 / math.log2(3)  # what a target gains at rank 2
THIRD = 1 / 2  # and at rank 3: 1 / log2(4)


def chunk(path: str, start: int = 1, end: int = 10) -> Result:
    return Result(path, start, end)


def test_a_target_counts_at_its_first_hit() -> None:
    results = [chunk("b.py"), chunk("a.py"), chunk("a.py", 11, 20)]
    assert ndcg(results, [Target("a.py")], "chunk") == pytest.approx(SECOND)


def test_the_ideal_is_over_all_targets_of_the_query() -> None:
    results = [chunk("a.py")]
    assert ndcg(results, [Target("a.py"), Target("b.py")], "chunk") == pytest.approx(1 / (1 + SECOND))


def test_one_result_may_hit_several_targets() -> None:
    targets = [Target("a.py", 1, 5), Target("a.py", 8, 9)]
    assert ndcg([chunk("a.py", 1, 10)], targets, "chunk") == pytest.approx(2 / (1 + SECOND))


@pytest.mark.parametrize(
    ("start", "end", "overlaps"), [(1, 9, False), (1, 10, True), (20, 30, True), (21, 30, False)]
)
def test_lines_of_a_target_need_an_overlap_by_chunk(start: int, end: int, overlaps: bool) -> None:
    assert ndcg([chunk("a.py", start, end)], [Target("a.py", 10, 20)], "chunk") == float(overlaps)


def test_by_file_lines_are_ignored_and_results_are_deduplicated() -> None:
    results = [chunk("b.py"), chunk("b.py", 11, 20), chunk("c.py"), chunk("a.py")]
    target = [Target("a.py", 500, 600)]
    assert ndcg(results, target, "file") == pytest.approx(THIRD)
    assert ndcg(results, target, "chunk") == 0.0


def test_a_file_keeps_the_place_of_its_first_chunk() -> None:
    results = [chunk("a.py"), chunk("b.py"), chunk("a.py", 11, 20)]
    assert ndcg(results, [Target("a.py")], "file") == 1.0
    assert ndcg(results, [Target("b.py")], "file") == pytest.approx(SECOND)


def test_only_the_first_ten_count_after_deduplication() -> None:
    results = [chunk("b.py", line, line) for line in range(1, 11)] + [chunk("a.py")]
    assert ndcg(results, [Target("a.py")], "chunk") == 0.0
    assert ndcg(results, [Target("a.py")], "file") == pytest.approx(SECOND)


def test_with_more_targets_than_ranks_a_full_page_is_ideal() -> None:
    targets = [Target(f"{number}.py") for number in range(12)]
    results = [chunk(target.path) for target in targets]
    assert ndcg(results, targets, "chunk") == pytest.approx(1.0)


def test_paths_must_match_exactly() -> None:
    assert ndcg([chunk("src/a.py")], [Target("a.py")], "file") == 0.0


def test_the_interval_holds_the_mean_and_is_the_same_every_time() -> None:
    values = [0.5, 0.7, 0.9, 0.6]
    interval = bootstrap(values)
    assert interval.mean == pytest.approx(0.675)
    assert 0.5 <= interval.low < interval.mean < interval.high <= 0.9
    assert bootstrap(values) == interval


def test_equal_values_have_an_interval_of_no_width() -> None:
    interval = bootstrap([0.5, 0.5, 0.5])
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_groups_are_means_of_their_own_values() -> None:
    assert grouped_means([("a", 1.0), ("b", 0.0), ("a", 0.5)]) == {"a": 0.75, "b": 0.0}


def test_percentiles_are_nearest_ranks() -> None:
    values = [float(value) for value in range(20, 0, -1)]
    assert percentile(values, 0.5) == 10.0
    assert percentile(values, 0.95) == 19.0
    assert percentile(values, 1.0) == 20.0
    assert percentile([3.0], 0.05) == 3.0
