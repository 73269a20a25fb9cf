"""Reading the benchmark's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.corpora import Target, read_published, read_repositories

REPOSITORY = {
    "name": "courier",
    "language": "python",
    "github": "acme/courier",
    "revision": "0123abcd",
    "root": "src/courier",
}
QUERIES = [
    {"query": "retry", "category": "symbol", "relevant": ["src/courier/retry.py"], "secondary": []},
    {
        "query": "where are parcels weighed",
        "category": "semantic",
        "relevant": [{"path": "src/courier/scale.py", "start_line": 3, "end_line": 9}],
        "secondary": ["src/courier/parcel.py"],
    },
]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    (tmp_path / "annotations").mkdir()
    whole = {**REPOSITORY, "name": "whole", "root": None}
    (tmp_path / "repos.json").write_text(json.dumps([REPOSITORY, whole]))
    lines = "\n".join(map(json.dumps, QUERIES)) + "\n\n"
    for name in ("courier", "whole"):
        (tmp_path / "annotations" / f"{name}.jsonl").write_text(lines)
    return tmp_path


def test_targets_are_files_or_lines_and_secondary_ones_count_alike(bench: Path) -> None:
    first, second = read_repositories(bench)[0].queries
    assert first.targets == (Target("src/courier/retry.py"),)
    assert second.targets == (Target("src/courier/scale.py", 3, 9), Target("src/courier/parcel.py"))
    assert second.category == "semantic"


def test_annotations_may_be_one_list_as_published(bench: Path) -> None:
    by_line = read_repositories(bench)
    (bench / "annotations" / "courier.jsonl").unlink()
    (bench / "annotations" / "courier.json").write_text(json.dumps(QUERIES))
    assert read_repositories(bench) == by_line


def test_paths_lead_from_the_indexed_folder_to_the_repository_and_back(bench: Path) -> None:
    courier, whole = read_repositories(bench)
    assert courier.path_of("retry.py") == "src/courier/retry.py"
    assert courier.folder(Path("corpora")) == Path("corpora/courier/src/courier")
    assert whole.path_of("setup.py") == "setup.py"
    assert whole.folder(Path("corpora")) == Path("corpora/whole")


def test_published_figures_carry_their_protocol(bench: Path) -> None:
    assert read_published(bench) == ()
    keys = ("semble", "coderankembed_hybrid", "coderankembed", "colgrep_2026_04")
    scores = dict.fromkeys(keys, 0.5)
    (bench / "published.json").write_text(json.dumps({"source": "", "repos": {"courier": scores}}))
    protocols = {peer.name: peer.protocol for peer in read_published(bench)}
    assert protocols == {
        "semble": "chunk",
        "CodeRankEmbed hybrid": "chunk",
        "CodeRankEmbed": "chunk",
        "ColGREP (2026-04)": "file",
    }
    assert all(peer.scores == {"courier": 0.5} for peer in read_published(bench))
