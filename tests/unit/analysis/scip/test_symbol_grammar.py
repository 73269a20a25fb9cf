"""Symbols: parsed and written back, named, and tolerated where they are nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.scip.symbols import (
    Descriptor,
    Suffix,
    Symbol,
    escaped,
    kind_of,
    name_of,
    norm,
    parse,
)

PYTHON = "scip-python python pkg 0.0.0 "

CASES = [
    (PYTHON + "`pkg.mod`/__init__:", "pkg.mod", "pkg.mod", "module"),
    (PYTHON + "`pkg.mod`/Class#", "pkg.mod.Class", "Class", "class"),
    (PYTHON + "`pkg.mod`/Class#method().", "pkg.mod.Class.method", "method", "method"),
    (PYTHON + "`pkg.mod`/Class#method().(self)", "pkg.mod.Class.method.self", "self", "parameter"),
    (PYTHON + "`pkg.mod`/function().", "pkg.mod.function", "function", "function"),
    (PYTHON + "`pkg.mod`/LIMIT.LIMIT.", "pkg.mod.LIMIT", "LIMIT", "constant"),
    (PYTHON + "mod/Class#field.", "mod.Class.field", "field", "field"),
    ("scip-typescript npm . . src/`a b.ts`/f(+1).", "src.a b.ts.f", "f", "function"),
    ("rust-analyzer cargo core 1.0 macros/vec!", "macros.vec", "vec", "macro"),
    ("x . . . Box#[T]", "Box.T", "T", "type_parameter"),
    ("local 7", "", "", "local"),
    ("", "", "", ""),
    ("one two", "", "", ""),
    ("a b c d `unclosed", "", "", ""),
    ("a b c d name", "", "", ""),
]


@pytest.mark.parametrize(("symbol", "dotted", "name", "kind"), CASES)
def test_a_symbol_is_named_by_its_descriptors(symbol: str, dotted: str, name: str, kind: str) -> None:
    assert (norm(symbol), name_of(symbol), kind_of(symbol)) == (dotted, name, kind)


@pytest.mark.parametrize("symbol", [case[0] for case in CASES if case[3] not in {""}])
def test_what_is_parsed_is_written_as_it_was(symbol: str) -> None:
    assert str(parse(symbol)) == symbol


def test_spaces_and_backticks_are_escaped() -> None:
    symbol = Symbol("my scheme", "", "a b", "1", (Descriptor("x`y z", Suffix.TYPE),))
    assert str(symbol) == "my  scheme . a  b 1 `x``y z`#"
    assert parse(str(symbol)) == symbol


def test_a_plain_name_is_not_escaped() -> None:
    assert [escaped(name) for name in ("a_1", "$x", "a-b", "a.b", "é")] == [
        "a_1",
        "$x",
        "a-b",
        "`a.b`",
        "`é`",
    ]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
parts = names.filter(lambda part: not part.startswith(" ") and part not in {".", "local"})
"""A part that begins with a space cannot be told from the space before it."""
descriptors = st.builds(Descriptor, names, st.sampled_from(Suffix))


@given(st.builds(Symbol, parts, parts, parts, parts, st.lists(descriptors, min_size=1).map(tuple)))
def test_every_symbol_survives_writing_and_parsing(symbol: Symbol) -> None:
    assert parse(str(symbol)) == symbol


@given(st.text())
def test_no_text_is_too_strange_to_ask_about(text: str) -> None:
    assert isinstance(norm(text) + name_of(text) + kind_of(text), str)
