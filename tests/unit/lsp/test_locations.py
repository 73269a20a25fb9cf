"""URIs and ranges."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsp_fakes import FakeService, chunk_of
from lsprotocol import types

from codeintel.errors import QueryError, UsageError
from codeintel.lsp.locations import ENCODINGS, Ranges, naming, path_of, uri_of


@given(st.binary(min_size=1).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_every_file_name_survives_its_uri(name: bytes) -> None:
    path = Path("/folder") / os.fsdecode(name)
    assert path_of(uri_of(path), "uri") == path


@pytest.mark.parametrize(
    "uri", ["", "a.py", "untitled:1", "file:a.py", "http://host/a.py", "file://", "git:/a.py"]
)
def test_what_is_no_file_is_an_error_about_the_field(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        path_of(uri, "textDocument.uri")
    assert caught.value.field == "textDocument.uri"


@given(st.text(alphabet="a😀é\n\r", max_size=40), st.data())
def test_a_range_begins_at_the_column_at_which_the_chunk_does(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    chunk = chunk_of(text, start, end)
    span = Ranges(FakeService(text), "utf-32").of_chunk(chunk[0], chunk[1])
    before = text[:start].replace("\r\n", "\n").replace("\r", "\n")
    if not before.endswith("\n") or text[start - 1 : start + 1] != "\r\n":
        assert span.start.character == len(before.rpartition("\n")[2])


def test_a_chunk_of_a_file_that_is_gone_has_the_lines_it_had() -> None:
    root, chunk = chunk_of("one\ntwo\nthree\n", 4, 8)
    span = Ranges(FakeService(None), "utf-16").of_chunk(root, chunk)
    assert span == types.Range(types.Position(1, 0), types.Position(1, 3))


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 7), ("utf-16", 5), ("utf-32", 4)])
def test_columns_count_the_units_of_the_encoding(encoding: str, column: int) -> None:
    text = "a😀é needle\n"
    root, chunk = chunk_of(text, 0, len(text))
    at = len("a😀é ".encode())
    span = Ranges(FakeService(text), ENCODINGS[encoding]).of_bytes(root, chunk, at, at + 6)
    assert (span.start.character, span.end.character) == (
        column + (encoding == "utf-8"),
        column + 6 + (encoding == "utf-8"),
    )


def test_errors_name_the_wire_field_and_keep_their_column() -> None:
    with pytest.raises(UsageError) as caught, naming(path="textDocument.uri"):
        raise UsageError("Not indexed.", field="path")
    assert caught.value.field == "textDocument.uri"
    with pytest.raises(QueryError) as query, naming(path="textDocument.uri"):
        raise QueryError("Bad.", column=3)
    assert query.value.column == 3
