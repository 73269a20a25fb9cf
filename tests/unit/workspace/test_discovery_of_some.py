"""Some documents are listed as they would be among all: the two ways of finding files may not disagree."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeintel.workspace.discovery import discover, discover_at, would_list
from codeintel.workspace.roots import open_root
from codeintel.workspace.skipping import SkipRules

RULES = SkipRules()
URIS = [
    "a.py", "b.log", "src/c.py", "src/d.log", "src/deep/e.py", "build/f.py", "node_modules/g.js", "src/h.lock",
    ".codeintel/i.py", "src/.gitignore",
]  # fmt: skip
ASKED = [*URIS, "src", "src/deep", "build", "gone.py", "gone", ""]
IGNORES = ["", "*.log\n", "build/\n", "src/*\n!src/c.py\n", "/src\n"]


def tree(folder: Path, present: list[str], ignore: str) -> None:
    for uri in present:
        path = folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("*.py\n" if uri.endswith(".gitignore") else "x = 1\n")
    if ignore:
        (folder / ".gitignore").write_text(ignore)


@pytest.mark.parametrize("git", [False, True])
@given(
    present=st.lists(st.sampled_from(URIS), unique=True, min_size=1),
    asked=st.lists(st.sampled_from(ASKED), unique=True, min_size=1, max_size=4),
    ignore=st.sampled_from(IGNORES),
    known=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_asked_for_is_found_as_among_all(
    git: bool, present: list[str], asked: list[str], ignore: str, known: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ws"
        folder.mkdir()
        tree(folder, present, ignore)
        if git:
            subprocess.run(["git", "init", "-q", str(folder)], check=True)
        root = open_root(folder)
        every = discover(root, RULES)
        listed = {file.uri for file in every.files} if known else set()
        found = discover_at(root, RULES, asked, listed.__contains__)

        def is_asked(uri: str) -> bool:
            return any(not one or uri.rstrip("/") == one or uri.startswith(f"{one}/") for one in asked)

        assert found.files == tuple(file for file in every.files if is_asked(file.uri))
        assert {one.uri for one in found.skipped} == {one.uri for one in every.skipped if is_asked(one.uri)}


@given(
    present=st.lists(st.sampled_from(URIS), unique=True, min_size=1),
    ignore=st.sampled_from(IGNORES),
    asked=st.sampled_from([uri for uri in URIS if not uri.endswith("ignore")]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_that_does_not_exist_yet_is_judged_as_if_it_did(
    present: list[str], ignore: str, asked: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree(folder, [uri for uri in present if uri != asked], ignore)
        root = open_root(folder)
        foretold = would_list(root, asked)
        (folder / asked).parent.mkdir(parents=True, exist_ok=True)
        (folder / asked).write_text("x = 1\n")
        every = discover(root, RULES)
        assert foretold == (asked in {one.uri for one in (*every.files, *every.skipped)})


def test_a_link_and_a_second_name_are_judged_beside_all_others(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to("a.py")
    os.link(tmp_path / "a.py", tmp_path / "same.py")
    root = open_root(tmp_path)
    found = discover_at(root, RULES, ["link.py", "same.py"], lambda _: True)
    assert not found.files
    assert [one.uri for one in found.skipped] == ["link.py", "same.py"]
