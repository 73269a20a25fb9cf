"""Changes: which files are read again, judged by what the table remembers of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeintel.catalog.rows import FileRow
from codeintel.indexing.changes import Changes, changes_at, changes_since
from codeintel.snapshot import ChunkTable, IndexedFile
from codeintel.workspace.files import Discovery, SkippedFile, SourceFile


def known(
    uri: str, *, size: int = 10, mtime_ns: int = 1, lang: str = "python", skip: str | None = None
) -> IndexedFile:
    """A file as the table remembers it; one that discovery left out has no language."""
    return IndexedFile(
        FileRow(uri, "r", lang, size, mtime_ns, None if skip else 1, "utf-8", 1, 0, skip, "ok")
    )


def there(uri: str, *, size: int = 10, mtime_ns: int = 1) -> SourceFile:
    return SourceFile(uri, Path(uri), size, mtime_ns)


def left_out(uri: str, reason: str) -> SkippedFile:
    return SkippedFile(uri, 10, 1, reason)


def check(
    table: list[IndexedFile], found: list[SourceFile | SkippedFile], *, force: bool = False
) -> dict[str, list[str]]:
    """What is to be done, by uri."""
    discovery = Discovery(
        tuple(file for file in found if isinstance(file, SourceFile)),
        tuple(file for file in found if isinstance(file, SkippedFile)),
    )
    return uris(changes_since(ChunkTable({file.row.uri: file for file in table}), discovery, force))


def uris(changes: Changes) -> dict[str, list[str]]:
    """The changes by kind, without the kinds that have none."""
    every = {
        "read": [file.uri for file in changes.suspects],
        "skip": [file.uri for file in changes.skipped],
        "remove": list(changes.vanished),
    }
    return {kind: found for kind, found in every.items() if found}


def test_nothing_is_read_where_size_and_time_are_the_same() -> None:
    assert check([known("a.py")], [there("a.py")]) == {}


@pytest.mark.parametrize(
    "found", [there("a.py", size=11), there("a.py", mtime_ns=2), there("a.py", mtime_ns=0)]
)
def test_another_size_or_time_is_read(found: SourceFile) -> None:
    assert check([known("a.py")], [found]) == {"read": ["a.py"]}


def test_a_new_file_is_read_and_a_lost_one_removed() -> None:
    assert check([known("old.py")], [there("new.py")]) == {"read": ["new.py"], "remove": ["old.py"]}


def test_force_reads_everything() -> None:
    assert check([known("a.py")], [there("a.py")], force=True) == {"read": ["a.py"]}


def test_a_file_is_skipped_once_for_each_reason() -> None:
    reason = "larger than 1 MB (2 MB)"
    assert check([known("a.py")], [left_out("a.py", reason)]) == {"skip": ["a.py"]}
    assert check([known("a.py", lang="", skip=reason)], [left_out("a.py", reason)]) == {}
    assert check([known("a.py", lang="", skip="another")], [left_out("a.py", reason)]) == {"skip": ["a.py"]}


def test_a_file_whose_content_was_refused_is_not_read_again() -> None:
    assert check([known("a.bin", lang="text", skip="binary")], [there("a.bin")]) == {}


def test_a_file_that_rules_left_out_is_read_once_they_let_it_in() -> None:
    """A raised size limit or a removed exclude changes neither size nor time of the file."""
    assert check([known("a.py", lang="", skip="larger than 1 MB (2 MB)")], [there("a.py")]) == {
        "read": ["a.py"]
    }


def at(table: list[IndexedFile], found: list[SourceFile | SkippedFile], *asked: str) -> dict[str, list[str]]:
    """What is to be done about what was asked for."""
    discovery = Discovery(
        tuple(file for file in found if isinstance(file, SourceFile)),
        tuple(file for file in found if isinstance(file, SkippedFile)),
    )
    return uris(changes_at(ChunkTable({file.row.uri: file for file in table}), discovery, asked))


def test_what_is_asked_for_is_read_whatever_its_time_says() -> None:
    assert at([known("a.py")], [there("a.py")], "a.py") == {"read": ["a.py"]}


def test_what_is_asked_for_and_not_found_is_gone_with_all_below_it() -> None:
    table = [known("a.py"), known("pkg/b.py"), known("pkg/c/d.py"), known("pkge.py")]
    assert at(table, [], "pkg") == {"remove": ["pkg/b.py", "pkg/c/d.py"]}
    assert at(table, [], "a.py") == {"remove": ["a.py"]}
    assert at(table, [], "b.py") == {}


def test_a_file_in_place_of_a_folder_and_the_reverse() -> None:
    assert at([known("x/a.py")], [there("x")], "x") == {"read": ["x"], "remove": ["x/a.py"]}
    assert at([known("x")], [there("x/a.py")], "x") == {"read": ["x/a.py"], "remove": ["x"]}


def test_a_file_that_took_its_parser_down_is_tried_again_only_when_it_looks_different() -> None:
    quarantined = known("a.py", lang="text", skip="crashed its parser")
    assert at([quarantined], [there("a.py")], "a.py") == {}
    assert at([quarantined], [there("a.py", size=11)], "a.py") == {"read": ["a.py"]}
