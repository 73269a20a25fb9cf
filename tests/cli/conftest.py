"""A small project, indexed once, and the program run on it as a shell would."""

from __future__ import annotations

import io
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from codeintel.cli.main import main

FILES = {
    "app/retry.py": '''"""Trying again, later each time."""


def retry_with_backoff(call, attempts=5):
    """Call until it succeeds; wait longer after each failure."""
    for attempt in range(attempts):
        try:
            return call()
        except OSError:
            sleep(2**attempt)
    raise TimeoutError("out of patience")
''',
    "app/colour.py": '''class Colour:
    """Red, green and blue from 0 to 255."""

    def __init__(self, text):
        self.parts = bytes.fromhex(text.removeprefix("#"))

    def brightness(self):
        return sum(self.parts) / 3
''',
    "app/storage.py": '''def save_message(path, message):
    """Write a message durably: a temporary file, fsync, then rename."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(message)
    temporary.replace(path)
''',
    "tests/test_retry.py": """def test_retry_with_backoff_gives_up():
    assert retry_with_backoff(None, attempts=0)
""",
    "docs/guide.md": "# Guide\n\nHow retries work: each attempt waits twice as long as the one before.\n",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the program printed, and its exit code."""

    code: int
    out: str
    err: str


Program = Callable[..., Run]


@pytest.fixture
def indexctl(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """Runs the program in this process on arguments, with `stdin` if given."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: object, stdin: str = "") -> Run:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return Run(ended.value.code, out.getvalue(), err.getvalue())

    yield run
    root.handlers[:], root.level = handlers, level


def write_project(folder: Path) -> Path:
    """The project of FILES in `folder`."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, not indexed."""
    return write_project(tmp_path / "project")


@pytest.fixture(scope="session")
def indexed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, indexed down to its meaning; for tests that only read."""
    folder = write_project(tmp_path_factory.mktemp("indexed") / "project")
    with redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as ended:
        main(["index", str(folder)])
    assert ended.value.code == 0
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
