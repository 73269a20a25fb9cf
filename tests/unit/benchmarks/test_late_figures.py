"""Figures of late interaction: recall where scores are equal, gains over the hybrid, halved token vectors."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.late_interaction import _recall
from benchmarks.late_ranking import pooled, summary

from codeintel.engines.late_view import LateHits
from codeintel.engines.ragged_view import RaggedView

LAYOUT = np.dtype((np.int8, (2,)))


def hits(*scores: float) -> LateHits:
    return LateHits(np.arange(len(scores)), np.array(scores, np.float32))


def test_of_equal_scores_any_will_do() -> None:
    assert _recall(hits(0.9, 0.5, 0.5), hits(0.9, 0.5, 0.5)) == 1
    assert _recall(hits(0.9, 0.5, 0.25), hits(0.9, 0.75, 0.5)) == pytest.approx(2 / 3)


def test_a_gain_is_paired_by_repository() -> None:
    scores = {"hybrid": [("a", 0.5), ("b", 0.75)], "narrow 1.0": [("a", 1.0), ("b", 0.75)]}
    figures = summary(scores)
    assert figures["narrow 1.0"]["mean"] == pytest.approx(0.875)
    assert figures["narrow 1.0"]["gain"]["mean"] == pytest.approx(0.25)
    assert figures["hybrid"]["gain"]["mean"] == 0


def test_neighbours_are_averaged_two_by_two() -> None:
    row = np.array([[127, 0], [0, 127], [-127, 0]], np.int8)
    halved = pooled(RaggedView(LAYOUT).changed([], {5: row, 6: row[:1], 7: row[:0]}))
    assert [found.tolist() for found in halved.rows([5, 6, 7]) if found is not None] == [
        [[90, 90], [-127, 0]],
        [[127, 0]],
        [],
    ]
