"""Workspace tests share ways to lay out a folder; the assertions are in the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codeintel.workspace.roots import Root, open_root

Layout = Callable[[Mapping[str, str | bytes]], Root]


@pytest.fixture(autouse=True)
def only_our_git_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own git configuration must not decide what the tests see."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Writes files into a fresh folder and opens it as a root."""
    folder = tmp_path / "project"
    folder.mkdir()

    def write(files: Mapping[str, str | bytes]) -> Root:
        for uri, content in files.items():
            path = folder / uri
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_root(folder)

    return write


def git(folder: Path, *arguments: str) -> str:
    """Runs git for the arrangement of a test."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
