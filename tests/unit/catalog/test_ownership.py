from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from codeintel.catalog.ownership import is_sealed, seal, user_secret


def test_the_secret_is_made_once_and_only_its_user_reads_it(state_folder: Path) -> None:
    first = user_secret()
    path = state_folder / "codeintel" / "index-secret"
    assert user_secret() == first == path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["index-secret"]


def test_without_a_state_folder_home_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    secret = user_secret()
    assert (tmp_path / ".local/state/codeintel/index-secret").read_bytes() == secret


@pytest.mark.skipif(os.name == "nt", reason="there is no user database")
def test_without_the_variable_the_home_of_the_user_database_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: str(tmp_path) if path == "~" else path)
    secret = user_secret()
    assert (tmp_path / ".local/state/codeintel/index-secret").read_bytes() == secret


def test_without_home_the_secret_lasts_as_long_as_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    for name in ("XDG_STATE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert len(user_secret()) == 32
    assert user_secret() == user_secret()


def test_an_unwritable_home_is_said_and_survived(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state_folder.write_text("a file where the folder should be")
    assert len(user_secret()) == 32
    assert "rebuilt at every start" in caplog.text
    monkeypatch.setenv("XDG_STATE_HOME", "relative/path")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert len(user_secret()) == 32


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_torn_secret_is_replaced(state_folder: Path, content: bytes) -> None:
    path = state_folder / "codeintel" / "index-secret"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert user_secret() == path.read_bytes() == user_secret()


def test_of_two_processes_that_make_a_secret_the_first_wins(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = state_folder / "codeintel" / "index-secret"
    link = os.link

    def link_late(source: Path, target: Path) -> None:
        path.write_bytes(b"o" * 32)
        link(source, target)

    monkeypatch.setattr(os, "link", link_late)
    assert user_secret() == b"o" * 32


def test_a_seal_holds_for_its_text_and_secret_only() -> None:
    token = seal(b"text", b"s" * 32)
    assert is_sealed(b"text", b"s" * 32, token)
    assert not is_sealed(b"Text", b"s" * 32, token)
    assert not is_sealed(b"text", b"t" * 32, token)
    assert not is_sealed(b"text", b"s" * 32, "ünlike a token")
