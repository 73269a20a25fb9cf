"""Intent: what of a query counts, which names it spells out, and which kinds of files it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.search.intent import intent_of
from codeintel.search.word_forms import word_forms


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("where are retries handled?", ("retries", "handled")),
        ("how does the client send", ("client", "send")),
        ("retry_with_backoff", ("retry_with_backoff", "retry", "backoff")),
        ("the retry_with_backoff of a client", ("retry_with_backoff", "retry", "backoff", "client")),
        ("what is it", ("what", "is", "it")),
    ],
)
def test_stop_words_are_dropped_unless_nothing_else_is_there(query: str, kept: tuple[str, ...]) -> None:
    assert intent_of(query).terms[: len(kept)] == kept


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("TokenBucket", {"tokenbucket"}),
        ("session", {"session"}),
        ("where is TokenBucket used", {"tokenbucket"}),
        ("call retry_with_backoff twice", {"retry_with_backoff"}),
        ("Client.send", {"send"}),
        ("std::vector::push_back fails", {"push_back"}),
        ("HTTPServer startup", {"httpserver"}),
        ("where are retries handled?", set()),
        ("", set()),
    ],
)
def test_identifiers_are_the_names_that_a_query_spells_out(query: str, names: set[str]) -> None:
    assert intent_of(query).identifiers == names


@pytest.mark.parametrize(
    ("query", "asks"),
    [
        ("tests of the retry policy", {"test"}),
        ("test_retry", {"test"}),
        ("an example of a client", {"example"}),
        ("tutorial", {"example", "doc"}),
        ("retry policy", set()),
        ("latest contest", set()),
    ],
)
def test_a_query_asks_for_tests_examples_or_documents(query: str, asks: set[str]) -> None:
    assert intent_of(query).asks == asks


def test_rare_words_have_the_larger_share() -> None:
    rarity = {"retry": 3.0, "client": 1.0}.__getitem__
    shares = intent_of("retry client", rarity).words
    assert sorted(shares.values()) == [1 / 4, 3 / 4]


def test_other_forms_of_words_follow_the_words_as_typed() -> None:
    found = intent_of("where are retries handled?").terms
    assert found[:2] == ("retries", "handled")
    assert {"retry", "handle", "handling"} <= set(found[2:])


def test_a_name_that_is_spelled_out_has_no_other_forms() -> None:
    assert intent_of("session").terms == ("session",)


@given(st.text(max_size=80))
def test_shares_sum_to_one_and_terms_begin_with_the_analysers(text: str) -> None:
    intent = intent_of(text)
    assert sum(intent.words.values()) == pytest.approx(1.0) or not intent.words
    said = set(terms(text))
    forms = {form for term in said for form in word_forms(term)}
    assert set(intent.terms) <= said | forms
    assert len(set(intent.terms)) == len(intent.terms)
    typed = [term in said for term in intent.terms]
    assert typed == sorted(typed, reverse=True) or forms & said


@pytest.mark.parametrize(
    "query",
    [
        "ValueError: bad thing",
        "java.lang.NullPointerException: it is null",
        "error: cannot find crate",
        "error[E0425]: cannot find value",
        "thread 'main' panicked at src/main.rs:10:5:",
        "src/retry.py:12",
        "at foo (/app/lib/router.js:12:5)",
    ],
)
def test_what_a_program_printed_is_told(query: str) -> None:
    assert intent_of(query).is_pasted


@pytest.mark.parametrize(
    "query", ["where are errors raised", "ValueError", "retry.py", "error handling: how", ""]
)
def test_what_a_person_asks_is_not_taken_for_it(query: str) -> None:
    assert not intent_of(query).is_pasted
