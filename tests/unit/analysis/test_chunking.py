"""The contract of chunk(): spans partition every text, in every language, and nothing raises or hangs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.analysis.chunking import DEFAULT_LIMIT, Chunked, chunk
from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.kinds import KINDS
from codeintel.analysis.languages import MARKDOWN, PLAIN_TEXT, language_of
from codeintel.analysis.lines import Lines
from codeintel.analysis.syntax import Language

EVERY_LANGUAGE = [*LANGUAGES, MARKDOWN, PLAIN_TEXT]

_FRAGMENTS = st.sampled_from(
    [
        "def f(a):",
        "    ",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "class A {",
        "}",
        "{",
        "(",
        ")",
        "end",
        "// c",
        "/* c */",
        "# h",
        "function a() {",
        "module A where",
        "x = 1",
        ";",
        '"',
        "'''",
        "```",
        "é",
        "日本",
        "\x0c",
        "\u2028",
        "\x00",
        "\n\n",
        "#if A",
        "#endif",
        "impl A {",
        "do",
        "namespace n {",
        "struct S {",
        "A_B",
        "if x:",
        "x" * 400,
        "let a = 1",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(_FRAGMENTS, max_size=60).map("".join))


def assert_partition(text: str, chunked: Chunked, limit: int) -> None:
    data = text.encode()
    lines = Lines(text)
    position = 0
    for span in chunked.spans:
        assert span.start_byte == position < span.end_byte
        assert span.start_line == lines.line_of(span.start_byte)
        assert span.end_line == lines.line_of(span.end_byte - 1)
        assert span.kind in KINDS
        data[span.start_byte : span.end_byte].decode()
        starts_line = span.start_byte == lines.starts[span.start_line]
        assert starts_line or lines.cost(span.start_line, span.start_line) > limit
        assert lines.cost(span.start_line, span.end_line) <= limit or span.start_line == span.end_line
        position = span.end_byte
    assert position == len(data)


@pytest.mark.parametrize("language", EVERY_LANGUAGE, ids=lambda language: str(language.name))
@settings(deadline=None, max_examples=60)
@given(text=TEXTS, limit=st.sampled_from([1, 40, 300, DEFAULT_LIMIT]))
def test_spans_partition_any_text(language: Language, text: str, limit: int) -> None:
    assert_partition(text, chunk(text, language, limit), limit)


def test_an_empty_text_has_no_chunks() -> None:
    assert chunk("", language_of("a.py")) == Chunked([], "ok")
    assert chunk("", PLAIN_TEXT) == Chunked([], "none")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_end_at_all_three_breaks_only(line_break: str) -> None:
    text = line_break.join(["x = 1  # \x0c \u2028 \x85 \x1c", "def f():", "    pass"])
    chunked = chunk(text, language_of("a.txt"))
    assert [(span.start_line, span.end_line) for span in chunked.spans] == [(0, 2)]
    assert_partition(text, chunked, DEFAULT_LIMIT)


def test_carriage_returns_alone_still_give_python_its_functions() -> None:
    text = "def one():\r    pass\r\rdef two():\r    pass"
    assert {name for span in chunk(text, language_of("a.py")).spans for name in span.symbols} == {
        "one",
        "two",
    }


def test_one_huge_line_is_cut_at_characters() -> None:
    text = "é" * 5000
    chunked = chunk(text, PLAIN_TEXT, 1500)
    assert [span.end_byte - span.start_byte for span in chunked.spans] == [3000, 3000, 3000, 1000]
    assert {(span.start_line, span.end_line) for span in chunked.spans} == {(0, 0)}


def test_only_the_first_piece_of_a_huge_line_defines_its_name() -> None:
    chunked = chunk(f"table = [{'1, ' * 2000}]\n", language_of("a.py"))
    assert [span.symbols for span in chunked.spans][:2] == [("table",), ()]


def test_a_text_that_is_not_in_its_language_is_cut_by_blank_lines() -> None:
    prose = "Dear reader, (this [is {not source code at all; it's only words.\n\n" * 40
    chunked = chunk(prose, language_of("a.go"))
    assert chunked.parse_status == "failed"
    assert {span.kind for span in chunked.spans} == {"text"}


def test_a_broken_function_does_not_cost_the_others_their_names() -> None:
    chunked = chunk("def one():\n    return (\n\ndef two():\n    return 2\n", language_of("a.py"))
    assert chunked.parse_status == "partial"
    assert any("two" in span.symbols for span in chunked.spans)


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("a.py", "x = " + "(" * 10_000 + ")" * 10_000),
        ("a.py", "x = " + "(\n" * 10_000 + ")\n" * 10_000),
        ("a.js", "(function () {\n" * 3_000 + "})\n" * 3_000),
        ("a.java", "class A {\n" * 3_000 + "}\n" * 3_000),
        ("a.rb", "module A\n" * 3_000 + "end\n" * 3_000),
        ("a.cpp", "namespace a {\n" * 3_000 + "}\n" * 3_000),
        ("a.cpp", "A_MACRO " * 20_000),
        ("a.ex", "defmodule A do\n" * 3_000 + "end\n" * 3_000),
        ("a.json", "[\n" * 10_000),
        ("a.kt", 'val x = 1\n@Suppress("U'),
    ],
    ids=lambda value: value if len(value) < 10 else "",
)
def test_hostile_text_neither_raises_nor_takes_long(uri: str, text: str) -> None:
    started = time.process_time()
    assert_partition(text, chunk(text, language_of(uri)), DEFAULT_LIMIT)
    assert time.process_time() - started < 2


def test_a_parser_that_cannot_finish_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeintel.analysis.languages.MAX_PARSE_SECONDS", 0.05)
    text = "is A if " * 20_000
    chunked = chunk(text, language_of("a.kt"))
    assert chunked.parse_status == "failed"
    assert_partition(text, chunked, DEFAULT_LIMIT)
    assert chunk("class A\n", language_of("a.kt")).parse_status == "ok"


def test_markdown_sections_go_by_their_headings_outside_fences() -> None:
    filler = "word " * 60 + "\n\n"
    text = f"# Top\n\n{filler}## Use\n\n```sh\n# not a heading\n```\n\n{filler}Under\n=====\n\n{filler}"
    found = [(span.breadcrumb, span.start_line) for span in chunk(text, MARKDOWN, 400).spans]
    assert found == [("Top", 0), ("Top > Use", 4), ("Under", 12)]
