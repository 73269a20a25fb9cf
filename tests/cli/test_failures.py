"""What a person reads and a shell gets when something goes wrong."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.project import ENVIRONMENT, INDEXCTL, Program
from codeintel.cli.failures import exit_code_of
from codeintel.errors import (
    Cancelled,
    IndexCorrupt,
    IndexLocked,
    ModelError,
    NotReady,
    QueryError,
    SchemaTooNew,
    UsageError,
    WorkspaceError,
)
from codeintel.service import Service


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (QueryError("x"), 2),
        (WorkspaceError("x"), 2),
        (SchemaTooNew("x"), 3),
        (IndexLocked("x"), 3),
        (IndexCorrupt("x"), 3),
        (ModelError("x"), 3),
        (NotReady("x"), 3),
        (MemoryError(), 3),
        (Cancelled(), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.usefixtures("indexed")
def test_a_bug_shows_no_traceback_unless_asked(indexctl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Service, "search", broken)
    run = indexctl("search", "retry")
    assert run.code == 3
    assert run.err.startswith("error: unexpected ZeroDivisionError: a bug\n")
    assert "-vv" in run.err
    assert "Traceback" not in run.err
    assert "Traceback" in indexctl("search", "retry", "-vv").err


@pytest.mark.usefixtures("indexed")
@pytest.mark.skipif(sys.platform == "win32", reason="the current folder cannot be deleted there")
def test_a_current_folder_that_was_deleted_is_named(indexctl: Program, tmp_path: Path) -> None:
    before = Path.cwd()
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        run = indexctl("search", "retry")
    finally:
        os.chdir(before)
    assert run.code == 2
    assert "The current folder no longer exists." in run.err


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the stream")
def test_a_closed_stdout_is_not_taken_for_a_fault(indexed: Path) -> None:
    command = shlex.join([*INDEXCTL, "search", "retry", "-w", str(indexed)]) + " >&-"
    ended = subprocess.run(
        ["sh", "-c", command], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_interrupt_is_no_error(indexed: Path, indexctl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Service, "search", interrupted)
    run = indexctl("search", "retry", "-w", indexed)
    assert (run.code, run.out, run.err) == (130, "", "\ninterrupted\n")  # the line of the ^C ends first


@pytest.mark.parametrize("format_", ["table", "jsonl"])
def test_a_pipe_that_closes_early_ends_the_program_quietly(indexed: Path, format_: str) -> None:
    queries = "retry\n" * 400
    arguments = ["search", "retry", "-n", "1000", "-e"]
    if format_ == "jsonl":
        arguments = ["search", "--queries", "-", "--format", "jsonl"]
    process = subprocess.Popen(
        [*INDEXCTL, *arguments], cwd=indexed, text=True, env=ENVIRONMENT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(queries)
    process.stdin.close()
    assert process.stderr.read() == ""
    assert process.wait(30) == 141
