"""Parsing again from the tree before: always what parsing from nothing gives, and quicker where the text is sound."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Tree

from codeintel.analysis import reparsing
from codeintel.analysis.chunking import chunk
from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.languages import language_of, parse, parse_prepared
from codeintel.analysis.reparsing import Reparser, difference
from codeintel.analysis.syntax import Language, Syntax
from workspaces import SAMPLE

LIMIT = 400  # small, so that short texts have many chunks

PYTHON = SAMPLE / "courier" / "retry.py"
SOURCES = {
    "python": PYTHON.read_text(),
    "typescript": (SAMPLE / "web" / "src" / "apiClient.ts").read_text(),
    "go": (SAMPLE / "agent" / "pool.go").read_text(),
    "c": (SAMPLE / "tools" / "spoolcheck.c").read_text(),
    # nothing of this parses as a whole
    "kotlin": "class A {\n    fun a( = 1\n}\n\n@Suppress(\nfun b() { when (x) { is A if y -> 1 }\n}\n" * 4,
    "java": "class A {\n  void a() {\n  int b() { return 1; }\n}}}\n/* open\nclass B { void c(int) {} }\n"
    * 4,
}
PIECES = st.sampled_from(
    [
        *["x", "_y", "1", " ", "\n", "\r\n", "\t", "é", "日本", "😀", ",", ";", ":", ".", "=", "->", "(1)"],
        *[
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            '"',
            "'",
            '"""',
            "`",
            "/*",
            "*/",
            "//",
            "#",
            "\\",
            "@",
            "<",
            ">",
            "\0",
        ],
        *["def f(x):\n    return x\n", "func f() {\n}\n", "class A {\n}\n", "if (a) {\n", "else", "#if X\n"],
    ]
)
PLACES = st.floats(0, 1, exclude_max=True)
EDITS = st.one_of(
    st.tuples(st.just("put"), PLACES, PIECES),
    st.tuples(st.just("cut"), PLACES, st.integers(1, 60)),
    st.tuples(st.just("cut line"), PLACES, st.integers(1, 6)),
    st.tuples(st.just("copy line"), PLACES, PLACES),
    st.tuples(st.just("undo"), st.none(), st.none()),
)


def edited(texts: list[str], edit: tuple[str, float, object]) -> str:
    """The last of `texts` after an edit; undoing goes back one edit, as often as it comes."""
    kind, place, what = edit
    text = texts[-1]
    lines = text.split("\n")
    at, line = int((place or 0) * (len(text) + 1)), int((place or 0) * len(lines))
    if kind == "put":
        return text[:at] + str(what) + text[at:]
    if kind == "cut":
        return text[:at] + text[at + int(str(what)) :]
    if kind == "cut line":
        return "\n".join(lines[:line] + lines[line + int(str(what)) :])
    if kind == "copy line":
        source = int(float(str(what)) * len(lines))
        return "\n".join(lines[:line] + lines[source : source + 3] + lines[line:])
    if len(texts) > 1:
        texts.pop()
    return texts[-1]


def shape(tree: Tree) -> list[object]:
    """Everything that chunking could see of a tree."""
    found: list[object] = [str(tree.root_node)]
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        found.append((node.type, node.start_byte, node.end_byte, node.end_point, node.is_extra))
        stack += node.children
    return found


def language_named(name: str) -> Language:
    return next(language for language in LANGUAGES if language.name == name)


def check(reparser: Reparser, text: str, language: Language) -> None:
    """The text has the tree and the chunks that it has from nothing."""
    syntax = language.syntax
    assert syntax is not None
    trees: list[Tree] = []

    def watched(data: bytes, syntax: Syntax) -> Tree:
        trees.append(reparser.parse(data, syntax))
        return trees[-1]

    assert chunk(text, language, LIMIT, watched) == chunk(text, language, LIMIT)
    for tree in trees:
        assert shape(tree) == shape(parse(text.encode(), syntax))


@pytest.mark.parametrize("name", SOURCES)
@settings(deadline=None, max_examples=12)
@given(edits=st.lists(EDITS, min_size=1, max_size=16))
def test_any_edits_give_the_tree_and_chunks_of_parsing_from_nothing(
    name: str, edits: list[tuple[str, float, object]]
) -> None:
    language, reparser, texts = language_named(name), Reparser(), [SOURCES[name]]
    check(reparser, texts[0], language)
    for edit in edits:
        text = edited(texts, edit)
        if edit[0] != "undo":
            texts.append(text)
        check(reparser, text, language)


@pytest.mark.parametrize("name", ["python", "typescript", "go", "c"])
def test_a_hundred_edits_of_sound_text_build_on_the_tree_before(name: str) -> None:
    """Names and comments grow all over one text; what breaks it is taken back."""
    chance, language, reparser = random.Random(1), language_named(name), Reparser()
    comment = "# n\n" if name == "python" else "// n\n"
    text = SOURCES[name]
    with built_on() as built:
        for _ in range(100):
            inside = [at for at in range(1, len(text)) if text[at - 1 : at + 1].isalpha()]
            at, before = chance.choice(inside), text
            if chance.random() < 0.3:
                line = text.rfind("\n", 0, at) + 1
                text = text[:line] + comment + text[line:]
            else:
                text = text[:at] + chance.choice("xyé") + text[at:]
            check(reparser, text, language)
            if chunk(text, language).parse_status != "ok":
                text = before
    assert sum(built) > 50


class built_on:  # noqa: N801 (reads as a phrase)
    """Notes of each parse whether it had an old tree."""

    def __enter__(self) -> list[bool]:
        seen: list[bool] = []

        def noted(source: bytes, syntax: Syntax, old: Tree | None = None) -> Tree:
            seen.append(old is not None)
            return parse_prepared(source, syntax, old) if old else parse_prepared(source, syntax)

        self._patch = patch.object(reparsing, "parse_prepared", noted)
        self._patch.start()
        return seen

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


def test_a_broken_text_is_parsed_from_nothing_since_recovery_depends_on_what_was_before() -> None:
    """Built on the tree before, the second text would keep the comment apart from the function it leads to."""
    head = "import type { Envelope } from './envelopes';\n"
    broken = (
        "/* istanbul ignore next -- @preserve */\n"
        "function assertIsObject(obj: unknown): asserts obj is Record<string, unknown> {\n"
    )
    language, reparser = language_of("a.ts"), Reparser()
    check(reparser, f"{head}\n{broken}", language)
    with built_on() as built:
        check(reparser, f"{head}{broken}\n{broken}", language)
    assert built == [False]


def test_a_broken_text_that_was_sound_is_parsed_from_nothing_too() -> None:
    syntax, reparser = language_of("a.py").syntax, Reparser()
    assert syntax is not None
    reparser.parse(b"def one():\n    return 1\n", syntax)
    with built_on() as built:
        reparser.parse(b"def one(:\n    return 1\n", syntax)  # tried on the tree before, then from nothing
        reparser.parse(b"def one():\n    return 1\n", syntax)
        reparser.parse(b"def one():\n    return 12\n", syntax)
    assert built == [True, False, False, True]


def test_another_language_or_a_forgotten_tree_is_parsed_from_nothing() -> None:
    c, cpp, reparser = language_of("a.c").syntax, language_of("a.cpp").syntax, Reparser()
    assert c is not None
    assert cpp is not None
    with built_on() as built:
        reparser.parse(b"int a;\n", c)
        reparser.parse(b"int a;\n", cpp)
        reparser.forget()
        assert reparser.kept_bytes == 0
        reparser.parse(b"int ab;\n", cpp)
    assert built == [False, False, False]
    assert reparser.kept_bytes == len(b"int ab;\n")


def test_the_same_text_is_not_parsed_again() -> None:
    syntax, reparser = language_of("a.py").syntax, Reparser()
    assert syntax is not None
    tree = reparser.parse(b"x = (\n", syntax)
    assert reparser.parse(b"x = (\n", syntax) is tree


def test_a_parser_that_gave_up_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    syntax, reparser = language_of("a.kt").syntax, Reparser()
    assert syntax is not None
    reparser.parse(b"class A\n", syntax)
    monkeypatch.setattr("codeintel.analysis.languages.MAX_PARSE_SECONDS", 0.05)
    with pytest.raises(ValueError, match="failed"):
        reparser.parse(b"is A if " * 20_000, syntax)
    assert reparser.kept_bytes == 0
    assert not reparser.parse(b"class A\n", syntax).root_node.has_error


@pytest.mark.parametrize("opening", ["(", "(\n"])
def test_ten_thousand_nested_brackets_are_edited_without_harm(opening: str) -> None:
    deep = "x = " + opening * 10_000 + "1" + ")" * 10_000 + "\n"
    language, reparser = language_of("a.py"), Reparser()
    for text in (deep, deep.replace("1", "12"), deep.replace("1", ""), deep[:-2], "y = 1\n"):
        assert chunk(text, language, LIMIT, reparser.parse) == chunk(text, language, LIMIT)


BYTES = st.lists(st.sampled_from(["a", "b", "é", "è", "©", "漢", "字", "😀", "\n"]), max_size=12).map("".join)


@given(BYTES, BYTES, BYTES, BYTES)
def test_a_difference_is_the_shortest_on_character_boundaries(
    head: str, old: str, new: str, tail: str
) -> None:
    before, after = (head + old + tail).encode(), (head + new + tail).encode()
    start, old_end, new_end = difference(before, after)
    assert before[:start] + after[start:new_end] + before[old_end:] == after
    assert start <= min(old_end, new_end)
    for data, end in ((before, old_end), (after, new_end)):
        assert [data[:start].decode(), data[start:end].decode(), data[end:].decode()]
    assert old_end - start <= len(old.encode())
    assert new_end - start <= len(new.encode())


def test_a_keystroke_is_parsed_in_a_fraction_of_the_time() -> None:
    syntax = language_of("a.py").syntax
    assert syntax is not None
    text = (SOURCES["python"] * 40).encode()
    middle = text.index(b"def ", len(text) // 2) + 5

    def taken(parser: Callable[[bytes, Syntax], Tree]) -> float:
        times = []
        for number in range(12):
            changed = text[:middle] + b"x" * number + text[middle:]
            started = time.perf_counter()
            parser(changed, syntax)
            times.append(time.perf_counter() - started)
        return median(times)

    assert taken(Reparser().parse) < taken(parse) / 2
