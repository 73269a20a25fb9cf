"""What questions are taken from source code, and which chunk answers them."""

from __future__ import annotations

import random

import pytest
from training.harvest import DocumentPairs, distinct
from training.overlap import shares_code, windows
from training.pairs import Pair
from training.prose import question
from training.sources import Source, SourceText

SOURCE = Source("someone/queues", "0" * 40, "MIT", "python")
PYTHON = '''"""Queues that survive a restart of the process."""

import json


def push_item(queue, item):
    """Append an item to the end of the queue.

    Longer explanation that is not part of the question.
    """
    record = json.dumps({"item": item, "at": queue.clock()})
    # wait until the disk has taken the record before anybody hears of it
    queue.file.write(record)
    queue.file.flush()
    return len(record)
'''
RUST = """use std::io;

/// Removes the oldest entry and returns it, waiting where there is none.
#[inline]
pub fn pop_front(queue: &mut Queue) -> io::Result<Entry> {
    let entry = queue.wait_for_entry(Duration::from_secs(1))?;
    queue.remove(entry.position)?;
    queue.compact_if_needed()?;
    Ok(entry)
}
"""


def harvested(text: str, path: str, language: str) -> dict[str, Pair]:
    pairs = DocumentPairs(SOURCE, SourceText(path, text), language).pairs(random.Random(0))
    return {pair.kind: pair for pair in pairs}


def test_a_docstring_asks_for_its_function_without_the_docstring() -> None:
    pair = harvested(PYTHON, "queues/store.py", "python")["doc"]
    assert pair.query == "Append an item to the end of the queue"
    assert "queue.file.write(record)" in pair.content
    assert "Append an item" not in pair.content
    assert "wait until the disk" in pair.content


def test_a_comment_inside_asks_for_the_chunk_around_it() -> None:
    pair = harvested(PYTHON, "queues/store.py", "python")["note"]
    assert pair.query == "wait until the disk has taken the record before anybody hears of it"
    assert "wait until" not in pair.content
    assert "Append an item" in pair.content


def test_a_documentation_comment_before_attributes_leads_its_function() -> None:
    pair = harvested(RUST, "src/queue.rs", "rust")["doc"]
    assert pair.query == "Removes the oldest entry and returns it, waiting where there is none"
    assert "#[inline]" in pair.content
    assert "///" not in pair.content


def test_a_name_becomes_a_question_of_its_words() -> None:
    pair = harvested(RUST, "src/queue.rs", "rust")["name"]
    assert pair.query.replace("_", " ").startswith("pop front")


def test_the_same_document_gives_the_same_pairs() -> None:
    assert harvested(PYTHON, "queues/store.py", "python") == harvested(PYTHON, "queues/store.py", "python")


def test_text_that_does_not_parse_gives_no_pairs() -> None:
    assert harvested("def (((:\n" * 50, "queues/broken.py", "python").get("doc") is None


@pytest.mark.parametrize(
    ("comment", "asked"),
    [
        (
            "/**\n * Opens the <b>file</b> for reading.\n * @param path where\n */",
            "Opens the file for reading",
        ),
        ("// Sorts keys in place. See {@link Order} for ties.", "Sorts keys in place. See Order for ties"),
        (
            "-- | Splits a list at the first match.\n-- Both parts may be empty.",
            "Splits a list at the first match. Both parts may be empty",
        ),
        ('/// <summary>Gets the <see cref="T:A.Client"/> in use.</summary>', "Gets the Client in use"),
        ("# TODO handle this", None),
        ("// Copyright 2020 the authors of this file", None),
        ("// ----------------------------", None),
        ("# x = y[0] + 1; z(2)", None),
        ("# 返回队列的长度 返回队列的长度", None),
    ],
)
def test_a_question_is_the_prose_that_a_comment_begins_with(comment: str, asked: str | None) -> None:
    assert question(comment) == asked


def pair_of(query: str, content: str) -> Pair:
    return Pair(query, "a/b", "python", "doc", "a.py", "a.py:0", "", content)


def test_repeated_questions_and_contents_are_dropped() -> None:
    pairs = [pair_of(f"question {n}", "same code") for n in range(3)]
    pairs += [pair_of("Returns the value", f"other code {n}") for n in range(4)]
    pairs += [pair_of("How is it retried?", "benchmark code")]
    kept = list(distinct(pairs, frozenset({"how is it retried?"})))
    assert [pair.query for pair in kept] == ["question 0", "Returns the value", "Returns the value"]


def test_shared_code_is_found_whatever_its_indentation() -> None:
    lines = [f"result_{n} = compute(argument_{n}, limit={n})" for n in range(6)]
    known = frozenset(windows("\n".join(lines)))
    assert shares_code("\n\n".join(f"        {line}" for line in lines[1:]), known)
    assert not shares_code("\n".join(lines[:4]), known)
    assert not shares_code("}\n}\n}\n}\n}\n", frozenset(windows("}\n" * 9)))
