"""The journal: nothing that was judged is lost, whoever writes beside us and however a write ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codeintel
from codeintel.errors import UsageError, WorkspaceError
from codeintel.judgments import journal
from codeintel.judgments.place import judgments_file
from codeintel.judgments.records import Judgment, checked_verdict, from_line, to_line
from codeintel.workspace.roots import Root

ONE = Judgment(
    "where are retries",
    "good",
    "src/a.py",
    3,
    9,
    17,
    2**64 - 1,
    "function",
    "A > b",
    ("b",),
    "2026-01-02T03:04:05+00:00",
)
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from unit.judgments.test_journal import ONE
from codeintel.judgments import journal
for n in range(200):
    journal.append(Path(sys.argv[1]), replace(ONE, query=f"{sys.argv[2]} {n} " + "word " * 400))
"""

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JUDGMENTS = st.builds(
    Judgment,
    query=TEXT,
    verdict=st.sampled_from(["good", "bad", "none"]),
    uri=TEXT,
    start_line=st.integers(0, 10**6),
    end_line=st.integers(0, 10**6),
    chunk_id=st.integers(1, 2**63 - 1),
    content_hash=st.integers(0, 2**64 - 1),
    kind=TEXT,
    breadcrumb=TEXT,
    symbols=st.lists(TEXT).map(tuple),
    at=TEXT,
)


@given(JUDGMENTS)
def test_a_line_reads_back_as_what_was_judged(judgment: Judgment) -> None:
    line = to_line(judgment)
    assert "\n" not in line
    assert from_line(line) == judgment


def test_lines_are_kept_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    path = tmp_path / "new" / "one.jsonl"
    judgments = [replace(ONE, query=f"question {n}") for n in range(5)]
    for judgment in judgments:
        journal.append(path, judgment)
    assert journal.read(path) == judgments
    assert path.stat().st_mode & 0o077 == 0


def test_two_processes_append_without_losing_or_mixing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    folders = os.pathsep.join([str(Path(codeintel.__file__).parents[1]), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": folders}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], env=environment)
        for name in ("a", "b")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = [judgment.query.split()[:2] for judgment in journal.read(path)]
    assert [n for name, n in found if name == "a"] == [str(n) for n in range(200)]
    assert [n for name, n in found if name == "b"] == [str(n) for n in range(200)]


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_line_costs_itself_alone(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "torn.jsonl"
    journal.append(path, ONE)
    journal.append(path, replace(ONE, query="torn"))
    path.write_bytes(path.read_bytes()[:-cut])
    last = replace(ONE, query="last")
    journal.append(path, last)
    found = journal.read(path)
    assert (found[0], found[-1]) == (ONE, last)
    assert len(found) == (3 if cut == 1 else 2)  # without its line break alone it is still whole


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"format": 1}', json.dumps({**json.loads(to_line(ONE)), "format": 2})]
)
def test_what_is_foreign_or_newer_is_passed_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(f"{to_line(ONE)}\n{line}\n")
    assert journal.read(path) == [ONE]


def test_no_file_is_no_judgment(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "none.jsonl") == []


def test_where_nothing_can_be_written_an_error_says_where(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(WorkspaceError, match="taken"):
        journal.append(tmp_path / "taken" / "one.jsonl", ONE)


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    (tmp_path / "one.jsonl").symlink_to(target)
    with pytest.raises(WorkspaceError):
        journal.append(tmp_path / "one.jsonl", ONE)
    assert target.read_text() == ""


def test_roots_of_one_name_have_a_file_each_outside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    first, second = (judgments_file(Root("src", tmp_path / name / "src")) for name in ("a", "b"))
    assert first != second
    assert {path.parent for path in (first, second)} == {tmp_path / "data" / "codeintel" / "judgments"}
    assert first.name.startswith("src-")


def test_without_a_home_there_is_nowhere_to_keep_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: Path("relative"))
    with pytest.raises(WorkspaceError, match="XDG_DATA_HOME"):
        judgments_file(Root("src", Path("/src")))


def test_another_word_is_no_verdict() -> None:
    assert checked_verdict("bad") == "bad"
    with pytest.raises(UsageError) as caught:
        checked_verdict("meh")
    assert caught.value.field == "verdict"
