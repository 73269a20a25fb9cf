"""From single runs to the comparison of indexing times."""

from __future__ import annotations

import pytest
from benchmarks.index_time import Run, summary


def runs(tool: str, mode: str, repository: str, *searchable: float) -> list[Run]:
    return [Run(tool, mode, repository, seconds, seconds * 2, 3, 9, "1.0") for seconds in searchable]


TAKEN = [
    *runs("codeintel", "warm", "a", 0.2, 9.0, 0.1),
    *runs("semble", "warm", "a", 0.4, 0.4, 0.1),
    *runs("codeintel", "warm", "b", 0.6, 0.6, 0.6),
    *runs("semble", "warm", "b", 0.2, 0.2, 0.2),
    *runs("codeintel", "warm", "c", 1.0, 1.0, 1.0),
    *runs("semble", "warm", "c", 1.0, 1.0, 1.0),
    *[run for tool in ("codeintel", "semble") for name in "abc" for run in runs(tool, "cold", name, 1, 1, 1)],
]


def test_a_repositorys_time_is_the_median_of_its_runs() -> None:
    warm = summary(TAKEN)["warm"]["searchable"]
    assert warm["codeintel"]["seconds"] == {"a": 0.2, "b": 0.6, "c": 1.0}
    assert warm["codeintel"]["total_seconds"] == pytest.approx(1.8)


def test_the_ratio_is_the_median_of_the_repositories_ratios() -> None:
    ratio = summary(TAKEN)["warm"]["searchable"]["ratio"]
    assert ratio["ratios"] == pytest.approx({"a": 0.5, "b": 3.0, "c": 1.0})
    assert ratio["median"] == pytest.approx(1.0)


def test_without_the_other_tool_there_is_no_ratio() -> None:
    figures = summary([run for run in TAKEN if run.tool == "codeintel"])
    assert "ratio" not in figures["warm"]["searchable"]
    assert figures["runs"] == 3
