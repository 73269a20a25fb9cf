"""`indexctl judge` and `indexctl judgments`."""

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


def test_what_is_exported_is_taken_in_elsewhere_once(
    indexctl: Program, indexed_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexctl("judge", "wait longer", "app/retry.py:5", "good")
    indexctl("judge", "save", "app/storage.py:2", "bad")
    out = tmp_path / "judged.jsonl"
    indexctl("judgments", "export", out)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "of somebody else"))
    (indexed_copy / "app/retry.py").rename(indexed_copy / "app/again.py")
    (indexed_copy / "app/storage.py").unlink()
    assert indexctl("index").code == 0
    first = indexctl("judgments", "import", out)
    assert (first.code, first.out) == (
        0, "1 judgment taken in, 0 known already, 1 about code that is not here\n",
    )  # fmt: skip
    again = indexctl("judgments", "import", out, "--format", "json")
    assert json.loads(again.out) == {"taken": 0, "known": 1, "elsewhere": 1}
    (kept,) = map(json.loads, indexctl("judgments", "export").out.splitlines())
    made = json.loads(out.read_text().splitlines()[0])
    assert (kept["path"], kept["anchor"], kept["at"]) == ("app/again.py", "chunk", made["at"])


def test_a_newer_verdict_stands_against_one_that_is_taken_in(
    indexctl: Program, indexed_copy: Path, tmp_path: Path
) -> None:
    assert indexed_copy.is_dir()
    indexctl("judge", "wait longer", "app/retry.py:5", "good")
    out = tmp_path / "judged.jsonl"
    indexctl("judgments", "export", out)
    indexctl("judge", "wait longer", "app/retry.py:5", "bad")
    assert "0 judgments taken in, 1 known" in indexctl("judgments", "import", out).out
    assert json.loads(indexctl("judgments", "export").out)["verdict"] == "bad"


@pytest.mark.usefixtures("indexed_copy")
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "Line 2 is no verdict"),
        ("[]", "Line 2 is no verdict"),
        ('{"query": "retry"}', "Line 2 has no 'verdict'"),
        ('{"query": "lnag:go retry"}', "Line 2: "),
        ('{"query": "retry", "verdict": "meh"}', "'meh' is no verdict"),
    ],
)
def test_a_line_that_no_export_wrote_is_named_and_nothing_is_taken_in(
    indexctl: Program, tmp_path: Path, line: str, complaint: str
) -> None:
    indexctl("judge", "wait longer", "app/retry.py:5", "good")
    whole = indexctl("judgments", "export").out
    indexctl("judge", "wait longer", "app/retry.py:5", "none")
    out = tmp_path / "judged.jsonl"
    out.write_text(f"{whole}{line}\n")
    run = indexctl("judgments", "import", out)
    assert (run.code, complaint in run.err) == (2, True)
    assert indexctl("judgments", "export").code == 1


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
