"""`indexctl judge` and `indexctl judgments export`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli.project import Program


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.usefixtures("indexed_copy")
def test_a_verdict_is_counted_and_can_be_taken_back(indexctl: Program) -> None:
    assert indexctl("judge", "wait longer", "app/retry.py:5", "good").out == "1 judgment in this workspace\n"
    assert json.loads(indexctl("judge", "save", "app/storage.py:2", "bad", "--format", "json").out) == {
        "judgments": 2
    }
    assert indexctl("judge", "save", "app/storage.py:2", "none").out == "1 judgment in this workspace\n"


def test_the_export_has_a_line_for_each_with_the_place_where_the_code_is_now(
    indexctl: Program, indexed_copy: Path, tmp_path: Path
) -> None:
    indexctl("judge", "wait longer", "app/retry.py:5", "good")
    indexctl("judge", "lang:python save", "app/storage.py:2", "bad")
    (indexed_copy / "app/retry.py").rename(indexed_copy / "app/again.py")
    shutil.rmtree(indexed_copy / ".codeintel")
    run = indexctl("judgments", "export")
    first, second = map(json.loads, run.out.splitlines())
    assert (first["query"], first["verdict"], first["path"], first["anchor"]) == (
        "wait longer", "good", "app/again.py", "content",
    )  # fmt: skip
    assert (second["path"], second["anchor"], second["startLine"]) == ("app/storage.py", "chunk", 1)
    out = tmp_path / "judged.jsonl"
    assert indexctl("judgments", "export", out).code == 0
    assert out.read_text().splitlines() == run.out.splitlines()


@pytest.mark.usefixtures("indexed_copy")
def test_nothing_judged_is_nothing_found(indexctl: Program) -> None:
    run = indexctl("judgments", "export")
    assert (run.code, run.out) == (1, "")


@pytest.mark.usefixtures("indexed_copy")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["retry", "app/retry.py:5", "meh"], "'meh' is not one of"),
        (["lnag:go retry", "app/retry.py:5", "good"], "lnag"),
        (["retry", "app/nowhere.py:5", "good"], "not indexed"),
    ],
)
def test_what_cannot_be_judged_is_a_mistake(indexctl: Program, arguments: list[str], complaint: str) -> None:
    run = indexctl("judge", *arguments)
    assert (run.code, complaint in run.err) == (2, True)
