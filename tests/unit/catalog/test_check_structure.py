from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from catalog_samples import PROVENANCE, structure, structures, tables, text_hash

from codeintel.catalog.check import verify
from codeintel.catalog.history import History
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import structure_tables

DOCUMENTS = {"a.py": ["def f0():\n", "def f1():\n"], "b.py": ["x = 1\n"]}


def problems(changed: dict[str, pa.Table]) -> list[tuple[str, str]]:
    store = Store.in_memory(PROVENANCE)
    store.rebuild({**tables(DOCUMENTS), **structures(DOCUMENTS), **changed})
    return [(finding.artifact, finding.problem) for finding in verify(store)]


def with_column(table: str, column: str, values: list[object]) -> dict[str, pa.Table]:
    rows = structures(DOCUMENTS)[table]
    field = rows.schema.field(column)
    return {table: rows.set_column(rows.schema.get_field_index(column), field, pa.array(values, field.type))}


def test_sound_structure_has_no_findings() -> None:
    assert problems({}) == []


def test_a_document_without_structure_waits_for_it() -> None:
    assert problems(structures({"b.py": DOCUMENTS["b.py"]})) == []


@pytest.mark.parametrize("table", ["ast_nodes", "cst_nodes"])
@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("node_id", [0, 2, 1, 0, 1], "1 document (a.py) whose nodes are not numbered from 0"),
        ("node_id", [1, 2, 3, 0, 1], "1 document (a.py) whose nodes are not numbered from 0"),
        ("parent_id", [None, 1, 0, None, 0], "1 document (a.py) with a node before its parent"),
        ("parent_id", [None, None, 0, None, 0], "1 document (a.py) with a node before its parent"),
        ("parent_id", [None, 0, 0, 0, 0], "1 document (b.py) with a node before its parent"),
        ("end_byte", [20, 10, 9, 6, 6], "1 document (a.py) with a node that ends before it starts"),
    ],
)
def test_trees_that_contradict_themselves_are_found(
    table: str, column: str, values: list[object], problem: str
) -> None:
    assert (table, problem) in problems(with_column(table, column, values))


def test_rows_that_were_superseded_and_still_count_are_found() -> None:
    store = Store.in_memory(PROVENANCE)
    store.rebuild({**tables(DOCUMENTS), **structures(DOCUMENTS)})
    store.publish({}, structure=structures({"a.py": DOCUMENTS["a.py"]}))
    assert verify(store) == []
    store.manifest = replace(store.manifest, structure_history=History())
    found = [(finding.artifact, finding.problem) for finding in verify(store)]
    assert found == [
        ("modules", "1 documents occur more than once"),
        ("ast_nodes", "1 documents whose nodes do not stand together"),
        ("cst_nodes", "1 documents whose nodes do not stand together"),
    ]


@pytest.mark.parametrize("table", ["scip_occurrences", "scip_symbols", "ast_nodes", "cst_nodes"])
def test_rows_without_their_document_are_found(table: str) -> None:
    new = structures({"new.py": ["x"]})[table]
    both = pa.concat_tables([structures(DOCUMENTS)[table], new])
    assert problems({table: both}) == [(table, "1 document (new.py) without a row in `modules`")]


def test_structure_of_another_text_is_found() -> None:
    other = structure_tables([("b.py", text_hash(["y"]), structure("b.py", DOCUMENTS["b.py"]))])
    assert problems(other) == [("modules", "1 document (b.py) with the structure of another text")]
    assert problems({"scip_occurrences": other["scip_occurrences"]}) == [
        ("scip_occurrences", "1 document (b.py) with rows of another text")
    ]


def test_a_document_with_structure_must_be_an_indexed_one() -> None:
    documents = {**DOCUMENTS, "new.py": ["x"]}
    assert problems(structures(documents)) == [
        ("modules", "1 document (new.py) that `files` does not have as indexed")
    ]
    twice = pa.concat_tables([structures(DOCUMENTS)["modules"]] * 2)
    assert ("modules", "2 documents occur more than once") in problems({"modules": twice})
