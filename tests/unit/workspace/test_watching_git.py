"""Git's folder is found where it is, and a hostile `.git` leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codeintel.workspace.watching_git import git_folder

from .conftest import git


def test_the_folder_of_a_repository_is_found_from_a_folder_in_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = tmp_path / "src" / "inner"
    inner.mkdir(parents=True)
    assert git_folder(inner) == git_folder(tmp_path) == (tmp_path / ".git").resolve()


@pytest.mark.parametrize("link", ["absolute", "relative"])
def test_a_git_file_leads_to_the_folder_it_names(tmp_path: Path, link: str) -> None:
    named = tmp_path / "main" / ".git" / "worktrees" / "work"
    named.mkdir(parents=True)
    (named / "HEAD").write_text("ref: refs/heads/work\n")
    work = tmp_path / "work"
    work.mkdir()
    target = named if link == "absolute" else os.path.relpath(named, work)
    (work / ".git").write_text(f"gitdir: {target}\n")
    assert git_folder(work) == named.resolve()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"gitdir: ",
        b"gitdir: /nowhere\n",
        b"somewhere else\n",
        b"gitdir: a\0b\n",
        b"gitdir: " + b"x" * 10_000,
    ],
)
def test_a_git_file_that_names_no_folder_of_git_leads_nowhere(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_folder(tmp_path) is None


def test_a_named_pipe_is_not_read(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes")
    os.mkfifo(tmp_path / ".git")
    assert git_folder(tmp_path) is None
