"""The views show what the store holds: every root, every table, whatever was superseded, hidden or laid over."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from catalog_samples import PROVENANCE, Documents, chunks, idmap, structures, tables

from codeintel.catalog.database import Database
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store
from codeintel.catalog.views import RootSource, literal

DOCUMENTS = {f"src/{n:02d}.py": [f"def f{n}():\n", "    pass\n"] for n in range(6)}
VIEWS = (
    *TABLES,
    *(
        "eval_pool",
        "meta",
        "v_chunks",
        "v_faiss_join",
        "v_chunk_symbols",
        "v_chunk_occurrences",
        "v_chunk_ast",
    ),
    *("v_chunk_cst", "v_symbol_defs", "v_symbol_refs", "v_channel_contribution", "v_symbol_coverage"),
    "v_module_coverage",
    "v_idmap_health",
)


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.close()


def everything(documents: Documents) -> dict[str, pa.Table]:
    rows = [chunk for uri, contents in documents.items() for chunk in chunks(uri, contents)]
    return {**tables(documents, static=True), **structures(documents), "faiss_idmap": idmap(rows)}


def publish(store: Store, documents: Documents, removed: tuple[str, ...] = ()) -> None:
    rows = everything(documents)
    texts = {name: rows[name] for name in rows if TABLES[name].group == "text"}
    structure = {name: rows[name] for name in rows if TABLES[name].group == "structure"}
    store.publish(texts, removed, structure=structure, structure_removed=removed)


def source(store: Store, name: str = "root", **given: Any) -> RootSource:
    return RootSource(name, store.folder, store.manifest, given.get("hidden", {}), given.get("rows", {}))


def shown(database: Database, table: str, root: str = "root") -> list[str]:
    """The rows of a view, without its root and what the view leaves out, in a form that can be sorted."""
    found = database.query(f"SELECT * EXCLUDE (root) FROM {table} WHERE root = {literal(root)}")
    return sorted(str(row) for row in found.to_pylist())


def stored(rows: pa.Table) -> list[str]:
    kept = [name for name in rows.column_names if name not in ("root", "ctime_ns")]
    return sorted(str(row) for row in rows.select(kept).to_pylist())


def assert_shows(database: Database, held: Mapping[str, pa.Table], root: str = "root") -> None:
    for table in TABLES:
        assert shown(database, table, root) == stored(held[table]), table


def held_by(store: Store) -> dict[str, pa.Table]:
    return {table: store.read(table) for table in TABLES}


def test_current_rows_are_shown_and_no_others(folder: Path, database: Database) -> None:
    store = Store.open(folder, PROVENANCE)
    store.rebuild(everything(DOCUMENTS))
    publish(store, {"src/01.py": ["changed"], "new.py": ["a", "b"]}, ("src/02.py",))
    publish(store, {"src/01.py": ["changed again"]})
    store.publish(tables({"src/03.py": ["its structure is still to come"]}), structure_removed=["src/03.py"])
    database.refresh([source(store)])
    assert_shows(database, held_by(store))
    store.compact()
    database.refresh([source(store)])
    assert_shows(database, held_by(store))
    assert database.query("SELECT generation, schema_version FROM meta").to_pylist() == [
        {"generation": store.generation, "schema_version": 3}
    ]


def test_an_open_document_is_shown_in_place_of_its_file(folder: Path, database: Database) -> None:
    store = Store.open(folder, PROVENANCE)
    store.rebuild(everything(DOCUMENTS))
    open_text = {"src/02.py": ["unsaved"], "untitled.py": ["new"]}
    uris = frozenset(open_text)
    database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=everything(open_text))])
    held = everything({**DOCUMENTS, **open_text})
    for table in set(TABLES) - {"faiss_idmap"}:
        assert shown(database, table) == stored(held[table])
    mapped = database.query("SELECT uri, chunk_id FROM faiss_idmap").to_pylist()
    assert sorted(map(str, mapped)) == sorted(
        map(str, held["faiss_idmap"].select(["uri", "chunk_id"]).to_pylist())
    )


def test_the_structure_of_an_open_document_may_come_later_than_its_text(
    folder: Path, database: Database
) -> None:
    store = Store.open(folder, PROVENANCE)
    store.rebuild(everything(DOCUMENTS))
    uris = frozenset({"src/02.py"})
    rows = everything({"src/02.py": ["unsaved"]})
    texts = {name: rows[name] for name in ("chunks", "files", "faiss_idmap")}
    database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=texts)])
    assert database.query("SELECT content FROM chunks WHERE uri = 'src/02.py'").to_pylist() == [
        {"content": "unsaved"}
    ]
    for table in ("ast_nodes", "cst_nodes", "modules", "scip_occurrences", "scip_symbols"):
        assert database.query(f"SELECT * FROM {table} WHERE uri = 'src/02.py'").num_rows == 0


def test_two_roots_with_the_same_documents_stay_apart(tmp_path: Path, database: Database) -> None:
    stores = [Store.open(tmp_path / name / ".codeintel", PROVENANCE) for name in ("one", "o'ne")]
    for number, store in enumerate(stores):
        store.rebuild(everything({"a.py": [f"text {number}"], f"{number}.py": ["x"]}))
    database.refresh([source(store, name) for store, name in zip(stores, ("one", "o'ne"), strict=True)])
    for store, name in zip(stores, ("one", "o'ne"), strict=True):
        assert_shows(database, held_by(store), name)
    joined = database.query("SELECT root, count(*) AS rows FROM v_chunk_symbols GROUP BY root ORDER BY root")
    assert joined.to_pylist() == [{"root": "o'ne", "rows": 2}, {"root": "one", "rows": 2}]
    coverage = database.query("SELECT root, definitions FROM v_symbol_coverage ORDER BY root").to_pylist()
    assert coverage == [{"root": "o'ne", "definitions": 2}, {"root": "one", "definitions": 2}]


def test_a_root_in_memory_is_shown_beside_one_on_disk(folder: Path, database: Database) -> None:
    disk, memory = Store.open(folder, PROVENANCE), Store.in_memory(PROVENANCE)
    disk.rebuild(everything(DOCUMENTS))
    memory.rebuild(everything({"m.py": ["x"]}))
    database.refresh([source(disk, "disk"), source(memory, "memory", rows=held_by(memory))])
    assert_shows(database, held_by(disk), "disk")
    assert_shows(database, held_by(memory), "memory")


def test_roots_whose_vectors_have_other_widths_are_shown_together(tmp_path: Path, database: Database) -> None:
    one = Store.open(tmp_path / "one", PROVENANCE)
    other = Store.open(tmp_path / "other", Provenance("encoder@2", 3, "static@2", 3, "chunker@1"))
    one.rebuild(tables({"a.py": ["x"]}, static=True))
    other.rebuild(tables({"a.py": ["x"]}, other.provenance.dims))
    database.refresh([source(one, "one"), source(other, "other")])
    kinds = database.query("SELECT root, typeof(embedding) AS kind FROM chunks ORDER BY root").to_pylist()
    assert kinds == [{"root": "one", "kind": "FLOAT[]"}, {"root": "other", "kind": "FLOAT[]"}]
    database.refresh([source(one, "one")])
    assert database.query("SELECT DISTINCT typeof(embedding) AS kind FROM chunks").to_pylist() == [
        {"kind": "FLOAT[4]"}
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_works_where_there_is_nothing(folder: Path, database: Database, view: str) -> None:
    columns = database.query(f"SELECT * FROM {view}").schema
    assert len(columns) > 2
    database.refresh([source(Store.open(folder, PROVENANCE))])
    found = database.query(f"SELECT * FROM {view}")
    assert found.num_rows == (view == "meta")
    assert found.schema.names == columns.names


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_works_without_python(folder: Path, database: Database, view: str) -> None:
    store = Store.open(folder, PROVENANCE)
    documents = {"README.md": ["# Title\n", "Text\n"]}
    rows = structures(documents)
    empty = {name: rows[name].slice(0, 0) for name in rows if name != "modules"}
    store.publish(tables(documents), structure={**empty, "modules": rows["modules"]})
    database.refresh([source(store)])
    counts = {"chunks": 2, "files": 1, "modules": 1, "meta": 1, "v_chunks": 2, "v_module_coverage": 1}
    counts["v_idmap_health"] = 1
    assert database.query(f"SELECT * FROM {view}").num_rows == counts.get(view, 0)


def test_an_index_of_the_first_layout_is_shown(folder: Path, database: Database) -> None:
    """Its files have no ctime_ns, beside later ones that do."""
    store = Store.open(folder, PROVENANCE)
    store.rebuild(everything(DOCUMENTS))
    (part,) = store.manifest.of("files")
    old = store.read_part(part).drop_columns(["ctime_ns"])
    size, digest = store._shelf.write("files", part.name, old)
    parts = [
        dataclasses.replace(one, bytes=size, checksum=digest) if one == part else one
        for one in store.manifest.parts
    ]
    store.manifest = dataclasses.replace(store.manifest, parts=tuple(parts))
    store.publish(tables({"src/01.py": ["changed"], "new.py": ["x"]}))
    database.refresh([source(store)])
    assert shown(database, "files") == stored(store.read("files"))


def test_names_with_quotes_do_no_harm(folder: Path, database: Database) -> None:
    store = Store.open(folder, PROVENANCE)
    name = "it's '); DROP VIEW chunks; --.py"
    store.rebuild(everything({name: ["x"], "b.py": ["y"]}))
    publish(store, {name: ["changed"]})
    database.refresh([source(store, "'; --")])
    assert_shows(database, held_by(store), "'; --")
