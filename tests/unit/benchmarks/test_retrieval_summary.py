"""From scores of single queries to the figures and tables of the retrieval benchmark."""

from __future__ import annotations

import pytest
from benchmarks import retrieval
from benchmarks.corpora import Peer
from benchmarks.retrieval import Score, SumCheck, ranks_page, summary
from rich.console import Console

from codeintel.service import Tier


def score(repository: str, language: str, category: str, value: float, refused: bool = False) -> Score:
    return Score(
        repository, language, "a query", category, {"chunk": value, "file": value / 2}, (1, None), refused
    )


SCORES = [
    score("a", "go", "symbol", 1.0),
    score("a", "go", "semantic", 0.5),
    score("b", "go", "semantic", 0.25),
    score("c", "lua", "semantic", 0.0, refused=True),
]
PEER = Peer("peer", "chunk", {"a": 0.5, "b": 0.5, "elsewhere": 1.0})


@pytest.fixture
def figures() -> dict[str, object]:
    return summary({Tier.TEXT: SCORES, Tier.MEANING: SCORES}, [PEER], SumCheck(4, 40, 2e-16))


def test_the_mean_is_over_repositories_not_queries(figures: dict[str, dict]) -> None:  # type: ignore[type-arg]
    chunk = figures["tiers"]["text"]["chunk"]
    assert chunk["repositories"] == {"a": 0.75, "b": 0.25, "c": 0.0}
    assert chunk["mean"] == pytest.approx(1 / 3)
    assert chunk["languages"] == {"go": 0.5, "lua": 0.0}
    assert chunk["categories"] == {"symbol": 1.0, "semantic": 0.25}


def test_protocols_are_kept_apart(figures: dict[str, dict]) -> None:  # type: ignore[type-arg]
    assert figures["tiers"]["text"]["file"]["repositories"] == {"a": 0.375, "b": 0.125, "c": 0.0}


def test_a_peer_is_compared_on_the_repositories_that_both_have(figures: dict[str, dict]) -> None:  # type: ignore[type-arg]
    peer = figures["published"]["peer"]
    assert peer["repositories"] == {"a": 0.5, "b": 0.5}
    assert peer["ahead"]["text"]["mean"] == pytest.approx(((0.75 - 0.5) + (0.25 - 0.5)) / 2)


def test_refused_queries_are_named(figures: dict[str, object]) -> None:
    assert figures["refused"] == ["a query"]


def test_the_tables_say_which_protocol_a_figure_is_of(
    figures: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(width=120, record=True)
    monkeypatch.setattr(retrieval, "console", console)
    retrieval.print_summary(figures)
    lines = console.export_text().splitlines()
    (own,) = (line for line in lines if "codeintel, text tier" in line and "chunk" in line)
    assert "0.333" in own
    (published,) = (line for line in lines if "peer, published" in line)
    assert "chunk" in published and "0.500" in published and "+0.000 [-0.250, +0.250]" in published
    assert any("40 hits of 4 queries" in line and "2.0e-16" in line for line in lines)


def test_every_query_has_a_line_with_the_ranks_of_its_targets() -> None:
    scores = {tier: [score("gin", "go", "symbol", 1.0)] * 2 for tier in Tier}
    assert ranks_page(scores).splitlines()[1:] == [
        f"{'gin':<16} {number:>5} {'symbol':<12} {'1 -':<12} 1 -" for number in (1, 2)
    ]
