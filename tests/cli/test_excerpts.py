"""The lines of a hit that are shown, the words marked in them, and figures in people's units."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from codeintel.catalog.rows import Chunk
from codeintel.cli.console import shown
from codeintel.cli.excerpts import MATCH_STYLE, excerpt, line_of_byte, strongest_words
from codeintel.cli.figures import duration, size
from codeintel.cli.results import print_hit
from codeintel.search.answers import Contribution, Evidence, Hit
from codeintel.workspace.roots import Root


def hit_of(content: str, *evidence: Evidence, start_line: int = 0, start_byte: int = 0) -> Hit:
    end_line = start_line + content.count("\n")
    end_byte = start_byte + len(content.encode())
    chunk = Chunk(
        1, "a.py", "r", start_line, end_line, start_byte, end_byte, content, "python", "block", "", 1, ()
    )
    part = Contribution("bm25", "channel", 1.0, "why", evidence=evidence)
    return Hit(Root("r", Path("/r")), chunk, 1.0, (part,))


def evidence_for(content: str, word: str, share: float = 1.0, base: int = 0) -> Evidence:
    start = base + len(content[: content.index(word)].encode())
    return Evidence(word, start, start + len(word.encode()), share)


def test_the_telling_line_and_the_matched_lines_are_shown_in_order_without_their_indent() -> None:
    content = "    # remark\n    def größe():\n        pass\n        return wanted\n"
    base = 100
    hit = hit_of(content, evidence_for(content, "wanted", base=base), start_line=9, start_byte=base)
    assert [text.plain for text in excerpt(hit)] == ["11 │ def größe():", "13 │     return wanted"]


def test_a_matched_word_is_marked_by_its_bytes() -> None:
    content = "größe = wanted  # wanted"
    (line,) = excerpt(hit_of(content, evidence_for(content, "wanted")))
    marked = [line.plain[span.start : span.end] for span in line.spans if MATCH_STYLE in str(span.style)]
    assert marked == ["wanted"]


def test_an_excerpt_is_short_and_keeps_the_strongest_lines() -> None:
    content = "".join(f"value_{n} = {n}\n" for n in range(9))
    found = [evidence_for(content, f"value_{n}", share=n / 10) for n in range(9)]
    assert [text.plain for text in excerpt(hit_of(content, *found))] == [
        "1 │ value_0 = 0", "8 │ value_7 = 7", "9 │ value_8 = 8",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "\n\n", "    \n", "\r\n\r\n", "}\n"])
def test_a_chunk_without_words_has_an_excerpt_all_the_same(content: str) -> None:
    assert len(excerpt(hit_of(content))) <= 1


@given(content=st.text(), bounds=st.tuples(st.integers(-5, 60), st.integers(-5, 60)))
def test_no_text_and_no_evidence_breaks_an_excerpt(content: str, bounds: tuple[int, int]) -> None:
    for text in excerpt(hit_of(content.encode("utf-8", "replace").decode(), Evidence("x", *bounds, 1.0))):
        assert text.plain.isprintable()


def test_a_byte_is_on_the_line_that_an_editor_shows() -> None:
    content = "a\r\nb\rc\nd\x0ce"
    hit = hit_of(content, start_line=4)
    assert [line_of_byte(hit, content.index(letter)) for letter in "abcde"] == [5, 6, 7, 8, 8]


def test_tokens_that_touch_are_one_word_and_equal_words_count_together() -> None:
    pieces = [Evidence("re", 10, 12, 0.2), Evidence("try", 12, 15, 0.3), Evidence("Retry", 40, 45, 0.1)]
    placeless = [Evidence("app", 0, 0, 0.05), Evidence("wait", 20, 24, -0.4)]
    words = strongest_words([*pieces, *placeless])
    assert [(word.text, word.start_byte, round(word.share, 6)) for word in words] == [
        ("retry", 10, 0.6), ("wait", 20, -0.4), ("app", 0, 0.05),
    ]  # fmt: skip


def test_a_word_of_the_path_and_the_text_stands_in_the_text() -> None:
    (word,) = strongest_words([Evidence("app", 0, 0, 0.1), Evidence("app", 7, 10, 0.2)])
    assert (word.start_byte, word.end_byte) == (7, 10)


@given(text=st.text())
def test_whatever_is_shown_is_printable(text: str) -> None:
    assert shown(text).isprintable()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (23_476_794, "23 MB"),
        (10**15, "1,000 TB"),
    ],
)
def test_sizes_are_decimal(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0042, "4 ms"), (1.25, "1.2 s"), (59.6, "60 s"), (120, "2 min"), (7200, "2.0 h")],
)
def test_durations_take_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_expanded_terms_are_told_from_what_the_path_has(capsys: pytest.CaptureFixture[str]) -> None:
    content = "fuel = 1\n"
    pieces = [Evidence("fuel", 0, 4, 0.5, expanded=True), Evidence("wheel", 0, 0, 0.3, expanded=True)]
    hit = hit_of(content, *pieces, Evidence("tank", 0, 0, 0.2))
    print_hit(Console(width=100), hit, "full", 1, 1.0, rooted=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["+50%", "fuel", "line", "1,", "expanded"] in lines
    assert ["+30%", "wheel", "expanded"] in lines
    assert ["+20%", "tank", "its", "path", "or", "name"] in lines


def test_a_word_is_expanded_only_where_all_of_it_is() -> None:
    pieces = [Evidence("re", 10, 12, 0.2, expanded=True), Evidence("try", 12, 15, 0.3)]
    assert [(word.text, word.expanded) for word in strongest_words(pieces)] == [("retry", False)]
