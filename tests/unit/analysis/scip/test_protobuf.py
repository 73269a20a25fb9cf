"""Messages are read as scip.proto has them, and files walked field by field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.scip.protobuf import (
    DOCUMENT,
    METADATA,
    Frame,
    ScipIndexError,
    frames_of_file,
    frames_of_message,
    parsed,
)
from scip_files import document, field, metadata, occurrence


def walked(path: Path, data: bytes) -> list[Frame]:
    path.write_bytes(data)
    with path.open("rb") as file:
        return list(frames_of_file(file, "x.scip"))


def test_a_field_that_nobody_knows_is_passed_over(tmp_path: Path) -> None:
    newer = metadata() + field(77, "later") + field(78, 3) + b"\x9d\x06\0\0\0\0" + document("a.py")
    assert [frame.field for frame in walked(tmp_path / "i", newer)] == [METADATA, 77, 0, 0, DOCUMENT]


def test_a_frame_holds_its_content(tmp_path: Path) -> None:
    (frame,) = walked(tmp_path / "i", field(2, "abc"))
    assert (tmp_path / "i").read_bytes()[frame.start : frame.end] == b"abc"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b'{"a": 1}', "byte 0"),
        (b"PK\x03\x04 a zip archive", "not a SCIP index"),
        (b"\x7fELF\x02\x01\x01", "byte 0"),
        (b"\0" * 64, "byte 0"),
        (b"\x1f\x8b\x08\0 gzip", "byte 0"),
        (b"\xff" * 64, "byte 0"),
        (field(9, "of another schema"), "not a SCIP index"),
        (metadata() + document("a.py")[:-1], "the end of the file"),
        (metadata() + b"\x12", "the end of the file"),
        (metadata() + b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "the end of the file"),
        (metadata() + b"\0" * 10, "byte"),
    ],
)
def test_what_is_no_whole_index_is_said_to_be_none(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(ScipIndexError) as caught:
        walked(tmp_path / "i", data)
    assert told in caught.value.message
    assert caught.value.remedy


def test_a_message_that_cannot_be_read_is_an_error_of_the_index() -> None:
    with pytest.raises(ScipIndexError, match=r"x\.scip cannot be used"):
        parsed("Document", b"\x0a\xff", "x.scip")


def test_text_that_is_no_unicode_and_numbers_from_a_newer_schema_are_taken_as_they_are() -> None:
    data = field(1, b"\xff.py") + field(6, 99) + occurrence("s", 0, 0, 1, roles=1 << 20)[0:]
    found = parsed("Document", data, "x.scip")
    assert (found.relative_path, found.position_encoding) == (b"\xff.py", 99)
    assert found.occurrences[0].symbol_roles == 1 << 20


def test_numbers_that_are_not_packed_are_read_too() -> None:
    loose = b"".join(field(1, number) for number in (3, 4, 7))
    found = parsed("Occurrence", loose + field(2, "s"), "x.scip")
    assert list(found.range) == [3, 4, 7]


@given(st.lists(st.tuples(st.integers(1, 2**20), st.binary(max_size=40)), max_size=8))
def test_every_field_of_a_message_is_found_where_it_stands(fields: list[tuple[int, bytes]]) -> None:
    data = b"".join(field(number, value) for number, value in fields)
    assert [(frame.field, data[frame.start : frame.end]) for frame in frames_of_message(data)] == fields


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_worse_than_be_refused(data: bytes) -> None:
    try:
        frames = list(frames_of_message(data))
    except ValueError:
        return
    assert all(0 <= frame.start <= frame.end <= len(data) for frame in frames)
