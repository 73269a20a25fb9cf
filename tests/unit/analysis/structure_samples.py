"""What tests of the structure tier share: texts that hurt, and rows as people read them."""

from __future__ import annotations

from hypothesis import strategies as st

from codeintel.analysis.columns import Columns
from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.languages import MARKDOWN, PLAIN_TEXT

EVERY_LANGUAGE = [*LANGUAGES, MARKDOWN, PLAIN_TEXT]

_WORDS = (
    "def f(a):|class A:|class A {|}|{|(|)|[|]|end|// c|/* c */|# h|function a() {|module A where|x = 1|;|,|'''|\""
    "|@doc|case [a]:|elif x:|if x:|else:|lambda: |not |f'{x}'|import a.b|from . import c|use a::{b, c};|#include <a>"
    "|require 'x'|\\|do|impl A {|namespace n {|struct S {|é|日本|🎈|\x0c|\u2028|\x00|\ufeff"
)
_BLANKS = ("    ", "\n", "\r\n", "\r", "\t", "\n\n", " ")
_FRAGMENTS = st.sampled_from([*_WORDS.split("|"), *_BLANKS, "x" * 400])
TEXTS = st.one_of(st.text(), st.lists(_FRAGMENTS, max_size=60).map("".join))
"""Any text, and texts that look like source of some language."""

BOMBS = [
    "x = " + "(" * 20_000,
    "x = " + "[" * 20_000 + "]" * 20_000,
    "x = " + "f(a=" * 20_000 + ")" * 20_000,
    "x = " + "-" * 20_000 + "1",
    "x = " + "lambda: " * 20_000 + "1",
    "x = a" + ".b" * 20_000,
    "x = a" + "[0]" * 900,
    "x = 1" + " + 1" * 20_000,
    "x = (" + '"a" ' * 20_000 + ")",
    "x = " + 'f"{' * 20_000,
    "x = f'{" + "(" * 5_000 + ")" * 5_000 + "}'",
    "if a: pass\n" + "elif a: pass\n" * 20_000,
    "".join(" " * depth + "if a:\n" for depth in range(1_000)),
    "match a:\n  case " + "[" * 40 + "1" + "]" * 40 + ": pass\n",
    "{" * 20_000 + "\n" + "}" * 20_000,
    "if (a) {} else " * 5_000,
]
"""Source that nests without end, or that costs a parser with too much patience more with every level."""


def rows_of(columns: Columns, *names: str) -> list[tuple[object, ...]]:
    """The rows of these columns."""
    return list(zip(*(columns[name] for name in names), strict=True))


def check_tree(columns: Columns, size: int) -> None:
    """Dense numbers in preorder, one root, and every span inside a document of `size` bytes."""
    count = len(columns["node_id"])
    assert {name: len(values) for name, values in columns.items()} == dict.fromkeys(columns, count)
    assert columns["node_id"] == list(range(count))
    for number, parent in enumerate(columns["parent_id"]):
        assert (parent is None) == (number == 0)
        assert parent is None or 0 <= parent < number
    for start, end in zip(columns["start_byte"], columns["end_byte"], strict=True):
        assert 0 <= start <= end <= size
