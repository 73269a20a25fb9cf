"""Words and terms: what BM25 sees of source text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.identifiers import MAX_TERM_LENGTH, split_identifier, stem, terms


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("camelCase", ["camel", "Case"]),
        ("PascalCase", ["Pascal", "Case"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("HTTPServer", ["HTTP", "Server"]),
        ("ALLCAPSWord", ["ALLCAPS", "Word"]),
        ("parseURLs", ["parse", "URLs"]),
        ("MAX_SIZE", ["MAX", "SIZE"]),
        ("utf8", ["utf", "8"]),
        ("__init__", ["init"]),
        ("straßenName", ["straßen", "Name"]),
        ("", []),
    ],
)
def test_an_identifier_splits_at_case_underscores_and_digits(word: str, parts: list[str]) -> None:
    assert split_identifier(word) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("readUtf8()", ["readutf8", "read", "utf", "8"]),
        ("_private_name", ["private_name", "private", "name"]),
        ("name", ["name"]),
        ("0xFF + 42", ["0xff", "42"]),
        ("kebab-case, prose.", ["kebab", "case", "prose"]),
        ("___ -> ;", []),
        ("naïve 日本語", ["naïve", "日本語"]),
    ],
)
def test_terms_keep_the_whole_identifier_before_its_parts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize("form", ["parse", "parses", "parsed", "parsing"])
def test_inflected_forms_share_a_stem(form: str) -> None:
    assert stem(form) == "pars"


@pytest.mark.parametrize("word", ["string", "class", "status", "this", "need", "ids", "use", "is", "bus"])
def test_words_that_only_look_inflected_keep_their_form(word: str) -> None:
    assert stem(word) == word


@given(st.text())
def test_terms_are_short_lower_case_and_never_empty(text: str) -> None:
    for term in terms(text):
        assert 0 < len(term) <= MAX_TERM_LENGTH
        assert term == term.lower() or not term.isascii()


@given(st.text(), st.text())
def test_a_line_break_never_changes_the_terms_around_it(before: str, after: str) -> None:
    assert terms(f"{before}\n{after}") == terms(before) + terms(after)
