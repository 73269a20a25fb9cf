"""`indexctl explain` and `similar`: places in files, and what is said about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.project import Program
from codeintel.cli.places import PLACE, Place


@pytest.mark.usefixtures("indexed")
def test_a_hit_is_traced_to_its_words_and_compared_with_the_next(indexctl: Program) -> None:
    run = indexctl("explain", "wait longer after each failure", "app/retry.py:5")
    assert run.code == 0
    assert run.out.startswith("rank 1 of ")
    assert "app/retry.py:" in run.out
    assert "without dense: " in run.out
    assert "next, " in run.out


@pytest.mark.usefixtures("indexed")
def test_the_document_has_the_hit_the_next_one_and_the_ranks_without_each_channel(indexctl: Program) -> None:
    run = indexctl("explain", "wait longer after failure", "app/retry.py:5", "--format", "json")
    document = json.loads(run.out)
    assert set(document) == {"query", "rank", "candidates", "hit", "next", "rankWithout", "note", "summary"}
    assert document["rank"] == 1
    assert document["hit"]["score"] >= document["next"]["score"]
    assert set(document["rankWithout"]) == {"bm25", "dense"}
    total = sum(part["contribution"] for part in document["hit"]["contributions"])
    assert total == pytest.approx(document["hit"]["score"], abs=1e-6)


@pytest.mark.usefixtures("indexed")
def test_what_a_qualifier_leaves_out_is_said_and_exits_with_1(indexctl: Program) -> None:
    run = indexctl("explain", "retry -path:app", "app/retry.py:5")
    assert run.code == 1
    assert "-path:app leaves it out." in run.out
    document = json.loads(indexctl("explain", "-path:app retry", "app/retry.py:5", "--format", "jsonl").out)
    assert (document["hit"], document["rank"]) == (None, None)


@pytest.mark.usefixtures("indexed")
def test_code_like_a_place_leaves_the_place_out(indexctl: Program) -> None:
    run = indexctl("similar", "app/retry.py:5", "-n", "3", "--format", "json")
    assert run.code == 0
    places = [(hit["path"], hit["startLine"]) for hit in json.loads(run.out)["hits"]]
    assert places
    assert all(path != "app/retry.py" or start > 5 for path, start in places)
    assert "1 hit of " in indexctl("similar", "app/retry.py:5", "-n", "1").out


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("command", [["similar"], ["explain", "retry"]])
@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("app/retry.py", "PATH:LINE"),
        ("app/retry.py:0", "PATH:LINE"),
        ("app/retry.py:x", "PATH:LINE"),
        (":7", "PATH:LINE"),
        ("app/retry.py:9999", "9,999 is not among them"),
        ("app/absent.py:1", "is not indexed"),
        ("/etc/hostname:1", "outside the workspace"),
    ],
)
def test_a_place_that_is_none_exits_with_2(
    indexctl: Program, command: list[str], place: str, complaint: str
) -> None:
    run = indexctl(*command, place)
    assert (run.code, run.out) == (2, "")
    assert complaint in run.err


def test_a_place_is_found_from_elsewhere(
    indexctl: Program, indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("app/retry.py:5", f"{indexed}/app/retry.py:5", f"{indexed}/app/retry.py:5:11"):
        assert indexctl("explain", "retry", place, "-w", indexed).code == 0


@given(path=st.text(min_size=1).filter(lambda text: "\0" not in text), line=st.integers(1, 10**9))
def test_a_path_and_a_line_are_read_back(path: str, line: int) -> None:
    if path.rpartition(":")[2].isdecimal() and path.rpartition(":")[0]:
        return  # `a:1:2` is a column, as compilers print it
    assert PLACE.convert(f"{path}:{line}", None, None) == Place(Path(path), line - 1)
