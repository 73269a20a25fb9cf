"""The ranking page's tables from weights and a result file."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from benchmarks.ranking_page import CHANNELS, PRIORS, ablation_markdown, weights_markdown, with_parts

from codeintel.search.weights import Weights

GAIN = {"mean": 0.0214, "low": -0.003, "high": 0.1, "categories": {"symbol": 0.05, "architecture": -0.012}}
FIGURES = {"meaning": {"mean": 0.8721, "low": 0.8, "high": 0.9, "gain_of": {"bm25": GAIN}}}


def test_every_weight_has_a_row_with_its_value() -> None:
    named = [row.weight for row in (*CHANNELS, *PRIORS)]
    assert len(named) == len(set(named))
    not_weights = {"rank_constant", "candidates", "boosts"}
    assert {*named} == {field.name for field in fields(Weights)} - not_weights
    assert "| `definition_named` | 1.1 |" in weights_markdown()


def test_gains_stand_with_their_intervals_and_categories(tmp_path: Path) -> None:
    environment = {"date": "2026-11-22", "models": {"encoder": "m@1"}}
    document = {"environment": environment, "figures": FIGURES}
    (tmp_path / "ablation.json").write_text(json.dumps(document))
    lines = ablation_markdown(tmp_path).splitlines()
    assert "**Meaning tier**, NDCG@10 .872; what it gains by each:" in lines
    assert "|  | gain | 95 % interval | architecture | symbol |" in lines
    assert "| bm25 | +.021 | -.003 to +.100 | -.012 | +.050 |" in lines
    assert lines[-1].startswith("Measured 2026-11-22 with `m@1`")


def test_where_nothing_was_measured_the_page_says_so(tmp_path: Path) -> None:
    assert "No run" in ablation_markdown(tmp_path)


def test_a_page_without_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        with_parts("# Ranking\n")
