"""Intent: what of a query counts, which names it spells out, and which kinds of files it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.search.intent import STOP_WORDS, intent_of


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("where are retries handled?", ("retries", "handled")),
        ("how does the client send", ("client", "send")),
        ("retry_with_backoff", ("retry_with_backoff", "retry", "backoff")),
        ("what is it", ("what", "is", "it")),
    ],
)
def test_stop_words_are_dropped_unless_nothing_else_is_there(query: str, kept: tuple[str, ...]) -> None:
    found = intent_of(query).terms
    assert set(kept) <= set(found)
    assert not STOP_WORDS.intersection(found) or set(found) <= STOP_WORDS


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
    ("query", "is_symbol"),
    [("TokenBucket", True), ("Client.send", True), ("TokenBucket refill", False), ("42", False)],
)
def test_a_query_that_is_one_name_is_a_symbol(query: str, is_symbol: bool) -> None:
    assert intent_of(query).is_symbol is is_symbol


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


@given(st.text(max_size=80))
def test_shares_sum_to_one_and_terms_are_the_analysers(text: str) -> None:
    intent = intent_of(text)
    assert sum(intent.words.values()) == pytest.approx(1.0) or not intent.words
    assert set(intent.terms) <= set(terms(text))
