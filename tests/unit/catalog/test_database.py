from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from catalog_samples import PROVENANCE, chunks, idmap, structures, tables
from test_views import DOCUMENTS, VIEWS, everything, publish, source

from codeintel.catalog.chunk_query import ChunkFilter, QueryOptions
from codeintel.catalog.database import Database
from codeintel.catalog.store import Store
from codeintel.errors import IndexCorrupt


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.close()


@pytest.fixture
def store(folder: Path) -> Store:
    opened = Store.open(folder, PROVENANCE)
    opened.rebuild(everything(DOCUMENTS))
    return opened


def test_it_costs_nothing_before_the_first_question() -> None:
    code = (
        "import sys; from codeintel.catalog.database import Database; d = Database(); d.refresh([]); d.close();"
        "print('duckdb' in sys.modules, d.bootstrap_ms)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stdout.split() == ["False", "None"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}


def test_what_starting_took_is_kept(database: Database, store: Store) -> None:
    database.refresh([source(store)])
    assert database.bootstrap_ms is None
    database.query("SELECT 1")
    first = database.bootstrap_ms
    assert first is not None
    assert first > 0
    database.query("SELECT 1")
    assert database.bootstrap_ms == first


def test_only_views_whose_rows_changed_are_made_again(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.refresh([source(store)])
    database.query("SELECT 1")
    made: list[str] = []
    from codeintel.catalog.views import View

    statement = View.statement.fget
    assert statement is not None
    monkeypatch.setattr(View, "statement", property(lambda view: made.append(view.name) or statement(view)))
    database.refresh([source(store)])
    database.query("SELECT 1")
    assert made == []
    store.publish({}, structure=structures({"src/01.py": ["x"]}))
    database.refresh([source(store)])
    database.query("SELECT 1")
    assert sorted(made) == sorted(
        ["ast_nodes", "cst_nodes", "meta", "modules", "scip_occurrences", "scip_symbols"]
    )
    made.clear()
    rows = structures({"src/01.py": ["y"]})
    for _ in range(2):  # the same table again is not laid over again
        hidden = {"structure": frozenset({"src/01.py"})}
        database.refresh([source(store, hidden=hidden, rows={"modules": rows["modules"]})])
        database.query("SELECT 1")
    assert sorted(made) == sorted(["ast_nodes", "cst_nodes", "modules", "scip_occurrences", "scip_symbols"])


def test_the_join_of_vectors_is_kept_until_its_inputs_change(database: Database, store: Store) -> None:
    def joined() -> int:
        return database.query("SELECT * FROM v_faiss_join").num_rows

    def is_kept() -> bool:
        found = database.query("SELECT sql FROM duckdb_views() WHERE view_name LIKE 'v\\_faiss%' ESCAPE '\\'")
        return "materialized" in found.to_pylist()[0]["sql"]

    database.refresh([source(store)])
    database.query("SELECT 1")
    assert not is_kept()
    assert joined() == 12
    assert is_kept()
    store.publish({}, structure=structures({"src/01.py": ["x"]}))
    database.refresh([source(store)])
    database.query("SELECT 1")
    assert is_kept(), "neither chunks nor the id map changed"
    publish(store, {"src/01.py": ["x"], "more.py": ["a", "b"]})
    database.refresh([source(store)])
    assert joined() == 13
    database.refresh([])
    assert joined() == 0


def test_a_query_sees_one_set_of_rows_while_they_change(database: Database, store: Store) -> None:
    """The texts and the structure of each document say the same number in every state that is ever shown."""

    def state(number: int) -> dict[str, list[str]]:
        return {uri: [f"x{number}"] * (number % 3 + 1) for uri in DOCUMENTS}

    uris = frozenset(DOCUMENTS)
    states = [everything(state(number)) for number in range(9)]
    wrong: list[object] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            found = database.query(
                """SELECT (SELECT count(*) FROM chunks) AS chunks,
                (SELECT count(DISTINCT content) FROM chunks) AS texts,
                (SELECT count(*) FROM ast_nodes) - (SELECT count(*) FROM modules) AS nodes,
                (SELECT count(*) FROM v_chunk_symbols) AS symbols"""
            ).to_pylist()[0]
            if found["texts"] != 1 or len({found["chunks"], found["nodes"], found["symbols"]}) != 1:
                wrong.append(found)

    database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=states[0])])
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(60):
        rows = states[number % len(states)]
        database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=rows)])
        database.query("SELECT 1")
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_part_that_is_gone_is_damage(database: Database, store: Store, folder: Path) -> None:
    database.refresh([source(store)])
    database.query("SELECT 1")
    path = folder / store.manifest.of("modules")[0].path
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(IndexCorrupt, match="cannot be read"):
        database.query("SELECT * FROM modules")
    path.write_bytes(data[:9])
    with pytest.raises(IndexCorrupt, match="cannot be read"):
        database.query("SELECT * FROM modules")
    path.write_bytes(data)
    assert database.query("SELECT * FROM modules").num_rows == len(DOCUMENTS)


def test_parts_that_are_gone_before_the_first_question_are_damage(
    database: Database, store: Store, folder: Path
) -> None:
    path = folder / store.manifest.of("faiss_idmap")[0].path
    data = path.read_bytes()
    path.unlink()
    database.refresh([source(store)])
    for _ in range(2):
        with pytest.raises(IndexCorrupt, match="cannot be read"):
            database.query("SELECT * FROM v_faiss_join")
    path.write_bytes(data)
    assert database.query("SELECT * FROM v_faiss_join").num_rows == 12


def test_views_are_told_with_their_columns(database: Database, store: Store) -> None:
    shapes = {shape.name: shape for shape in database.views()}
    assert sorted(shapes) == sorted(VIEWS)
    assert shapes["modules"].columns[:2] == (("root", "VARCHAR"), ("uri", "VARCHAR"))
    database.refresh([source(store)])
    (modules,) = [shape for shape in database.views() if shape.name == "modules"]
    assert modules.columns == shapes["modules"].columns
    assert "read_parquet" in modules.sql


def test_the_health_of_the_id_map_is_counted(database: Database, store: Store) -> None:
    rows = everything(DOCUMENTS)["faiss_idmap"]
    stray = idmap(chunks("src/00.py", ["gone"]))
    store.rewrite("faiss_idmap", pa.concat_tables([rows.slice(3), stray]))
    database.refresh([source(store)])
    (health,) = database.query("FROM v_idmap_health").to_pylist()
    assert health == {
        "root": "root",
        "chunks": 12,
        "mapped": 10,
        "in_primary": 10,
        "in_secondary": 0,
        "unmapped": 3,
        "astray": 1,
        "repeated": 0,
    }


def test_values_are_handed_over_apart_from_the_text(database: Database, store: Store) -> None:
    database.refresh([source(store)])
    assert database.query("SELECT count(*) AS n FROM files WHERE uri = ?", ["src/01.py"]).to_pylist() == [
        {"n": 1}
    ]
    found = database.query("SELECT count(*) AS n FROM files WHERE uri = $uri", {"uri": "' OR true --"})
    assert found.to_pylist() == [{"n": 0}]


def test_it_connects_again_after_it_was_closed(database: Database, store: Store) -> None:
    database.refresh([source(store)])
    database.query("SELECT * FROM v_faiss_join")
    database.close()
    database.close()
    assert database.query("SELECT * FROM v_faiss_join").num_rows == 12


def test_chunks_are_asked_with_options_and_filters(database: Database, store: Store) -> None:
    database.refresh([source(store)])
    found = database.chunks(QueryOptions(join_modules=True), ChunkFilter(uri="src/0[12].py"))
    assert found.select(["uri", "module"]).to_pylist() == [
        {"uri": uri, "module": uri.removesuffix(".py").replace("/", ".")}
        for uri in ("src/01.py", "src/01.py", "src/02.py", "src/02.py")
    ]


def test_unsaved_text_is_in_no_file(database: Database, store: Store, folder: Path) -> None:
    rows = everything({"src/01.py": ["a secret that is not saved"]})
    uris = frozenset({"src/01.py"})
    database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=rows)])
    assert database.query("SELECT * FROM chunks WHERE content LIKE '%secret%'").num_rows == 1
    assert tables({"a": ["x"]})["chunks"].num_rows == 1
    for path in folder.parent.rglob("*"):
        assert not path.is_file() or b"a secret that is not saved" not in path.read_bytes()
