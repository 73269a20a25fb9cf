"""Files that are not worth indexing are refused with a sentence that holds the figures."""

from __future__ import annotations

import codecs

import pytest

from codeintel.workspace.skipping import SkipRules, bytes_in_words

RULES = SkipRules()


@pytest.mark.parametrize(
    ("uri", "size", "reason"),
    [
        ("src/a.py", 1_000_000, None),
        ("empty.py", 0, None),
        ("src/a.py", 52_428_800, "larger than 1 MB (52.4 MB)"),
        ("package-lock.json", 10, "lock file written by a package manager"),
        ("sub/Cargo.lock", 10, "lock file written by a package manager"),
        ("Cargo.lock.md", 10, None),
        ("static/jquery.min.js", 10, "minified code"),
        ("static/app.js.map", 10, "source map"),
        ("tests/__snapshots__/a.snap", 10, "recorded test snapshot"),
        ("map.py", 10, None),
    ],
)
def test_by_name_and_size(uri: str, size: int, reason: str | None) -> None:
    assert RULES.reason_by_stat(uri, size) == reason


def test_exclude_names_its_pattern_and_wins_over_include() -> None:
    rules = SkipRules(exclude=("docs/**", "!docs/keep.md", "*.gen.py"), include=("*.gen.py",))
    assert rules.reason_by_stat("docs/a/b.md", 1) == "matches 'docs/**' of the setting index.exclude"
    assert rules.reason_by_stat("docs/keep.md", 1) is None
    assert rules.reason_by_stat("src/x.gen.py", 1) == "matches '*.gen.py' of the setting index.exclude"


def test_exclude_of_a_folder_covers_what_lies_below() -> None:
    rules = SkipRules(exclude=("third_party/",))
    assert rules.reason_by_stat("src/third_party/x/y.c", 1)
    assert rules.reason_by_stat("src/third_party", 1) is None


def test_include_brings_back_data_but_not_size() -> None:
    rules = SkipRules(include=("/go.sum", "snapshots/"))
    assert rules.reason_by_stat("go.sum", 10) is None
    assert rules.reason_by_stat("sub/go.sum", 10) is not None
    assert rules.reason_by_stat("snapshots/a.snap", 10) is None
    assert rules.reason_by_stat("go.sum", 2_000_000) == "larger than 1 MB (2 MB)"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", None),
        (b"text\n" * 5000, None),
        (b"\x7fELF\0\0", "binary (a zero byte within the first 8,192 bytes)"),
        (b"x" * 8192 + b"\0", None),
        (codecs.BOM_UTF16_LE + "text".encode("utf-16-le"), None),
        (codecs.BOM_UTF32_LE + "text".encode("utf-32-le"), None),
        ("text".encode("utf-16-le"), "binary (a zero byte within the first 8,192 bytes)"),
        (b"x" * 20_000, "minified or data (mean line 20,000 bytes, limit 500)"),
        (b"x" * 9_000, None),
        ((b"x" * 80 + b"\r") * 200, None),
    ],
)
def test_by_content(data: bytes, reason: str | None) -> None:
    assert RULES.reason_by_content(data) == reason


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (1_000_000, "1 MB"), (2 * 10**9, "2 GB")],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert bytes_in_words(size) == words
