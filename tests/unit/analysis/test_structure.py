"""The contract of structure_of(): it depends on its arguments alone, and no text makes it raise or crash."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.analysis.concrete_nodes import MAX_BRACKETS
from codeintel.analysis.languages import language_of
from codeintel.analysis.python_nesting import nesting_of
from codeintel.analysis.structure import structure_of
from codeintel.analysis.syntax import Language
from unit.analysis.structure_samples import BOMBS, EVERY_LANGUAGE, TEXTS, check_tree

PYTHON = language_of("a.py")
LANGUAGES_OF_BOMBS = [PYTHON, *(language_of(uri) for uri in ("a.js", "a.c"))]


@settings(deadline=None)
@given(TEXTS, st.sampled_from(EVERY_LANGUAGE))
def test_any_text_gives_rows_of_even_columns(text: str, language: Language) -> None:
    found = structure_of("pkg/a.x", text, language, "project")
    size = len(text.encode("utf-8", "surrogatepass"))
    check_tree(found.ast, size)
    if found.cst is not None:
        check_tree(found.cst, size)
    for columns in (found.occurrences, found.symbols):
        assert len({len(values) for values in columns.values()}) == 1
    assert found == structure_of("pkg/a.x", text, language, "project")


def test_every_part_is_there() -> None:
    found = structure_of("src/pkg/a.py", "import os\n\ndef f():\n    return os\n", PYTHON, "project")
    assert "f" in found.ast["symbol"]
    assert found.cst is not None and "FunctionDef" in found.cst["kind"]
    assert "f" in found.occurrences["name"]
    assert (found.module.module, found.module.imports, found.module.status) == ("pkg.a", ("os",), "")


def test_structure_travels_between_processes() -> None:
    found = structure_of("a.py", "x = 1\n", PYTHON, "project")
    assert pickle.loads(pickle.dumps(found)) == found


def test_documents_share_no_columns() -> None:
    one, other = (structure_of("a.txt", "x", language_of("a.txt"), "project") for _ in range(2))
    one.ast["type"].append("mine")
    assert other.ast["type"] == []


def test_while_the_text_is_broken_there_are_syntax_nodes_and_no_concrete_ones() -> None:
    found = structure_of("a.py", "def f(:\n", PYTHON, "project")
    assert found.cst is None
    assert found.ast["type"]
    assert found.module.status == ""


def test_quotes_that_are_not_closed_yet_make_a_text_broken_and_not_deep() -> None:
    source = "x = 1\n" + 'def f():\n    """Says what f is :("""\n' * 200
    assert structure_of("a.py", source, PYTHON, "project").cst
    broken = '"""' + source
    assert nesting_of(broken).brackets > MAX_BRACKETS
    assert structure_of("a.py", broken, PYTHON, "project").cst is None


def test_other_languages_have_no_concrete_nodes_and_say_nothing() -> None:
    found = structure_of("a.go", "package a\n", language_of("a.go"), "project")
    assert found.cst is not None and found.cst["kind"] == []
    assert found.module.status == ""


@pytest.mark.parametrize("language", LANGUAGES_OF_BOMBS, ids=lambda language: language.name)
@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_bombs_cost_rows_and_nothing_else(text: str, language: Language) -> None:
    found = structure_of("a.x", text, language, "project")
    check_tree(found.ast, len(text))


def test_a_document_over_its_limits_says_so() -> None:
    text = "x = " + "[" * 1_000 + "]" * 1_000 + "\n"
    status = structure_of("a.py", text, PYTHON, "project").module.status
    assert status == "no syntax nodes below depth 250; no concrete nodes: the text nests too deep"
