"""What the benchmark of all channels makes of what it measured; nothing here measures."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import pytest
from benchmarks import encoding_rate
from benchmarks.all_channels import CONFIGURATIONS, print_summary
from benchmarks.encoding_rate import rates
from benchmarks.index_bytes import purpose_of
from benchmarks.live_targets import spread

MEMORY = {"resident_mib": 500.0, "files_mib": 100.0, "peak_mib": 600.0, "share_mib": 450.0}


@pytest.mark.parametrize(
    ("file", "purpose"),
    [
        ("lexical/0a1b.idx", "lexical"),
        ("tokens/base-g3.rows", "tokens"),
        ("tokens/base-g3.lists", "tokens lists"),
        ("tokens/base-g3.centroids", "tokens centroids"),
        ("terms/delta-g4.rows", "terms"),
    ],
)
def test_a_file_is_counted_for_what_it_is_for(file: str, purpose: str) -> None:
    assert purpose_of(file) == purpose


def test_rates_are_of_the_same_passages_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding_rate, "ROUNDS", 3)
    monkeypatch.setattr(encoding_rate, "ROUND_PASSAGES", 6)
    clock = itertools.count(0, 0.05)
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    asked: list[tuple[str, Sequence[str]]] = []

    def way(name: str) -> encoding_rate.Encode:
        return lambda texts: asked.append((name, tuple(texts)))

    texts = [str(number) for number in range(18)]
    found = rates({"mine": way("mine"), "theirs": way("theirs")}, texts)
    assert found["chunks_per_second"] == pytest.approx({"mine": 120.0, "theirs": 120.0})
    assert found["share_of"] == pytest.approx({"theirs": 1.0})
    assert found["met"]
    rounds = asked[2:]  # behind those that open the models
    assert [name for name, _ in rounds] == ["mine", "theirs"] * 3
    assert [part for name, part in rounds if name == "mine"] == [
        part for name, part in rounds if name != "mine"
    ]


def test_every_figure_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    one = {
        "round_trip": spread([10.0]),
        "inside": spread([8.0]),
        "with_evidence": {"round_trip": spread([12.0])},
        "disk": {"bytes_a_chunk": {"chunks": 2_000.0}, "total_bytes_a_chunk": 2_000.0, "met": True},
        "memory": {"server": MEMORY, "workers": [], "met": True},
        "memory_after_indexing": {"server": MEMORY, "workers": [MEMORY]},
    }
    encoding = {
        "chunks_per_second": {"all outputs": 90.0, "base model": 100.0},
        "share_of": {"base model": 0.9},
    }
    print_summary(
        {"chunks": 20_000, "configurations": dict.fromkeys(CONFIGURATIONS, one), "encoding": encoding}
    )
    printed = capsys.readouterr().out
    assert "wide, after indexing" in printed and "900" in printed, "of a server and its worker together"
    assert "base model" in printed and "0.90" in printed
