from __future__ import annotations

import numpy as np
import pytest
from catalog_samples import PROVENANCE, chunks

from codeintel.catalog.rows import (
    FileRow,
    chunk_table,
    chunks_of,
    file_table,
    files_of,
    idmap_table,
    preview,
    vectors_of,
)
from codeintel.catalog.schemas import chunks_schema, conform, faiss_idmap_schema

DIMS = PROVENANCE.dims


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("def f():\n    pass\n", "def f():"),
        ("\n\n  # remark\n  @cached\n  def f():\n", "def f():"),
        ("// one\r\nfunc main() {\r\n", "func main() {"),
        ("# only a remark\n", "# only a remark"),
        ("}\n", "}"),
        ("\n \n", ""),
        ("", ""),
        ("a\x0cb\u2028c\nd", "a\x0cb\u2028c"),
        ("x" * 500, "x" * 160),
    ],
)
def test_the_preview_is_the_first_line_of_code(content: str, expected: str) -> None:
    assert preview(content) == expected


def test_chunks_survive_the_way_through_arrow() -> None:
    rows = chunks("dir/ä.py", ["def f(): pass\n", "", "x = '🙂'\n"])
    table = chunk_table(rows, DIMS)
    assert table.schema.equals(chunks_schema(DIMS))
    assert chunks_of(table) == rows


def test_files_survive_the_way_through_arrow() -> None:
    skipped = FileRow("big.bin", "root", "text", 9, 1, None, "", 0, 0, "larger than 1 MB", "none")
    assert files_of(file_table([skipped], DIMS)) == [skipped]


def test_vectors_are_found_with_their_rows() -> None:
    rows = chunks("a.py", ["a", "b", "c"])
    vectors = np.arange(12, dtype=np.float32).reshape(3, 4)
    table = chunk_table(rows, DIMS, vectors, embedded=np.array([True, False, True]))
    values, present = vectors_of(table, "embedding")
    assert present.tolist() == [0, 2]
    assert np.array_equal(values, vectors[[0, 2]])
    assert vectors_of(table, "static_embedding")[0].shape == (0, 2)
    assert vectors_of(table.slice(2), "embedding")[0].tolist() == vectors[[2]].tolist()


def test_a_table_without_rows_has_no_vectors() -> None:
    for table in (chunks_schema(DIMS).empty_table(), chunk_table([], DIMS)):
        assert vectors_of(table, "embedding")[0].shape == (0, 4)
        assert vectors_of(table, "static_embedding")[0].dtype == np.float16


def test_vectors_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 4\)"):
        chunk_table(chunks("a.py", ["a"]), DIMS, np.zeros((1, 5), np.float32))


def test_rows_must_fit_their_table() -> None:
    table = chunk_table(chunks("a.py", ["a"]), DIMS)
    assert conform("chunks", table.select(table.column_names[::-1]), DIMS).schema.equals(chunks_schema(DIMS))
    with pytest.raises(ValueError, match="lack uri"):
        conform("chunks", table.drop_columns(["uri"]), DIMS)
    with pytest.raises(ValueError, match="no table 'chunk'"):
        conform("chunk", table, DIMS)


def test_the_id_map_has_its_schema() -> None:
    table = idmap_table(["a.py", "b.py"], np.arange(2), np.array([5, 6]), [5, 6], ["primary", "secondary"])
    assert table.schema.equals(faiss_idmap_schema(DIMS))
