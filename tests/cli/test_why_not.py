"""`indexctl why-not`: the answer for people, for machines and for shells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.project import Program


@pytest.mark.usefixtures("indexed")
def test_what_is_shown_says_so_and_exits_with_0(indexctl: Program) -> None:
    run = indexctl("why-not", "wait longer after each failure", "app/retry.py:5")
    assert run.code == 0
    assert run.out.startswith("app/retry.py:5 is among the hits: the 1st of ")


@pytest.mark.usefixtures("indexed")
def test_what_ranks_below_is_compared_with_the_last_shown(indexctl: Program) -> None:
    run = indexctl("why-not", "wait longer after each failure", "app/storage.py", "-n", "1")
    assert run.code == 1
    assert "and 1 are shown" in run.out
    assert "the last hit shown" in run.out
    assert "dense" in run.out


@pytest.mark.usefixtures("indexed")
def test_the_document_is_that_of_the_protocol(indexctl: Program) -> None:
    run = indexctl("why-not", "-path:app retry", "--symbol", "retry_with_backoff", "--format", "json")
    document = json.loads(run.out)
    assert set(document) == {
        "query", "kind", "note", "rank", "shown", "hit", "lastShown", "qualifier", "reason",
    }  # fmt: skip
    assert (run.code, document["kind"], document["qualifier"]) == (1, "filtered", "-path:app")


@pytest.mark.usefixtures("indexed")
def test_a_path_is_looked_for_in_the_workspace_that_is_named(
    indexctl: Program, indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = indexctl("why-not", "retry", "app/nowhere.py", "-w", indexed)
    assert run.out.startswith("app/nowhere.py is unknown: there is no such file.")
    assert indexctl("why-not", "retry", "app/retry.py:5", "-w", indexed).code == 0


@pytest.mark.usefixtures("indexed")
def test_nothing_expected_is_a_mistake(indexctl: Program) -> None:
    run = indexctl("why-not", "retry")
    assert run.code == 2
    assert "Name a place, a file or a symbol." in run.err


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    ("depth", "shown", "hidden"),
    [
        ("one", "rank 1 of ", "next, "),
        ("signals", "next, ", "without dense"),
        ("full", "without dense", "\0"),
    ],
)
def test_an_explanation_has_three_depths(indexctl: Program, depth: str, shown: str, hidden: str) -> None:
    run = indexctl("explain", "wait longer after each failure", "app/retry.py:5", "--depth", depth)
    assert shown in run.out
    assert hidden not in run.out
    assert depth != "one" or run.out.count("\n") == 1
