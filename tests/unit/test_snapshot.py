"""The chunk table: two layers that must look like one dictionary of files, whatever is changed and folded."""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.catalog.rows import Chunk, FileRow
from codeintel.snapshot import ChunkTable, IndexedFile
from workspaces import snapshot_of

URIS = [f"{name}.py" for name in "abcdefg"]
Files = Mapping[str, IndexedFile | None]


def file_of(uri: str, contents: list[str]) -> IndexedFile:
    """A file whose chunks have these contents, a line each."""
    hashes = [content_hash(content.encode()) for content in contents]
    chunks = tuple(
        Chunk(number, uri, "r", line, line, line, line + 1, content, "python", "block", "", hashed, ())
        for line, (number, content, hashed) in enumerate(
            zip(chunk_ids(uri, hashes), contents, hashes, strict=True)
        )
    )
    return IndexedFile(FileRow(uri, "r", "python", 1, 1, 1, "utf-8", 1, len(chunks), None, "ok"), chunks)


def check(table: ChunkTable, files: Mapping[str, IndexedFile]) -> None:
    """Everything that the table tells is what a dictionary of files would tell."""
    chunks = {chunk.id: chunk for file in files.values() for chunk in file.chunks}
    assert len(table) == len(chunks)
    assert {chunk.id: chunk for chunk in table} == chunks
    assert len(list(table)) == len(chunks)
    assert table.ids().tolist() == sorted(chunks)
    assert {file.row.uri: file for file in table.files()} == files
    assert all(table.file(uri) == files.get(uri) for uri in URIS)
    assert all(table.get(chunk_id) == chunk for chunk_id, chunk in chunks.items())


CONTENTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=4)
CHANGE = st.dictionaries(st.sampled_from(URIS), st.none() | CONTENTS, max_size=4)


@given(st.dictionaries(st.sampled_from(URIS), CONTENTS), st.lists(CHANGE, max_size=6), st.integers(0, 4))
def test_a_table_is_a_dictionary_of_files(
    start: dict[str, list[str]], changes: list[dict[str, list[str] | None]], ratio: int
) -> None:
    with patch("codeintel.snapshot.LAYER_RATIO", ratio):
        files = {uri: file_of(uri, contents) for uri, contents in sorted(start.items())}
        table = ChunkTable(files)
        seen = [(table, dict(files))]
        for change in changes:
            change_files: Files = {u: None if c is None else file_of(u, c) for u, c in change.items()}
            table = table.changed(change_files)
            files = {u: f for u, f in {**files, **change_files}.items() if f is not None}
            seen.append((table, dict(files)))
        for before, known in seen:  # an older table never changes
            check(before, known)


def test_an_id_that_is_gone_is_not_found() -> None:
    table = ChunkTable({"a.py": file_of("a.py", ["a\n", "b\n"])})
    lost = next(iter(table)).id
    after = table.changed({"a.py": file_of("a.py", ["b\n"])})
    assert after.get(lost) is None
    assert table.get(lost) is not None
    assert after.changed({"a.py": None}).file("a.py") is None


@pytest.mark.parametrize("ratio", [0, 4])
def test_files_are_ordered_by_uri_in_each_layer(ratio: int) -> None:
    with patch("codeintel.snapshot.LAYER_RATIO", ratio):
        table = ChunkTable({}).changed({uri: file_of(uri, ["x"]) for uri in reversed(URIS)})
    assert [file.row.uri for file in table.files()] == URIS


def test_coverage_is_the_share_of_chunks_with_a_contextual_vector() -> None:
    texts = {"a.py": "x = 1\n", "b.py": "y = 1\n"}
    assert snapshot_of(texts).coverage == 0.0
    assert snapshot_of(texts, meaning=True).coverage == 1.0
    assert snapshot_of({}).coverage == 1.0


def test_a_skipped_file_has_a_row_and_no_chunks() -> None:
    table = ChunkTable(
        {"a.bin": IndexedFile(FileRow("a.bin", "r", "", 1, 1, None, "", 0, 0, "binary", "none"))}
    )
    file = table.file("a.bin")
    assert file is not None
    assert (file.chunks, file.row.skip_reason, len(table)) == ((), "binary", 0)
