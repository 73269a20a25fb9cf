from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import product

import pytest
from catalog_samples import PROVENANCE, structures, tables
from test_views import everything, source

from codeintel.catalog.chunk_query import EVERYTHING, NO_FILTER, ChunkFilter, QueryOptions, chunk_query
from codeintel.catalog.database import Database
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import as_stale

DOCUMENTS = {
    "pkg/a.py": ["def f0():\n", "def f1():\n", "def f2():\n"],
    "pkg/b.py": ["class C:\n"],
    "tests/test_a.py": ["def test():\n", "more\n"],
}
JOINED = {
    "join_modules": ["module", "package", "is_test", "is_generated"],
    "join_symbols": ["defines", "refers"],
    "join_faiss": ["faiss_row", "faiss_id", "source"],
    "join_ast": ["ast_nodes", "ast_types"],
    "join_cst": ["cst_nodes", "cst_kinds", "cst_stale"],
}
COMBINATIONS = [QueryOptions(*chosen) for chosen in product([False, True], repeat=len(JOINED))]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A root with two vectors fewer than chunks, and a document whose structure is still to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        store = Store.open(tmp_path_factory.mktemp("root") / ".codeintel", PROVENANCE)
    rows = everything(DOCUMENTS)
    store.rebuild({**rows, "faiss_idmap": rows["faiss_idmap"].slice(2)})
    store.publish(tables({"new.md": ["text"]}))
    made = Database()
    made.refresh([source(store), source(store, "twin")])
    yield made
    made.close()


def chosen(options: QueryOptions) -> list[str]:
    return [
        column for field in fields(options) if getattr(options, field.name) for column in JOINED[field.name]
    ]


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "+".join(chosen(options)) or "none")
def test_a_chunk_is_one_row_whatever_is_joined(database: Database, options: QueryOptions) -> None:
    plain = database.chunks(QueryOptions(), NO_FILTER)
    found = database.chunks(options, NO_FILTER)
    assert plain.num_rows == 14
    assert found.select(plain.column_names).equals(plain)
    assert found.column_names == [*plain.column_names, *chosen(options)]


@pytest.mark.parametrize("options", [QueryOptions(), EVERYTHING])
@pytest.mark.parametrize(
    ("where", "uris"),
    [
        (ChunkFilter(root="twin", uri="pkg/*"), ["pkg/a.py"] * 3 + ["pkg/b.py"]),
        (ChunkFilter(root="twin", module="pkg"), ["pkg/a.py"] * 3 + ["pkg/b.py"]),
        (ChunkFilter(root="twin", module="pkg.a"), ["pkg/a.py"] * 3),
        (ChunkFilter(root="twin", module="pk"), []),
        (ChunkFilter(root="twin", defines="f2"), ["pkg/a.py"]),
        (ChunkFilter(root="twin", defines="pkg.f1", uri="pkg/*"), ["pkg/a.py"]),
        (ChunkFilter(root="twin", refers="f1"), []),
        (
            ChunkFilter(root="twin", ast_type="function_definition", lang="python", uri="t*"),
            ["tests/test_a.py"] * 2,
        ),
        (ChunkFilter(root="twin", cst_kind="Module", uri="pkg/b*"), ["pkg/b.py"]),
        (ChunkFilter(root="twin", kind="class"), []),
        (ChunkFilter(root="no such root"), []),
        (ChunkFilter(root="twin", lang="' OR true --"), []),
    ],
)
def test_conditions_hold_and_multiply_nothing(
    database: Database, options: QueryOptions, where: ChunkFilter, uris: list[str]
) -> None:
    found = database.chunks(options, where)
    assert found["uri"].to_pylist() == uris
    assert set(found["root"].to_pylist()) <= {"twin"}


def test_what_is_joined_is_right(database: Database) -> None:
    where = ChunkFilter(root="root", uri="pkg/a.py")
    rows = database.chunks(EVERYTHING, where).to_pylist()
    assert [row["defines"] for row in rows] == [["pkg.f0"], ["pkg.f1"], ["pkg.f2"]]
    assert [row["faiss_row"] for row in rows] == [None, None, 2]
    assert [row["ast_types"] for row in rows] == [["function_definition", "module"]] * 3
    assert [row["cst_nodes"] for row in rows] == [2, 2, 2]
    assert {row["module"] for row in rows} == {"pkg.a"}


def test_a_document_without_structure_has_its_chunks(database: Database) -> None:
    (row,) = database.chunks(EVERYTHING, ChunkFilter(root="root", uri="new.md")).to_pylist()
    assert (row["module"], row["defines"], row["ast_nodes"], row["cst_stale"]) == (None, [], 0, False)


def test_the_wide_view_is_everything_joined(database: Database) -> None:
    assert database.query("SELECT * FROM v_chunks").equals(database.chunks(EVERYTHING, NO_FILTER))


def test_values_never_become_part_of_the_query() -> None:
    query, given = chunk_query(where=ChunkFilter(lang="it's", defines="x"))
    assert "it's" not in query
    assert given == {"lang": "it's", "defines": "x"}


def test_marked_rows_of_a_stale_tree_are_told() -> None:
    store = Store.in_memory(PROVENANCE)
    rows = everything({"a.py": ["x"]})
    database = Database()
    stale = {**rows, "cst_nodes": as_stale(structures({"a.py": ["x"]})["cst_nodes"])}
    database.refresh([source(store, rows=stale)])
    assert database.chunks(EVERYTHING, NO_FILTER)["cst_stale"].to_pylist() == [True]
    database.close()
