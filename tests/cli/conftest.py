"""The project, indexed once, and the program run on it as a shell would."""

from __future__ import annotations

import io
import logging
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cli.project import Program, Run, write_project
from codeintel.cli.main import main


def run(*arguments: object) -> Run:
    """Run the program in this process; its logging, which outlives it, is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert isinstance(ended.value.code, int)
    return Run(ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture
def indexctl(monkeypatch: pytest.MonkeyPatch) -> Program:
    """Runs the program in this process on arguments, with `stdin` if given."""

    def run_on(*arguments: object, stdin: str = "") -> Run:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        return run(*arguments)

    return run_on


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, not indexed."""
    return write_project(tmp_path / "project")


@pytest.fixture(scope="session")
def indexed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, indexed down to its meaning; for tests that only read."""
    folder = write_project(tmp_path_factory.mktemp("indexed") / "project")
    assert run("index", folder).code == 0
    return folder


@pytest.fixture
def indexed(indexed_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The indexed project as the current folder."""
    monkeypatch.chdir(indexed_once)
    return indexed_once


@pytest.fixture
def indexed_copy(indexed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The indexed project as the current folder, for tests that change it."""
    folder = tmp_path / "project"
    shutil.copytree(indexed_once, folder)
    monkeypatch.chdir(folder)
    return folder
