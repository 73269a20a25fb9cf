"""The contract of occurrences_of(): no text makes it raise, rows lie where the name stands, and are always the same."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.scip.rows import OCCURRENCE_COLUMNS, SYMBOL_COLUMNS
from codeintel.analysis.scip.symbols import is_local, name_of, norm
from codeintel.analysis.syntax import Language
from codeintel.workspace.decoding import without_lone_surrogates
from codeintel.workspace.positions import LineIndex
from unit.analysis.structure_samples import BOMBS, EVERY_LANGUAGE, TEXTS

PYTHON = language_of("a.py")
STATEMENTS = st.sampled_from(
    (
        "import os.path as p, sys|from . import a as b|from ..x.y import Z, *|class A(B, metaclass=M): x: int = 1|"
        "def f(a, /, b: 'A' = 1, *c, d, **e) -> A: return a.b.c(d=e)|self.x = y.z = 1|global f, x|nonlocal f|"
        "try: ...\nexcept (A, B) as e: e|with a as (b, c), d as e: b|for i, (j, *k) in l: i|lambda x: (y := x)|"
        "[a for a in b for c in a if c]|x: 'list[A]' = []|async def g(): await f(a=1)|match a:\n case A(y=[*r]): r|"
        "class naïve: 変数 = '🎈'; é = 変数.é|__slots__ = ('x', 'y')|del x, a.b|print(len(a), __name__)|a @= b ** -c"
    ).split("|")
)
SOURCES = st.lists(STATEMENTS, max_size=8).map("\n".join)


def check(uri: str, text: str, language: Language) -> None:
    occurrences, symbols = occurrences_of(uri, text, language, "pkg")
    assert (occurrences, symbols) == occurrences_of(uri, text, language, "pkg")
    assert tuple(occurrences) == OCCURRENCE_COLUMNS
    assert tuple(symbols) == SYMBOL_COLUMNS
    assert len({len(values) for values in occurrences.values()}) == 1
    assert len({len(values) for values in symbols.values()}) == 1
    text = without_lone_surrogates(text)
    lines, data = LineIndex(text), text.encode()
    for row in zip(*occurrences.values(), strict=True):
        check_row(dict(zip(OCCURRENCE_COLUMNS, row, strict=True)), lines, data)
    assert len(set(symbols["symbol"])) == len(symbols["symbol"])
    assert not any(map(is_local, symbols["symbol"]))
    pickle.dumps((occurrences, symbols))


def check_row(row: dict[str, object], lines: LineIndex, data: bytes) -> None:
    """Bytes and characters tell the same place, and there stands what the symbol is called."""
    start, end, symbol, name = row["start_byte"], row["end_byte"], row["symbol"], row["name"]
    assert (
        isinstance(start, int) and isinstance(end, int) and isinstance(symbol, str) and isinstance(name, str)
    )
    assert 0 <= start <= end <= len(data)
    assert lines.position_of_byte(start, "utf-16") == (row["start_line"], row["start_character"])
    assert lines.position_of_byte(end, "utf-16") == (row["end_line"], row["end_character"])
    assert row["symbol_norm"] == norm(symbol)
    if row["enclosing_start_byte"] is not None:
        assert row["enclosing_start_byte"] <= start <= end <= row["enclosing_end_byte"] <= len(data)  # type: ignore[operator]
    written = data[start:end].decode()
    if symbol.endswith(("/__init__:", "/")):
        return  # a module, however it is written
    assert written.partition(" as ")[0].rstrip() == name if " as " in written else written == name
    owns_slot = symbol.endswith("#") and name_of(symbol) != name
    is_alias = b" as " in data  # an alias means what it stands for, under another name
    assert is_local(symbol) or owns_slot or is_alias or name_of(symbol) == name


@given(TEXTS, st.sampled_from(EVERY_LANGUAGE))
def test_any_text_of_any_language_gives_rows_that_fit(text: str, language: Language) -> None:
    check("src/a b/x.y", text, language)


@given(st.text(st.characters()))
def test_lone_surrogates_are_taken(text: str) -> None:
    check("a.py", "x = 1\n" + text, PYTHON)


@given(SOURCES)
def test_python_source_gives_rows_that_fit(text: str) -> None:
    check("pkg/mod.py", text, PYTHON)


@given(SOURCES, st.integers(0, 400))
def test_python_source_that_is_being_typed_gives_rows_that_fit(text: str, end: int) -> None:
    check("pkg/__init__.py", text[:end], PYTHON)


@pytest.mark.parametrize(
    "bomb", [*BOMBS, "if " * 100_000, "class A {" + ";" * 100_000 + "}"], ids=lambda bomb: bomb[:9]
)
def test_bombs_do_not_go_off(bomb: str) -> None:
    for uri in ("a.py", "A.java"):
        occurrences_of(uri, bomb, language_of(uri), "pkg")


@pytest.mark.parametrize(
    "uri", ["__init__.py", "a", "src/__init__.py", "-.py", "a`b.py", "é x/ü.pyi", "src/src/a.py", ""]
)
def test_no_path_is_too_strange(uri: str) -> None:
    check(uri, "class A:\n    def f(self): self.f()\n", PYTHON)
