"""Rows of syntax trees: numbered, nested and named rightly in every language, and never too many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.analysis import syntax_nodes as module
from codeintel.analysis.languages import PLAIN_TEXT, language_of, parse
from codeintel.analysis.syntax import Language
from codeintel.analysis.syntax_nodes import COLUMNS, SyntaxNodes, syntax_nodes
from unit.analysis.structure_samples import EVERY_LANGUAGE, TEXTS, check_tree, rows_of


def nodes_of(source: str, language: Language) -> SyntaxNodes:
    data = source.encode()
    return syntax_nodes(parse(data, language.syntax) if language.syntax else None, data, language)


def check(uri: str, source: str, expected: list[tuple[str, str | None]]) -> None:
    """The names that a source's nodes define, with what is said about each."""
    columns = nodes_of(source, language_of(uri)).columns
    assert [row for row in rows_of(columns, "symbol", "docstring") if row[0]] == expected


@settings(deadline=None)
@given(TEXTS, st.sampled_from(EVERY_LANGUAGE))
def test_any_text_gives_dense_preorder_rows_that_lie_inside_their_parents(
    text: str, language: Language
) -> None:
    columns = nodes_of(text, language).columns
    check_tree(columns, len(text.encode()))
    rows = rows_of(columns, "start_byte", "end_byte", "parent_id", "depth")
    for start, end, parent, depth in rows:
        if parent is None:
            assert depth == 0
        else:
            outer = rows[parent]  # type: ignore[call-overload]
            assert outer[0] <= start and end <= outer[1]
            assert depth == outer[3] + 1


def test_a_document_without_a_grammar_has_no_rows() -> None:
    assert nodes_of("words", PLAIN_TEXT).columns == {name: [] for name in COLUMNS}


def test_rows_tell_type_bytes_depth_and_field() -> None:
    columns = nodes_of("é = f(1)\n", language_of("a.py")).columns
    assert rows_of(columns, "node_id", "type", "start_byte", "end_byte", "parent_id", "depth", "field") == [
        (0, "module", 0, 10, None, 0, None),
        (1, "expression_statement", 0, 9, 0, 1, None),
        (2, "assignment", 0, 9, 1, 2, None),
        (3, "identifier", 0, 2, 2, 3, "left"),
        (4, "call", 5, 9, 2, 3, "right"),
        (5, "identifier", 5, 6, 4, 4, "function"),
        (6, "argument_list", 6, 9, 4, 4, "arguments"),
        (7, "integer", 7, 8, 6, 5, None),
    ]


CASES: list[tuple[str, str, list[tuple[str, str | None]]]] = [
    (
        "a.py",
        '# no docstring\nX, Y = 1, 2\n\n\nclass A:\n    # first\n    r"""Says A.\n\n        more\n    """\n\n'
        "    size: int = 1\n\n    @property\n    def f(self):\n        'Says f.'\n        local = 1\n"
        "        def inner():\n            f'not this'\n        class B: pass\n",
        [
            ("X", None),
            ("A", "Says A.\n\nmore"),
            ("size", None),
            ("f", "Says f."),
            ("inner", None),
            ("B", None),
        ],
    ),
    (
        "a.ts",
        "/** Says f.\n * More. */\nexport async function f() { const x = 1 }\n\n// one\n// two\nclass B {\n"
        "  /** Says m. */\n  @dec() m() {}\n  n = 1 // behind n\n  o() {}\n}\n\n/* far */\n\nconst far = 1\n",
        [
            ("f", "Says f.\nMore."),
            ("B", "one\ntwo"),
            ("m", "Says m."),
            ("n", None),
            ("o", None),
            ("far", None),
        ],
    ),
    (
        "a.rs",
        "/// Says A.\n/// More.\n#[derive(Debug)]\npub struct A;\n\n/// far\n\nfn f() { let x = 1; fn g() {} }\n",
        [("A", "Says A.\nMore."), ("f", None), ("g", None)],
    ),
    ("a.go", "package p\n\n// Says Foo.\nfunc (c *C) Foo() {}\n", [("Foo", "Says Foo.")]),
    (
        "A.java",
        "/**\n * Says A.\n */\n@Ann\npublic class A {\n  // says f\n  int f() { int x = 1; return x; }\n}\n",
        [("A", "Says A."), ("f", "says f")],
    ),
    ("a.cpp", "// says f\ntemplate <class T> T f() {}\n", [("f", "says f")]),
    (
        "a.c",
        "/* says f */\nint f(int a) { int x = 1; }\n/// says g\nstatic int g;\n",
        [("f", "says f"), ("g", "says g")],
    ),
    (
        "a.ex",
        'defmodule A.B do\n  @moduledoc """\n  Says A.B.\n  """\n  @doc "Says f."\n  @spec f(t) :: t\n'
        "  def f(x), do: x\n  @doc false\n  def g(x), do: x\nend\n",
        [("A.B", "Says A.B."), ("f", "Says f."), ("g", None)],
    ),
    (
        "a.hs",
        "module A where\n\nx = 1\n\n-- | Says foo.\nfoo :: Int\nfoo = 1\n",
        [("A", None), ("x", None), ("foo", "Says foo."), ("foo", None)],
    ),
    ("a.lua", "--- Says f.\nlocal function f() end\n", [("f", "Says f.")]),
    ("a.rb", "# Says A.\n# More.\nclass A; end\n", [("A", "Says A.\nMore.")]),
    ("a.sh", "#!/bin/sh\n\n# Says f.\nf() { x=1; }\n", [("f", "Says f.")]),
    ("a.php", "<?php\n/** Says A. */\n#[Attr]\nclass A {}\n", [("A", "Says A.")]),
]


@pytest.mark.parametrize(("uri", "source", "expected"), CASES, ids=[case[0] for case in CASES])
def test_definitions_carry_their_name_and_what_is_said_about_them(
    uri: str, source: str, expected: list[tuple[str, str | None]]
) -> None:
    check(uri, source, expected)


def test_a_python_module_has_a_docstring_and_no_symbol() -> None:
    columns = nodes_of('"""Says it."""\n', language_of("a.py")).columns
    assert rows_of(columns, "symbol", "docstring")[0] == (None, "Says it.")


def test_a_docstring_is_cut() -> None:
    columns = nodes_of(f'"""{"word " * 1_000}"""\n', language_of("a.py")).columns
    said = columns["docstring"][0]
    assert said.startswith("word word") and len(said) <= 500


def test_of_a_tree_with_too_many_nodes_the_deepest_levels_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = "x = [" + "(1, 2),\n" * 30 + "]\ndef f(): pass\n"
    monkeypatch.setattr(module, "MAX_NODES", 50)
    found = nodes_of(source, language_of("a.py"))
    assert found.status == "no syntax nodes below depth 4"
    assert len(found.columns["type"]) <= 50
    assert {"function_definition", "list", "tuple"} <= set(found.columns["type"])
    assert "integer" not in found.columns["type"]


def test_nodes_below_the_deepest_level_are_left_out() -> None:
    found = nodes_of("x = " + "[" * 1_000 + "]" * 1_000, language_of("a.py"))
    assert found.status == "no syntax nodes below depth 250"
    assert max(found.columns["depth"]) == module.MAX_DEPTH
