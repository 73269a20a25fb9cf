"""Ignore patterns mean what they mean to git, and none of them is slow."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codeintel.workspace.ignoring import IgnoreRules, parse_rule, read_ignore_lines

from .conftest import git


def ignored(patterns: str, uri: str) -> bool:
    return IgnoreRules(read_ignore_lines(patterns.encode())).rule_for(uri) is not None


@pytest.mark.parametrize(
    ("patterns", "uri", "expected"),
    [
        ("*.log", "a/b.log", True),
        ("/*.log", "a/b.log", False),
        ("a/*.log", "x/a/b.log", False),
        ("**/a/*.log", "x/a/b.log", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**", "a", False),
        ("build/", "build", False),
        ("build/", "x/build/out.o", True),
        ("*.py\n!keep.py", "keep.py", False),
        ("d/\n!d/keep.py", "d/keep.py", True),
        ("*\n!*/\n!*.py", "d/e/a.py", False),
        ("*\n!*/\n!*.py", "d/e/a.txt", True),
        ("# comment", "# comment", False),
        ("\\# name", "# name", True),
        ("\\!name", "!name", True),
        ("trailing   ", "trailing", True),
        ("kept\\ ", "kept ", True),
        ("crlf.txt\r", "crlf.txt", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[[:digit:]]", "7", True),
        ("[]-]", "-", True),
        ("[unclosed", "[unclosed", False),
        ("a?c", "a/c", False),
        ("trailing\\", "trailing\\", False),
        ("", "x", False),
        ("/", "x", False),
    ],
)
def test_patterns(patterns: str, uri: str, expected: bool) -> None:
    assert ignored(patterns, uri) is expected


def test_a_byte_order_mark_is_not_part_of_the_first_pattern() -> None:
    assert IgnoreRules(read_ignore_lines("\ufeffa.txt".encode())).rule_for("a.txt")


def test_a_rule_keeps_its_text() -> None:
    rule = parse_rule(b"!docs/**/x/\r\n")
    assert rule is not None
    assert (rule.text, rule.negated, rule.folders_only, rule.by_name) == ("!docs/**/x/", True, True, False)


ATOMS = st.sampled_from(
    ["a", "b", "ab", "*", "**", "***", "?", "/", "/", "[ab]", "[!a]", "[a-", "\\a", "\\", "!", " "]
)
PATTERNS = st.lists(st.lists(ATOMS, min_size=1, max_size=7).map("".join), min_size=1, max_size=4)
NAMES = st.lists(st.sampled_from(["a", "b", "ab", "ba", "aab", "!"]), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patterns")
    git(folder, "init", "-q")
    return folder


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATTERNS, st.lists(NAMES, min_size=1, max_size=12, unique=True))
@example(["**/a*b/a", "!a"], ["aab/b/ab/a", "ab/a"])
@example(["*", "!*/", "!ab"], ["a/ab", "a/b"])
@example(["a**/a"], ["a/b/a", "aa", "ab/a", "b/a"])
@example(["a/b**"], ["a/b", "a/ba", "a/b/a", "a/a"])
@example(["?a**/a", "a\\a**/b"], ["aab/a", "aa/b/a", "aa/a/b"])
def test_any_pattern_agrees_with_git(repository: Path, patterns: list[str], names: list[str]) -> None:
    (repository / ".gitignore").write_bytes("\n".join(patterns).encode())
    command = ["git", "check-ignore", "--no-index", "--stdin", "-z"]
    answer = subprocess.run(command, cwd=repository, input="\0".join(names), capture_output=True, text=True)
    expected = set(filter(None, answer.stdout.split("\0")))
    assert {name for name in names if ignored("\n".join(patterns), name)} == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("**/a/" * 30 + "b", "a/" * 300 + "c"),
        ("*" * 2000 + "b", "a" * 250),
        ("*a" * 2000 + "b", "a" * 250),
        ("*a" * 500_000, "a" * 250),
        ("**/*a*a*a/**/*a*a*a/x", "aaaaaa/" * 200 + "y"),
    ],
)
def test_a_hostile_pattern_is_not_slow(pattern: str, path: str) -> None:
    began = time.process_time()  # not the clock's: what else the machine does is not the pattern's fault
    assert not IgnoreRules([pattern.encode()]).deciding(path.encode(), is_folder=False)
    assert time.process_time() - began < 5.0  # tried in every way, these would take years
