"""Passages: what models see of a chunk, and the way back to its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.models import passage
from codeintel.models.passage import CONTENT_LIMIT, content_offsets, passage_text, query_text

CODE = st.text(
    alphabet=st.one_of(st.sampled_from("abXYZ09_ (){}.\n\tHTTPé"), st.characters(exclude_categories=["Cs"])),
    max_size=80,
)


def test_a_passage_is_path_breadcrumb_and_code_in_words() -> None:
    text = passage_text("src/http_server.py", "Server > handleRequest", "return HTTPServer2x(self.port_)")
    assert text == "src http server py Server handle Request return HTTP Server2x self port"


def test_content_beyond_the_limit_is_left_out() -> None:
    assert passage_text("a", "", "x" * CONTENT_LIMIT + "tail") == "a " + "x" * CONTENT_LIMIT


@given(CODE)
def test_ascii_and_other_text_have_the_same_words(code: str) -> None:
    plain = code.encode("ascii", "ignore").decode()
    assert query_text(plain + " é").removesuffix("é").rstrip() == query_text(plain)


@given(CODE)
def test_a_query_in_passage_form_stays_as_it_is(code: str) -> None:
    assert query_text(query_text(code)) == query_text(code)


@given(CODE, CODE)
def test_every_passage_character_leads_back_to_its_source(breadcrumb: str, content: str) -> None:
    text = passage_text("a/B.py", breadcrumb, content)
    offsets = content_offsets("a/B.py", breadcrumb, content)
    assert len(offsets) == len(text)
    assert all(content[offset] == char for offset, char in zip(offsets, text, strict=True) if offset >= 0)
    found = {offset for offset in offsets if offset >= 0}
    assert found == {index for index, char in enumerate(content) if passage.WORD.match(char)}


def test_remembered_words_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "_CACHE_WORDS", 3)
    monkeypatch.setattr(passage, "_camel", passage._CamelCache())
    assert query_text("aB cD eF gH iJ") == "a B c D e F g H i J"
    assert len(passage._camel) <= 3
