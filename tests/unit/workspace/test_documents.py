"""Open documents: any edits in any encoding give what a naive model gives; what cannot be applied changes nothing."""

from __future__ import annotations

import re
import threading
import time
from statistics import median

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codeintel.errors import UsageError
from codeintel.workspace.documents import Change, OpenDocument, OpenDocuments, Position
from codeintel.workspace.positions import PositionEncoding

ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
PIECES = st.sampled_from(["\r", "\n", "\r\n", "\u2028", "\x0c", "a", "bc", "é", "漢", "😀", "\ud83d", " "])
TEXTS = st.lists(PIECES, max_size=12).map("".join)
POSITIONS = st.tuples(st.integers(0, 7), st.integers(0, 9))
RANGES = st.tuples(POSITIONS, POSITIONS).map(lambda two: (min(two), max(two)))
CHANGES = st.builds(Change, st.one_of(RANGES, RANGES, RANGES, st.none()), TEXTS)
KEY = "file:///a.py"


def put(line: int, character: int, text: str) -> Change:
    """An insertion."""
    return Change(((line, character), (line, character)), text)


def opened(text: str, version: int | None = 1) -> OpenDocuments:
    """The documents of an editor that has one open."""
    documents = OpenDocuments()
    documents.open(KEY, version, text, "python")
    return documents


def now(documents: OpenDocuments) -> OpenDocument:
    document = documents.get(KEY)
    assert document is not None
    return document


def units(character: str, encoding: PositionEncoding) -> int:
    if encoding == "utf-32":
        return 1
    return len(character.encode("utf-8")) if encoding == "utf-8" else len(character.encode("utf-16-le")) // 2


def offset(text: str, position: Position, encoding: PositionEncoding) -> int:
    """Where a position lies, counted character by character."""
    line, character = position
    starts = [0, *(found.end() for found in re.finditer("\r\n|\n|\r", text))]
    if line >= len(starts):
        return len(text)
    at, left = starts[line], character
    while at < len(text) and text[at] not in "\r\n" and left >= units(text[at], encoding):
        left -= units(text[at], encoding)
        at += 1
    return at


def model(text: str, changes: list[Change], encoding: PositionEncoding) -> str:
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    for change in changes:
        new = re.sub("[\ud800-\udfff]", "\ufffd", change.text)
        if change.range is None:
            text = new
        else:
            start, end = (offset(text, position, encoding) for position in change.range)
            text = text[:start] + new + text[end:]
    return text


@given(TEXTS, st.lists(st.lists(CHANGES, max_size=4), max_size=4), st.sampled_from(ENCODINGS))
@example("a\r", [[put(1, 0, "\n"), put(1, 0, "z")]], "utf-16")  # a \r and a \n meet
@example("a\rb\nc", [[Change(((1, 0), (1, 1)), ""), put(1, 0, "z")]], "utf-16")
@example("a\n\nb", [[put(0, 1, "\r"), Change(((0, 1), (1, 0)), "\r"), put(1, 0, "z")]], "utf-16")
@example("a\r\nb", [[put(0, 1, "\r"), put(2, 0, "z")]], "utf-16")  # and part
@example("a", [[Change(((5, 0), (9, 9)), "\r")], [put(1, 0, "\nb"), put(1, 0, "z")]], "utf-8")
def test_any_edits_give_the_text_that_a_naive_model_gives(
    text: str, batches: list[list[Change]], encoding: PositionEncoding
) -> None:
    documents = opened(text)
    expected = model(text, [], encoding)
    for version, changes in enumerate(batches, 2):
        documents.change(KEY, version, changes, encoding)
        expected = model(expected, changes, encoding)
        document = now(documents)
        assert (document.version, document.in_step) == (version, True)
        assert document.characters == len(expected)
        assert document.text == expected
        document.text.encode()


@pytest.mark.parametrize(
    "bad",
    [
        Change(((1, 0), (0, 5)), "x"),
        Change(((0, 2), (0, 1)), "x"),
        Change(((-1, 0), (0, 0)), "x"),
        Change(((0, 0), (0, -1)), "x"),
    ],
)
@given(changes=st.lists(CHANGES, max_size=3))
def test_a_change_list_is_applied_as_a_whole_or_not_at_all(changes: list[Change], bad: Change) -> None:
    documents = opened("one\ntwo\n")
    before = now(documents)
    with pytest.raises(UsageError, match="ends before it begins") as raised:
        documents.change(KEY, 2, [*changes, bad], "utf-16")
    assert raised.value.field == "contentChanges"
    after = now(documents)
    assert (after.text, after.version, after.in_step) == (before.text, 2, False)
    assert before.in_step  # who held the version before still has it as it was


def test_what_comes_before_a_whole_text_cannot_matter() -> None:
    documents = opened("one\n")
    documents.change(KEY, 2, [Change(((9, 9), (0, 0)), "x"), Change(None, "whole\n")], "utf-16")
    assert (now(documents).text, now(documents).in_step) == ("whole\n", True)


@pytest.mark.parametrize("version", [7, 6, 0])
@pytest.mark.parametrize("change", [Change(((0, 0), (0, 0)), "x"), Change(None, "old text")])
def test_a_version_that_is_not_newer_is_refused(version: int, change: Change) -> None:
    documents = opened("one\n", 7)
    with pytest.raises(UsageError, match=rf"version {version} came after version 7") as raised:
        documents.change(KEY, version, [change], "utf-16")
    assert raised.value.field == "textDocument"
    assert (now(documents).text, now(documents).in_step) == ("one\n", False)


def test_versions_may_skip_and_may_be_missing() -> None:
    documents = opened("", None)
    for version, text in ((3, "a"), (9, "b"), (None, "c"), (1, "d")):
        documents.change(KEY, version, [Change(((0, 0), (0, 0)), text)], "utf-16")
    assert now(documents).text == "dcba"


def out_of_step() -> OpenDocuments:
    documents = opened("one\n", 5)
    with pytest.raises(UsageError):
        documents.change(KEY, 5, [], "utf-16")
    assert not now(documents).in_step
    return documents


def test_a_document_out_of_step_waits_quietly_for_its_whole_text() -> None:
    documents = out_of_step()
    for version in (6, 7):
        documents.change(KEY, version, [Change(((0, 0), (0, 0)), "x")], "utf-16")
        assert (now(documents).text, now(documents).version) == ("one\n", version)
        assert not now(documents).in_step
    documents.change(KEY, 8, [Change(None, "two\n"), Change(((0, 0), (0, 0)), "x")], "utf-16")
    assert (now(documents).text, now(documents).version, now(documents).in_step) == ("xtwo\n", 8, True)


def test_a_save_with_its_text_or_opening_anew_brings_a_document_back_into_step() -> None:
    documents = out_of_step()
    documents.saved(KEY, "saved\n")
    assert (now(documents).text, now(documents).in_step) == ("saved\n", True)
    documents = out_of_step()
    documents.open(KEY, 1, "anew\n", "go")
    assert (now(documents).text, now(documents).version, now(documents).in_step) == ("anew\n", 1, True)
    assert now(documents).language_id == "go"


def test_edits_and_saves_of_what_is_not_open_are_refused_and_change_nothing() -> None:
    documents = opened("one\n")
    for attempt in (
        lambda: documents.change("file:///other.py", 2, [Change(None, "x")], "utf-16"),
        lambda: documents.saved("file:///other.py", "x"),
    ):
        with pytest.raises(UsageError, match=r"other\.py is not open"):
            attempt()
    assert documents.keys() == (KEY,)
    assert now(documents).text == "one\n"


def test_a_closed_document_is_gone_and_closing_twice_is_no_fault() -> None:
    documents = opened("one\n")
    documents.close(KEY)
    documents.close(KEY)
    assert documents.get(KEY) is None
    assert documents.keys() == ()


def test_whoever_reads_while_another_types_sees_a_version_and_its_text() -> None:
    documents = opened("", 0)
    torn: list[OpenDocument] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            document = now(documents)
            if len(document.text) != document.version:
                torn.append(document)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for version in range(1, 500):
        documents.change(KEY, version, [Change(((0, 0), (0, 0)), "x")], "utf-16")
    done.set()
    for reader in readers:
        reader.join()
    assert torn == []


@pytest.mark.parametrize(("lines", "limit_ms"), [(500, 0.1), (30_000, 5.0)], ids=["500 lines", "1 MB"])
@pytest.mark.parametrize("letter", ["x", "é"], ids=["ASCII", "beyond"])
def test_a_keystroke_costs_little(lines: int, limit_ms: float, letter: str) -> None:
    documents = opened(f"    {letter} = value + 1  # some text here\n" * lines)
    editing, joining = [], []
    for version in range(2, 42):
        started = time.perf_counter()
        documents.change(KEY, version, [put(lines // 2, 6, "y")], "utf-16")
        edited = time.perf_counter()
        assert len(now(documents).text) == now(documents).characters
        joining.append((time.perf_counter() - edited) * 1000)
        editing.append((edited - started) * 1000)
    assert median(editing) < limit_ms
    assert median(joining) < 5


def test_a_line_of_twenty_megabytes_stays_editable() -> None:
    documents = opened("x" * 20_000_000)
    started = time.perf_counter()
    for version in range(2, 7):
        documents.change(KEY, version, [put(0, 10, "y")], "utf-16")
    assert time.perf_counter() - started < 2
    documents.change(KEY, 9, [Change(((0, 3), (0, 60_000_000)), "")], "utf-16")
    assert now(documents).text == "xxx"
