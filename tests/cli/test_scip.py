"""`indexctl scip`: indexers run, told of and stopped; with a fake one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fake_indexer
from cli.project import Program

TIER = "[index]\ntier = 'structure'\n"


@pytest.fixture
def python_command(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An indexer of Python that is installed; the project is the current folder, without an index."""
    (project / "codeintel.toml").write_text(TIER)
    program = fake_indexer.install(tmp_path / "bin")
    monkeypatch.setenv("CODEINTEL_SCIP_PYTHON_COMMAND", str(program))
    monkeypatch.chdir(project)
    return program


@pytest.mark.usefixtures("python_command")
def test_refresh_indexes_first_and_shows_what_each_indexer_did(indexctl: Program) -> None:
    run = indexctl("scip", "refresh")
    assert run.code == 0
    cells = run.out.splitlines()[1].split()
    assert cells[:4] == ["project", "scip-python", "4", "4"]
    assert cells[-1] == "done"
    (status,) = json.loads(indexctl("scip", "status", "--format", "json").out)
    assert (status["compiled"], status["documents"]) == (4, 6)


def test_status_names_programs_and_indexes_that_others_made(indexctl: Program, python_command: Path) -> None:
    Path("index.scip").write_bytes(b"no index")
    assert indexctl("index").code == 0
    run = indexctl("scip", "status")
    assert run.code == 0
    assert f"scip-python     4 documents, {python_command}" in run.out
    assert "index.scip: " in run.out


@pytest.mark.usefixtures("python_command")
def test_an_indexer_that_fails_is_told_of_with_its_remedy_and_exits_with_3(
    indexctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEINTEL_SCIP_PYTHON_COMMAND", "no-such-program")
    run = indexctl("scip", "refresh")
    assert run.code == 3
    assert "failed" in run.out
    assert "There is no program no-such-program." in run.err
    assert "npm install" in run.err
    (document,) = [
        json.loads(one) for one in indexctl("scip", "refresh", "--format", "jsonl").out.splitlines()
    ]
    assert (document["documents"], document["indexer"]) == (0, "scip-python")
    assert "npm install" in document["remedy"]


def test_a_workspace_without_anything_to_index_exits_with_1(
    indexctl: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n")
    (tmp_path / "codeintel.toml").write_text(TIER)
    monkeypatch.chdir(tmp_path)
    run = indexctl("scip", "refresh")
    assert (run.code, run.out) == (1, "")
    assert "no index.scip" in run.err


@pytest.mark.usefixtures("python_command")
def test_indexers_that_are_switched_off_are_a_mistake_of_the_command(indexctl: Program) -> None:
    Path("codeintel.toml").write_text(TIER + "[scip]\nenabled = false\n")
    run = indexctl("scip", "refresh")
    assert run.code == 2
    assert "scip.enabled" in run.err
