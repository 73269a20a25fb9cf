"""Indexes that others left in a workspace are found, named, and believed where the text still reads as they say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from codeintel.indexing.scip_found import FoundIndex, found_indexes, read_found
from codeintel.indexing.scip_shadow import SourceDocument, Sources
from codeintel.workspace.roots import Root
from scip_files import document, index_file, occurrence

RUN = "rust-analyzer cargo shop 0.1 till/run()."
TEXT = "fn run() {}\n"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "root").mkdir()
    return Root("root", tmp_path / "root")


def written(root: Root, name: str, *uris: str, project_root: str = "file:///elsewhere") -> Path:
    path = root.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [document(uri, occurrence(RUN, 0, 3, 6, roles=1)) for uri in uris]
    return index_file(path, parts, "rust-analyzer", project_root)


def sources(texts: Mapping[str, str]) -> Sources:
    return Sources([SourceDocument(uri, "rust", number) for number, uri in enumerate(texts)], texts.get)


def uris(found: FoundIndex, texts: Mapping[str, str]) -> list[str]:
    return [document.uri for document in read_found(found, sources(texts))]


def test_an_index_is_told_by_its_name_its_maker_and_its_age(root: Root) -> None:
    path = written(root, "index.scip", "a.rs", "b.rs")
    os.utime(path, (1_000, 1_000))
    assert found_indexes(root) == [FoundIndex(path, "", "rust-analyzer", "9.9", 1_000.0, 2)]


def test_indexes_lie_where_packages_begin_but_not_in_dependencies(root: Root) -> None:
    for name in (
        "b/go/index.scip",
        "a.scip",
        "node_modules/x/index.scip",
        ".git/index.scip",
        "1/2/3/4/5/i.scip",
    ):
        written(root, name, "a.rs")
    (root.path / "c.scip").mkdir()
    assert [found.path.relative_to(root.path).as_posix() for found in found_indexes(root)] == [
        "a.scip",
        "b/go/index.scip",
    ]


def test_a_link_out_of_the_workspace_is_no_index_of_it(root: Root, tmp_path: Path) -> None:
    outside = Root("outside", tmp_path / "outside")
    path = written(outside, "index.scip", "a.rs")
    (root.path / "index.scip").symlink_to(path)
    assert found_indexes(root) == []


def test_a_damaged_index_is_found_with_what_is_wrong_with_it(root: Root) -> None:
    (root.path / "index.scip").write_text("{}")
    (found,) = found_indexes(root)
    assert found.error is not None
    assert "index.scip cannot be used" in found.error.message


def test_paths_start_where_the_index_says_if_that_is_in_the_root(root: Root) -> None:
    (root.path / "crates" / "till ä").mkdir(parents=True)
    inside = (root.path / "crates" / "till ä").as_uri()
    written(root, "index.scip", "a.rs", project_root=inside)
    (found,) = found_indexes(root)
    assert found.folder == "crates/till ä/"
    assert uris(found, {"crates/till ä/a.rs": TEXT, "a.rs": TEXT}) == ["crates/till ä/a.rs"]


@pytest.mark.parametrize("elsewhere", ["file:///home/ci/build", "file:///etc", "", "https://x/y", "nonsense"])
def test_paths_start_where_the_index_lies_if_it_was_made_elsewhere(root: Root, elsewhere: str) -> None:
    written(root, "crates/till/index.scip", "a.rs", project_root=elsewhere)
    (found,) = found_indexes(root)
    assert uris(found, {"crates/till/a.rs": TEXT}) == ["crates/till/a.rs"]


def test_a_stale_document_is_left_out_and_the_others_are_taken(root: Root) -> None:
    written(root, "index.scip", "a.rs", "b.rs", "gone.rs")
    (found,) = found_indexes(root)
    taken = list(read_found(found, sources({"a.rs": "// new\n" + TEXT, "b.rs": TEXT})))
    assert [(each.uri, each.content_hash, each.text) for each in taken] == [("b.rs", 1, TEXT)]
    assert taken[0].occurrences["symbol"] == [RUN]
