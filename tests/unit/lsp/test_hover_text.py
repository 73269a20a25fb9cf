"""Hovers: readable, and nothing of the workspace becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsp_fakes import chunk_of
from markdown_it import MarkdownIt

from codeintel.lsp.hover_text import markdown, plain_text
from codeintel.search.answers import Contribution, Evidence, Hit


def hit(reason: str = "matching words", term: str = "retry") -> Hit:
    root, chunk = chunk_of("def retry(): ...\n", 0, 17)
    bm25 = Contribution("bm25", "channel", 2.0, reason, 1.0, 1, 7.5, (Evidence(term, 4, 9, 1.0),))
    test = Contribution("test", "prior", -0.5, "a test")
    return Hit(root, chunk, 1.5, (test, bm25))


def test_markdown_is_a_table_with_the_largest_part_first() -> None:
    assert markdown("retry", hit()).split("\n") == [
        "**codeintel** 1.500 for `retry`",
        "",
        "| source | added | | why |",
        "|-|-:|-|-|",
        "| bm25 #1 | +2.000 | ██████████ | matching words |",
        "| test | -0.500 | ░░ | a test |",
        "",
        "Evidence: `retry`",
    ]


def test_plain_text_is_aligned() -> None:
    assert plain_text("retry", hit()).split("\n") == [
        "codeintel 1.500 for retry",
        "bm25 #1            +2.000 ██████████ matching words",
        "test               -0.500 ░░         a test",
        "Evidence: retry",
    ]


def test_links_scripts_and_images_are_shown_not_made() -> None:
    text = markdown(
        "[x](command:evil)", hit("![i](http://h/p.png) <script>a|b</script> [l](command:x)", "``a`b")
    )
    outside_code = re.sub(r"(`+) .*? \1|`[^`]*`", "", text)
    assert not re.search(r"(?<!\\)[\[\]]", outside_code)
    assert "<" not in outside_code.replace("\\<", "")


MARKUP = st.text(st.sampled_from("ab_*`~[]()<>!|&#;:/\\.@w -+1"), max_size=40)


@given(MARKUP | st.text())
def test_a_reason_is_shown_as_it_is_whatever_stands_in_it(reason: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown("retry", hit(reason)))
    cells = [after.children or [] for one, after in pairwise(tokens) if one.type == "td_open"]
    assert {token.type for token in cells[3]} <= {"text"}
    assert "".join(token.content for token in cells[3]) == plain(reason)


def plain(reason: str) -> str:
    """A reason as the hover in plain text shows it."""
    return plain_text("", hit(reason)).split("\n")[1][37:]


@pytest.mark.parametrize(
    "reason",
    [
        "matching words, rank 1: retry",
        "the file's name has 'retries'",
        "defines _retry_after (src/a.py:3)",
        "a-b + c!",
    ],
)
def test_an_ordinary_reason_has_next_to_no_backslash(reason: str) -> None:
    assert markdown("retry", hit(reason)).count("\\") == reason.count(" _")


@pytest.mark.parametrize("address", ["https://a.example/x", "www.a.example", "me@a.example"])
def test_an_address_is_broken_up(address: str) -> None:
    assert address not in markdown("retry", hit(f"see {address}"))


@given(st.text(), st.text(), st.text(min_size=1))
def test_no_text_breaks_out_of_its_line_or_cell(query: str, reason: str, term: str) -> None:
    lines = markdown(query, hit(reason, term)).split("\n")
    assert len(lines) in (6, 8)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in lines[4:6])
    assert len(plain_text(query, hit(reason, term)).split("\n")) in (3, 4)


def test_a_term_that_a_model_brought_in_is_named_as_such() -> None:
    found = hit()
    expanded = found.contributions[1]._replace(evidence=(Evidence("wheel", 0, 0, 1.0, expanded=True),))
    assert plain_text("car", replace(found, contributions=(expanded,))).endswith("Evidence: wheel (expanded)")
