"""A file is read as it is now, or refused with a reason; nothing hangs and nothing is read past the limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codeintel.workspace.files import SkippedFile, SourceFile
from codeintel.workspace.reading import SourceText, read_source
from codeintel.workspace.skipping import SkipRules


def source(path: Path) -> SourceFile:
    return SourceFile(path.name, path, 0, 0)


def reason(path: Path, rules: SkipRules | None = None) -> str:
    read = read_source(source(path), rules or SkipRules())
    assert isinstance(read, SkippedFile)
    return read.reason


def test_content_and_stat_are_those_of_the_open_file(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"caf\xe9\n")
    read = read_source(source(path), SkipRules())
    assert isinstance(read, SourceText)
    assert (read.decoded.text, read.decoded.encoding, read.data) == ("café\n", "latin-1", b"caf\xe9\n")
    assert (read.file.size, read.file.mtime_ns) == (5, path.stat().st_mtime_ns)


def test_a_vanished_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read_source(source(tmp_path / "gone.py"), SkipRules()) is None
    assert read_source(source(tmp_path / "file" / "below.py"), SkipRules()) is None


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.py").touch()
    monkeypatch.setattr(os, "open", refuse)
    assert reason(tmp_path / "a.py") == "cannot be read (Permission denied)"


def test_an_error_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    (tmp_path / "a.py").touch()
    monkeypatch.setattr(os, "read", fail)
    assert reason(tmp_path / "a.py") == "cannot be read (Input/output error)"


def test_a_file_that_became_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert reason(tmp_path / "pipe") == "no longer a regular file"


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "a.py").symlink_to("secret")
    assert reason(tmp_path / "a.py").startswith("cannot be read (")


def test_a_file_that_became_a_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "no longer a regular file"


def test_a_file_that_grew_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("wb") as file:
        file.truncate(50_000_000)
    assert reason(tmp_path / "big.log") == "larger than 1 MB (50 MB)"


def test_binary_and_minified(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0\1")
    (tmp_path / "a.js").write_bytes(b"x" * 30_000)
    assert reason(tmp_path / "a.bin").startswith("binary")
    assert reason(tmp_path / "a.js").startswith("minified")
