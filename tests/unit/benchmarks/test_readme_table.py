"""The README's table from result files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.readme_table import results_markdown
from benchmarks.reporting import rounded

SCORES = {"mean": 0.8512, "low": 0.8, "high": 0.9}
RESULTS: dict[str, Any] = {
    "retrieval": {
        "repositories": 21,
        "queries": 420,
        "tiers": {tier: {"chunk": SCORES, "file": SCORES} for tier in ("text", "meaning")},
        "published": {"Peer": {"protocol": "file", **SCORES}},
    },
    "latency": {
        "first_session": {
            "chunks": 20_000,
            "search": {"p50_ms": 7.6, "p95_ms": 11.2},
            "complete_seconds": 66.6,
        },
        "starts": {"median_seconds": 1.26, "memory": {"server": {"resident_mib": 310.2}}},
    },
    "index_time": {
        "versions": {"codeintel": "1", "semble": "0.7"},
        "warm": {"searchable": {"codeintel": {"median_seconds": 0.3}, "ratio": {"median": 0.9}}},
        "cold": {"searchable": {"codeintel": {"median_seconds": 1.5}, "ratio": {"median": 1.2}}},
    },
}
MACHINE = {"cpu": "a CPU", "cores": 2, "memory_gib": 8}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    environment = {"date": "2026-11-22", "machine": MACHINE, "models": {"encoder": "m@1", "static": "s@1"}}
    for name, figures in RESULTS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"environment": environment, "figures": figures}))
    return tmp_path


def test_every_figure_stands_under_its_own_protocol(results: Path) -> None:
    lines = results_markdown(results).splitlines()
    assert "| **codeintel**, meaning tier | .851 ± .050 | .851 ± .050 |" in lines
    assert "| Peer, as published |  | .851 ± .050 |" in lines


def test_speed_and_its_conditions_are_told(results: Path) -> None:
    text = results_markdown(results)
    assert (
        "| a query over LSP, 20,000 chunks, just after they were first indexed, p50 / p95 | 8 / 11 ms |"
        in text
    )
    assert "| 20,000 chunks indexed from nothing, all tiers | 67 s |" in text
    assert "| of the time that semble 0.7 takes, warm / cold, median | 0.90 / 1.20 |" in text
    assert "Measured 2026-11-22 on 2 cores of a CPU" in text


def test_every_channel_is_told_of_once_it_was_measured(results: Path) -> None:
    assert "every channel" not in results_markdown(results)
    times = {"p50_ms": 17.6, "p95_ms": 31.2}
    configurations = {
        name: {"round_trip": times, "disk": {"total_bytes_a_chunk": size}}
        for name, size in (("default", 3_180.0), ("wide", 5_960.0))
    }
    figures = {"configurations": configurations, "encoding": {"chunks_per_second": {"all outputs": 90.4}}}
    (results / "all_channels.json").write_text(json.dumps({"figures": figures}))
    text = results_markdown(results)
    assert "| and with every channel, late interaction over all chunks | 18 / 31 ms |" in text
    assert "| disk a chunk, by default / with every channel | 3.2 / 6.0 kB |" in text
    assert "| chunks encoded, all outputs | 90/s |" in text


def test_without_semble_there_is_no_comparison_of_time(results: Path) -> None:
    path = results / "index_time.json"
    document = json.loads(path.read_text())
    for mode in ("warm", "cold"):
        del document["figures"][mode]["searchable"]["ratio"]
    path.write_text(json.dumps(document))
    assert "semble" not in results_markdown(results)


def test_committed_figures_are_rounded_to_leading_digits() -> None:
    assert rounded({"a": [0.123456789, 12345.678], "b": (1, "x", None)}) == {
        "a": [0.12346, 12346.0],
        "b": [1, "x", None],
    }
    assert rounded(2.2204e-16) == 2.2204e-16


def test_live_figures_stand_beside_their_targets(results: Path) -> None:
    assert "Live updating" not in results_markdown(results)
    hover = {"p50_ms": 5.2, "p95_ms": 31.6, "target_ms": {"p95": 100.0}}
    typing = {"measures": {"hover": hover}, "compared": {"saved": {"same_hits": 119, "queries": 120}}}
    way = {"max_ms": 4_210.0, "target_ms": {"max": 10_000.0}}
    figures = {
        "live_typing": typing,
        "live_scale": {
            "sizes": {"1000": {}, "100000": {}},
            "ratios": {"100000": {"save": 1.21}},
            "target_ratio": 1.5,
        },
        "live_checkout": {"changed_files": 400, "measures": {"there": way, "back": way}},
    }
    for name, one in figures.items():
        (results / f"{name}.json").write_text(json.dumps({"figures": one}))
    lines = results_markdown(results).splitlines()
    assert "| a hover while an edit comes every 150 ms, p50 / p95 | 5 / 32 ms | – / 100 ms |" in lines
    assert "| answers afterwards as those of a fresh index | 119 of 120 | all |" in lines
    assert "| a save among 100,000 files, times that among 1,000 | 1.21 | 1.5 |" in lines
    assert "| a git checkout of 400 changed files, slowest | 4.2 s | 10 s |" in lines
