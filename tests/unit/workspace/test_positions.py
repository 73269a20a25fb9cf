"""Bytes, lines and editor positions convert both ways on any text, and clamp as LSP says."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codeintel.workspace.positions import LineIndex, PositionEncoding

ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
PIECES = st.sampled_from(
    ["\r", "\n", "\r\n", "\u2028", "\x0c", "\x85", "a", "é", "漢", "😀", "e\u0301", "\ufeff"]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=20).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)


def units(text: str, encoding: PositionEncoding) -> int:
    if encoding == "utf-32":
        return len(text)
    return len(text.encode("utf-8")) if encoding == "utf-8" else len(text.encode("utf-16-le")) // 2


@given(TEXTS, st.sampled_from(ENCODINGS))
@example("a\r\n\rb", "utf-16")
@example("😀\n", "utf-16")
def test_every_character_boundary_outside_a_line_break_round_trips(
    text: str, encoding: PositionEncoding
) -> None:
    index = LineIndex(text)
    for line, content in enumerate(re.split("\r\n|\n|\r", text)):
        for count in range(len(content) + 1):
            byte = index.byte_of_line(line) + len(content[:count].encode())
            assert index.position_of_byte(byte, encoding) == (line, units(content[:count], encoding))
            assert index.byte_of(line, units(content[:count], encoding), encoding) == byte
            assert index.line_of_byte(byte) == line


@given(TEXTS)
def test_lines_partition_the_bytes_and_agree_with_a_split(text: str) -> None:
    index = LineIndex(text)
    lines = re.split("\r\n|\n|\r", text)
    assert index.line_count == len(lines)
    assert [index.line_text(line) for line in range(index.line_count)] == lines
    starts = [index.byte_of_line(line) for line in range(index.line_count + 1)]
    assert starts[0] == 0
    assert starts[-1] == index.byte_count == len(text.encode())
    for line, start in enumerate(starts[:-1]):
        assert all(index.line_of_byte(byte) == line for byte in range(start, starts[line + 1]))


@given(TEXTS, st.integers(-5, 60), st.integers(-5, 60), st.sampled_from(ENCODINGS))
def test_any_position_gives_a_character_boundary_of_its_line(
    text: str, line: int, character: int, encoding: PositionEncoding
) -> None:
    index = LineIndex(text)
    byte = index.byte_of(line, character, encoding)
    text.encode()[:byte].decode()  # raises in the middle of a character
    if 0 <= line < index.line_count:
        found_line, found_character = index.position_of_byte(byte, encoding)
        assert found_line == line
        assert found_character <= max(character, 0)


@given(st.text(max_size=30), st.integers(-5, 200), st.sampled_from(ENCODINGS))
def test_nothing_raises_even_on_lone_surrogates(text: str, number: int, encoding: PositionEncoding) -> None:
    index = LineIndex(text)
    line, character = index.position_of_byte(number, encoding)
    assert 0 <= index.byte_of(line, character, encoding) <= index.byte_count
    assert 0 <= index.line_of_byte(number) < index.line_count


@pytest.mark.parametrize(
    ("line", "character", "encoding", "byte"),
    [
        (0, 99, "utf-16", 8),  # past the end of the line: its end, before the break
        (9, 0, "utf-16", 12),  # past the last line: the end of the text
        (0, 2, "utf-16", 1),  # between the halves of the emoji: its start
        (0, 3, "utf-8", 1),  # within its four bytes: its start
        (0, 2, "utf-32", 5),
        (1, 1, "utf-16", 11),
        (-1, 3, "utf-16", 0),
        (1, -4, "utf-16", 10),
    ],
)
def test_out_of_range_positions_clamp(
    line: int, character: int, encoding: PositionEncoding, byte: int
) -> None:
    assert LineIndex("a😀bcd\r\nxy").byte_of(line, character, encoding) == byte


@pytest.mark.parametrize(("byte", "position"), [(-3, (0, 0)), (3, (0, 2)), (4, (1, 0)), (999, (1, 1))])
def test_bytes_in_a_line_break_or_out_of_range_clamp(byte: int, position: tuple[int, int]) -> None:
    assert LineIndex("ab\r\nc").position_of_byte(byte, "utf-16") == position


def test_an_empty_text_has_one_empty_line() -> None:
    index = LineIndex("")
    assert (index.line_count, index.line_text(0), index.byte_of(0, 5, "utf-8")) == (1, "", 0)


def test_form_feed_and_line_separator_do_not_end_a_line() -> None:
    assert LineIndex("a\x0cb\u2028c\x85d").line_count == 1
