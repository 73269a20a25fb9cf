from __future__ import annotations

from dataclasses import replace

import pytest
from catalog_samples import structure

from codeintel.catalog.schemas import Dims, table_schema, tables_of
from codeintel.catalog.structure_rows import as_stale, columns_of, structure_tables

TEXT = ["def f0():\n", "def f1():\n"]


def test_every_table_has_its_rows_in_its_schema() -> None:
    tables = structure_tables([("a.py", 7, structure("a.py", TEXT)), ("b.py", 8, structure("b.py", []))])
    assert set(tables) == set(tables_of("structure"))
    for table, rows in tables.items():
        assert rows.schema.equals(table_schema(table, Dims(0, 0)))
        rows.validate(full=True)
    assert [tables[name].num_rows for name in tables_of("structure")] == [2, 2, 4, 4, 2]
    assert tables["modules"].to_pylist()[0] == {
        "uri": "a.py",
        "module": "a",
        "package": "",
        "is_test": False,
        "is_generated": False,
        "imports": ["os"],
        "status": "",
        "content_hash": 7,
    }
    assert set(tables["scip_occurrences"]["content_hash"].to_pylist()) == {7}


def test_a_document_comes_back_as_it_was_found() -> None:
    found = structure("a.py", TEXT)
    tables = structure_tables([("a.py", 2**64 - 1, found)])
    assert columns_of(tables["ast_nodes"]) == found.ast
    assert columns_of(tables["cst_nodes"]) == found.cst
    assert columns_of(tables["scip_occurrences"]) == found.occurrences
    assert columns_of(tables["scip_symbols"]) == found.symbols


def test_a_text_that_cannot_be_parsed_keeps_the_last_concrete_tree_marked() -> None:
    last = structure_tables([("a.py", 1, structure("a.py", TEXT))])["cst_nodes"]
    now = structure_tables([("a.py", 2, structure("a.py", TEXT, cst=False))])
    assert now["cst_nodes"].num_rows == 0
    assert now["ast_nodes"].num_rows == 3
    stale = as_stale(last)
    assert stale["stale"].to_pylist() == [True] * 3
    assert stale.drop_columns(["stale"]).equals(last.drop_columns(["stale"]))
    assert as_stale(stale).equals(stale)


def test_no_documents_make_empty_tables() -> None:
    assert {table: rows.num_rows for table, rows in structure_tables([]).items()} == dict.fromkeys(
        tables_of("structure"), 0
    )


def test_columns_that_are_missing_or_uneven_are_a_fault() -> None:
    found = structure("a.py", TEXT)
    lacking = {name: values for name, values in found.ast.items() if name != "depth"}
    with pytest.raises(ValueError, match=r"the rows of a\.py lack depth"):
        structure_tables([("a.py", 1, replace(found, ast=lacking))])
    with pytest.raises(ValueError, match="length"):
        structure_tables([("a.py", 1, replace(found, ast={**found.ast, "depth": [0]}))])
