"""Roots open, are named apart, and nothing translates to a path outside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from codeintel.errors import WorkspaceError
from codeintel.workspace.roots import Root, contains, innermost, open_root, path_of, unique_names, uri_of


def test_a_root_is_resolved_and_named_after_its_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    assert open_root(tmp_path / "alias") == Root("real", tmp_path.resolve() / "real")


def test_the_file_system_root_has_a_name() -> None:
    assert open_root("/").name == "root"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"There is no folder .*nowhere\. Check the spelling"):
        open_root(tmp_path / "nowhere")


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="is a file, not a folder"):
        open_root(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are Unicode there")
def test_a_folder_whose_name_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"bad\xff")
    folder.mkdir()
    with pytest.raises(WorkspaceError, match=r"is not valid UTF-8\. Rename"):
        open_root(folder)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(WorkspaceError, match=r"cannot be read\. Check its permissions"):
        open_root(tmp_path)


@pytest.mark.parametrize("name", ["loop", "nul\0byte"])
def test_a_path_that_cannot_be_resolved(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(WorkspaceError, match="cannot be opened"):
        open_root(tmp_path / name)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "sub" / "a.py").touch()
    (tmp_path / "outside" / "secret").touch()
    (tmp_path / "root" / "escape").symlink_to("../outside")
    (tmp_path / "root" / "inner").symlink_to("sub")
    (tmp_path / "rootless").mkdir()
    return open_root(tmp_path / "root")


def test_paths_and_uris_round_trip(root: Root) -> None:
    assert uri_of(root, root.path / "sub" / "a.py") == "sub/a.py"
    assert uri_of(root, "sub/../sub/a.py") == "sub/a.py"
    assert uri_of(root, root.path) == ""
    assert path_of(root, "sub/a.py") == root.path / "sub" / "a.py"
    assert path_of(root, "sub/new.py") == root.path / "sub" / "new.py"


def test_a_path_through_a_link_above_the_root_has_the_same_uri(root: Root, tmp_path: Path) -> None:
    (tmp_path / "door").symlink_to("root")
    assert uri_of(root, tmp_path / "door" / "sub" / "a.py") == "sub/a.py"


@pytest.mark.parametrize(
    "uri", ["../outside/secret", "/etc/passwd", "sub/../../outside", "escape/secret", "a\0b"]
)
def test_a_uri_that_leads_out_is_refused(root: Root, uri: str) -> None:
    with pytest.raises(WorkspaceError):
        path_of(root, uri)


@pytest.mark.parametrize("path", ["../outside/secret", "../rootless", "escape/secret", ".."])
def test_a_path_outside_has_no_uri(root: Root, path: str) -> None:
    with pytest.raises(WorkspaceError, match="lies outside the workspace folder"):
        uri_of(root, path)


def test_contains_follows_links(root: Root) -> None:
    assert contains(root, root.path / "inner" / "a.py")
    assert contains(root, root.path)
    assert not contains(root, root.path / "escape")
    assert not contains(root, f"{root.path}less")
    assert not contains(root, "a\0b")


def test_equal_folder_names_are_told_apart(tmp_path: Path) -> None:
    for folder in ("x/api", "y/api", "z/x/api", "web"):
        (tmp_path / folder).mkdir(parents=True)
    roots = unique_names(tmp_path / folder for folder in ("x/api", "y/api", "z/x/api", "web"))
    assert [root.name for root in roots] == ["x/api", "y/api", "x/api-2", "web"]


def test_a_folder_named_twice_is_one_root(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    assert [root.name for root in unique_names([tmp_path / "a", tmp_path / "b"])] == ["a"]
    assert "is named twice" in caplog.text


def test_a_nested_root_owns_its_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "outer" / "inner" / "deep").mkdir(parents=True)
    roots = unique_names([tmp_path / "outer", tmp_path / "outer" / "inner"])
    outer, inner = roots
    assert innermost(roots, inner.path / "deep") == inner
    assert innermost(roots, outer.path / "other") == outer
    assert innermost(roots, tmp_path) is None
    assert "inner lies inside outer: its files belong to inner only" in caplog.text
