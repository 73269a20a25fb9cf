"""Discovery finds each real file of a root once, with git and without, and says why it leaves one out."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from codeintel.errors import Cancelled, WorkspaceError
from codeintel.workspace.discovery import Discovery, discover
from codeintel.workspace.roots import Root, open_root, unique_names
from codeintel.workspace.skipping import SkipRules

from .conftest import Layout, git


def found(root: Root, rules: SkipRules | None = None) -> list[str]:
    return [file.uri for file in discover(root, rules or SkipRules()).files]


def reasons(discovery: Discovery) -> dict[str, str]:
    return {skip.uri: skip.reason for skip in discovery.skipped}


def skipped(root: Root, rules: SkipRules | None = None) -> dict[str, str]:
    return reasons(discover(root, rules or SkipRules()))


@pytest.fixture(params=["git", "walk"])
def tree(request: pytest.FixtureRequest, layout: Layout) -> Layout:
    """A layout that is listed by git in one run of the test and walked in the other."""

    def write(files: Mapping[str, str | bytes]) -> Root:
        root = layout(files)
        if request.param == "git":
            git(root.path, "init", "-q")
        return root

    return write


def test_files_come_sorted_with_their_size_and_time(tree: Layout) -> None:
    root = tree({"b.py": "12", "a/z.py": "1", "a.py": ""})
    files = discover(root, SkipRules()).files
    assert [(file.uri, file.size) for file in files] == [("a.py", 0), ("a/z.py", 1), ("b.py", 2)]
    assert files[2].path == root.path / "b.py"
    assert files[2].mtime_ns == (root.path / "b.py").stat().st_mtime_ns


def test_an_empty_folder_has_no_files(tree: Layout) -> None:
    assert discover(tree({}), SkipRules()) == Discovery((), ())


def test_our_own_folder_is_never_entered(tree: Layout) -> None:
    root = tree({".codeintel/manifest.json": "{}", "sub/.codeintel/x": "", "a.py": "", ".gitignore": ""})
    assert found(root) == [".gitignore", "a.py"]


def test_ignored_files_are_absent(tree: Layout) -> None:
    root = tree(
        {
            ".gitignore": "*.log\nout/\n!keep.log\n",
            "a.log": "",
            "keep.log": "",
            "out/a.py": "",
            "sub/.gitignore": "!a.log\nlocal.py\n",
            "sub/a.log": "",
            "sub/local.py": "",
            "local.py": "",
        }
    )
    assert found(root) == [".gitignore", "keep.log", "local.py", "sub/.gitignore", "sub/a.log"]


def test_names_and_sizes_are_checked(tree: Layout) -> None:
    root = tree({"uv.lock": "x", "docs/a.md": "x", "a.py": "x"})
    with (root.path / "big.csv").open("wb") as file:
        file.truncate(50_000_000)
    discovery = discover(root, SkipRules(exclude=("docs/",)))
    assert [file.uri for file in discovery.files] == ["a.py"]
    assert reasons(discovery) == {
        "big.csv": "larger than 1 MB (50 MB)",
        "docs/a.md": "matches 'docs/' of the setting index.exclude",
        "uv.lock": "lock file written by a package manager",
    }
    assert discovery.skipped[0].size == 50_000_000


def test_odd_but_valid_names_are_files(tree: Layout) -> None:
    names = ['quote\'s "x".py', "new\nline.py", "😀/漢字.py", "-rf", "back\\slash.py", "<script>.md"]
    assert found(tree(dict.fromkeys(names, ""))) == sorted(names)


def test_an_undecodable_name_is_skipped_and_shown_escaped(tree: Layout) -> None:
    root = tree({"a.py": ""})
    (root.path / os.fsdecode(b"caf\xe9")).mkdir()
    (root.path / os.fsdecode(b"caf\xe9/b\xff.py")).touch()
    assert found(root) == ["a.py"]
    assert skipped(root) == {"caf\\xe9/b\\xff.py": "its name is not valid UTF-8"}


def test_links_inside_the_root(tree: Layout) -> None:
    root = tree({"real.py": "x", "lib/code.py": "", ".gitignore": "hidden.txt\n", "hidden.txt": "secret"})
    for link, target in {
        "again.py": "real.py",
        "folder": "lib",
        "loop": "loop",
        "mutual_a": "mutual_b",
        "mutual_b": "mutual_a",
        "nowhere": "missing.py",
        "shown.txt": "hidden.txt",
        "shown_twice.txt": "hidden.txt",
        "up": ".",
    }.items():
        (root.path / link).symlink_to(target)
    discovery = discover(root, SkipRules())
    assert [file.uri for file in discovery.files] == [".gitignore", "lib/code.py", "real.py", "shown.txt"]
    assert discovery.files[-1].path == root.path / "hidden.txt"
    assert reasons(discovery) == {
        "again.py": "symbolic link to real.py, listed itself",
        "folder": "symbolic link to a folder, not followed",
        "loop": "symbolic link that leads nowhere",
        "mutual_a": "symbolic link that leads nowhere",
        "mutual_b": "symbolic link that leads nowhere",
        "nowhere": "symbolic link that leads nowhere",
        "shown_twice.txt": "symbolic link to hidden.txt, listed itself",
        "up": "symbolic link to a folder, not followed",
    }


def test_links_out_of_the_root_are_not_followed(tree: Layout, tmp_path: Path) -> None:
    root = tree({"a.py": "", ".codeintel/secret": "x"})
    (tmp_path / "outside.py").write_text("secret")
    (root.path / "file.py").symlink_to("../outside.py")
    (root.path / "folder").symlink_to("..")
    (root.path / "zero").symlink_to("/dev/zero")
    (root.path / "private").symlink_to(".codeintel/secret")
    assert found(root) == ["a.py"]
    out = "symbolic link that leads out of the workspace folder"
    assert skipped(root) == {
        "file.py": out,
        "folder": out,
        "zero": out,
        "private": "symbolic link to private data of a tool",
    }


def test_two_names_of_one_file_are_indexed_once(tree: Layout) -> None:
    root = tree({"b.py": "x"})
    os.link(root.path / "b.py", root.path / "a.py")
    assert found(root) == ["a.py"]
    assert skipped(root) == {"b.py": "another name (hard link) of a.py"}


def test_pipes_and_sockets_are_skipped(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    root = layout({"a.py": ""})
    os.mkfifo(root.path / "pipe")
    monkeypatch.chdir(root.path)  # the path of a socket is limited to 108 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        (root.path / "to_pipe").symlink_to("pipe")
        assert found(root) == ["a.py"]
        assert skipped(root) == {
            "pipe": "named pipe, not a file",
            "socket": "socket, not a file",
            "to_pipe": "symbolic link to something that is not a file",
        }


def test_a_tracked_file_that_became_a_pipe_is_skipped(layout: Layout) -> None:
    root = layout({"a.py": ""})
    git(root.path, "init", "-q")
    git(root.path, "add", ".")
    (root.path / "a.py").unlink()
    os.mkfifo(root.path / "a.py")
    assert skipped(root) == {"a.py": "named pipe, not a file"}


def test_an_unreadable_folder_is_reported_by_the_walk(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout({"a.py": "", "secret/b.py": ""})
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("secret/"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(root) == ["a.py"]
    assert skipped(root) == {"secret/": "folder that cannot be read (Permission denied)"}


def test_an_unreadable_folder_is_reported_through_git(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout({"a.py": "", "sub/secret/b.py": ""})
    git(root.path, "init", "-q")
    program = (
        "echo \"warning: could not open directory 'sub/secret/': Permission denied\" >&2; printf 'a.py\\0'"
    )
    fake_git(tmp_path, program, monkeypatch)
    assert found(root) == ["a.py"]
    assert skipped(root) == {"sub/secret/": "folder that cannot be read (Permission denied)"}
    assert skipped(open_root(root.path / "sub")) == {
        "secret/": "folder that cannot be read (Permission denied)"
    }


def test_an_unreadable_entry_is_reported(tree: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"a.py": "", "b.py": ""})
    lstat = os.lstat

    def refuse(path: object) -> os.stat_result:
        if str(path).endswith("project/b.py"):
            raise PermissionError(13, "Permission denied")
        return lstat(str(path))

    monkeypatch.setattr(os, "lstat", refuse)
    assert found(root) == ["a.py"]
    assert skipped(root) == {"b.py": "cannot be read (Permission denied)"}


def fake_git(folder: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "git").write_text(f"#!/bin/sh\n{program}\n")
    (folder / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


def test_files_that_git_still_lists_but_are_deleted_are_dropped(layout: Layout) -> None:
    root = layout({"a.py": "", "gone.py": "", "gone/b.py": ""})
    git(root.path, "init", "-q")
    git(root.path, "add", ".")
    (root.path / "gone.py").unlink()
    shutil.rmtree(root.path / "gone")
    (root.path / "gone").write_text("now a file")
    assert found(root) == ["a.py", "gone"]


def test_a_tracked_path_through_a_link_is_not_followed(layout: Layout, tmp_path: Path) -> None:
    root = layout({"a.py": "", "dir/b.py": ""})
    git(root.path, "init", "-q")
    git(root.path, "add", ".")
    shutil.move(root.path / "dir", tmp_path / "outside")
    (root.path / "dir").symlink_to("../outside")
    assert found(root) == ["a.py"]


def test_a_merge_conflict_lists_a_file_once(layout: Layout) -> None:
    root = layout({"a.py": "base\n"})
    git(root.path, "init", "-q", "-b", "main")
    git(root.path, "add", ".")
    git(root.path, "commit", "-qm", "base")
    git(root.path, "checkout", "-qb", "other")
    (root.path / "a.py").write_text("other\n")
    git(root.path, "commit", "-qam", "other")
    git(root.path, "checkout", "-q", "main")
    (root.path / "a.py").write_text("main\n")
    git(root.path, "commit", "-qam", "main")
    with pytest.raises(Exception, match="merge"):
        git(root.path, "merge", "other")
    assert found(root) == ["a.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_a_subfolder_of_a_repository_obeys_the_files_above_it(
    layout: Layout, with_git: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout(
        {".gitignore": "*.log\n/sub/out\n", "sub/a.py": "", "sub/a.log": "", "sub/out": "", "b.py": ""}
    )
    git(root.path, "init", "-q")
    (root.path / ".git" / "info" / "exclude").write_text("private.py\n")
    (root.path / "sub" / "private.py").touch()
    if not with_git:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    assert found(open_root(root.path / "sub")) == ["a.py"]


def test_a_folder_that_its_repository_ignores_is_walked(layout: Layout) -> None:
    root = layout({".gitignore": "scratch/\n", "scratch/x/a.py": ""})
    git(root.path, "init", "-q")
    assert found(open_root(root.path / "scratch")) == ["x/a.py"]


def test_nested_repositories_and_submodules_are_listed(layout: Layout, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").touch()
    git(library, "init", "-q")
    git(library, "add", ".")
    git(library, "commit", "-qm", "one")
    root = layout({"a.py": "", ".gitignore": "*.tmp\n", "nested/n.py": "", "nested/.gitignore": "x.py\n"})
    (root.path / "nested" / "x.py").touch()
    (root.path / "nested" / "kept.tmp").touch()
    git(root.path / "nested", "init", "-q")
    git(root.path, "init", "-q")
    git(root.path, "submodule", "add", "-q", str(library), "vendor/library")
    expected = [
        ".gitignore",
        ".gitmodules",
        "a.py",
        "nested/.gitignore",
        "nested/kept.tmp",
        "nested/n.py",
        "vendor/library/lib.py",
    ]
    assert found(root) == expected


def test_a_nested_root_keeps_its_files(tree: Layout) -> None:
    outer = tree({"a.py": "", "inner/b.py": "", "inner2/c.py": ""})
    (outer.path / "link.py").symlink_to("inner/b.py")
    roots = unique_names([outer.path, outer.path / "inner"])
    discovery = discover(outer, SkipRules(), roots=roots)
    assert [file.uri for file in discovery.files] == ["a.py", "inner2/c.py"]
    assert reasons(discovery) == {"link.py": "symbolic link that leads out of the workspace folder"}
    assert [file.uri for file in discover(roots[1], SkipRules(), roots=roots).files] == ["b.py"]


GENERATED = {
    ".gitignore": "*.tmp\n!important.tmp\n/rooted\nmiddle/path\n**/deep/*.c\nlogs/**\nonly_dirs/\n\\#odd\n",
    "a/.gitignore": "*\n!*/\n!*.py\n",
    "b/.gitignore": "!*.tmp\ninner/*\n!inner/keep\n",
    "c/d/.gitignore": "# nothing\n\n../x\n[ab]*.txt\n",
}
FOLDERS = [
    "",
    "a",
    "a/x",
    "b",
    "b/inner",
    "b/inner/keep",
    "c",
    "c/d",
    "c/d/deep",
    "middle",
    "logs/x",
    "only_dirs",
]
NAMES = [
    "m.py",
    "x.tmp",
    "important.tmp",
    "rooted",
    "path",
    "k.c",
    "a1.txt",
    "z.txt",
    "keep",
    "note~",
    "#odd",
    "é ü",
]


def test_the_walk_agrees_with_git_on_a_generated_tree(layout: Layout) -> None:
    files = {f"{folder}/{name}".lstrip("/"): "" for folder in FOLDERS for name in NAMES}
    files = {uri: text for uri, text in files.items() if uri not in FOLDERS and f"{uri}" != "b/inner/keep"}
    root = layout(files | GENERATED | {"sub/only_dirs": "a file"})
    walked = discover(root, SkipRules())
    git(root.path, "init", "-q")
    listed = discover(root, SkipRules())
    assert walked == listed
    assert 20 < len(listed.files) < len(files)


@pytest.mark.parametrize(
    "program",
    ["echo 'fatal: detected dubious ownership' >&2; exit 128", "kill -9 $$", "exit 1"],
)
def test_a_failing_git_falls_back_to_the_walk_and_is_logged_once(
    layout: Layout,
    tmp_path: Path,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    root = layout({"a.py": "", ".gitignore": "b.py\n", "b.py": ""})
    git(root.path, "init", "-q")
    fake_git(tmp_path, program, monkeypatch)
    assert found(root) == found(root) == [".gitignore", "a.py"]
    assert len(caplog.records) == 1
    assert "without git" in caplog.text


def test_a_hanging_git_is_given_up(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = layout({"a.py": ""})
    git(root.path, "init", "-q")
    fake_git(tmp_path, "exec sleep 30", monkeypatch)
    monkeypatch.setattr("codeintel.workspace.git_listing.TIMEOUT_SECONDS", 0.2)
    start = time.perf_counter()
    assert found(root) == ["a.py"]
    assert time.perf_counter() - start < 5


def test_cancelling_does_not_wait_for_git(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout({"a.py": ""})
    git(root.path, "init", "-q")
    fake_git(tmp_path, "exec sleep 30", monkeypatch)
    start = time.perf_counter()
    with pytest.raises(Cancelled):
        discover(root, SkipRules(), cancelled=lambda: True)
    assert time.perf_counter() - start < 5


def test_cancelling_stops_the_walk(layout: Layout) -> None:
    with pytest.raises(Cancelled):
        discover(layout({"a.py": ""}), SkipRules(), cancelled=lambda: True)


def test_nothing_that_the_repository_configures_is_run(layout: Layout, tmp_path: Path) -> None:
    root = layout({"a.py": "", "bin/git": "#!/bin/sh\ntouch ran\n"})
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    trap.chmod(0o755)
    git(root.path, "init", "-q")
    for hook in ("post-index-change", "pre-auto-gc"):
        shutil.copy(trap, root.path / ".git" / "hooks" / hook)
    git(root.path, "config", "core.fsmonitor", str(trap))
    git(root.path, "config", "core.pager", str(trap))
    assert found(root) == ["a.py", "bin/git"]
    assert not (tmp_path / "ran").exists()


def test_a_git_that_lies_in_the_workspace_is_not_run(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout({"a.py": "", "bin/git": f"#!/bin/sh\ntouch {tmp_path}/ran\n"})
    (root.path / "bin" / "git").chmod(0o755)
    (root.path / ".git").mkdir()
    monkeypatch.setenv("PATH", f"{root.path}/bin:{os.environ['PATH']}")
    assert found(root) == ["a.py", "bin/git"]
    assert not (tmp_path / "ran").exists()


def test_a_work_tree_that_points_elsewhere_leads_nowhere(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.py").touch()
    root = layout({"a.py": ""})
    git(root.path, "init", "-q")
    git(root.path, "config", "core.worktree", str(tmp_path / "elsewhere"))
    assert "secret.py" not in str(discover(root, SkipRules()))


def test_the_callers_git_variables_do_not_matter(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout({"a.py": ""})
    git(root.path, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert found(root) == ["a.py"]


def test_default_folders_are_left_out_of_the_walk_only(layout: Layout) -> None:
    files = {
        "a.py": "",
        "node_modules/x/i.js": "",
        "sub/__pycache__/a.pyc": "",
        "env/pyvenv.cfg": "",
        "env/lib/x.py": "",
        "cache/CACHEDIR.TAG": "",
        "cache/y": "",
    }
    root = layout(files)
    discovery = discover(root, SkipRules())
    assert [file.uri for file in discovery.files] == ["a.py"]
    why = "left out by default where git does not decide"
    assert reasons(discovery) == {
        "cache/": f"cache, {why}",
        "env/": f"virtual environment, {why}",
        "node_modules/": f"installed dependencies, {why}",
        "sub/__pycache__/": f"cache, {why}",
    }
    git(root.path, "init", "-q")
    assert found(root) == sorted(files)


def test_include_brings_back_part_of_a_default_folder(layout: Layout) -> None:
    root = layout(
        {"node_modules/ours/i.js": "", "node_modules/theirs/i.js": "", "env/pyvenv.cfg": "", "env/a": ""}
    )
    assert found(root, SkipRules(include=("node_modules/ours/", "env/a"))) == [
        "env/a",
        "node_modules/ours/i.js",
    ]


def test_output_folders_need_a_build_manifest_and_no_ignore_file(layout: Layout) -> None:
    root = layout({"package.json": "{}", "dist/a.js": "", "cmd/build/b.go": ""})
    assert found(root) == ["cmd/build/b.go", "package.json"]
    (root.path / ".gitignore").write_text("nothing\n")
    assert "dist/a.js" in found(root)


def test_a_root_that_vanished_is_an_error_rather_than_empty(tree: Layout) -> None:
    root = tree({"a.py": ""})
    shutil.rmtree(root.path)
    with pytest.raises(WorkspaceError, match=r"cannot be read \(No such file or directory\)"):
        discover(root, SkipRules())


def test_an_ignore_file_that_is_not_a_file_is_no_rule(layout: Layout) -> None:
    root = layout({"a.py": "", "sub/b.py": ""})
    (root.path / ".gitignore").mkdir()
    os.mkfifo(root.path / "sub" / ".gitignore")
    assert found(root) == ["a.py", "sub/b.py"]
    assert skipped(root) == {"sub/.gitignore": "named pipe, not a file"}


def test_a_huge_ignore_file_is_read_up_to_a_whole_line(layout: Layout) -> None:
    root = layout({".gitignore": "first.py\n" + "x" * 99_989 + "\n*\n", "a.py": "", "first.py": ""})
    assert found(root) == [".gitignore", "a.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_many_files_take_little_time(layout: Layout, with_git: bool) -> None:
    files = {f"d{number % 50}/f{number}.py": "" for number in range(5000)}
    root = layout(files)
    if with_git:
        git(root.path, "init", "-q")
    start = time.perf_counter()
    assert len(discover(root, SkipRules()).files) == 5000
    assert (
        time.perf_counter() - start < 1.5
    )  # measured: 0.06 s; the limit for 100,000 is 2 s on a quiet machine
