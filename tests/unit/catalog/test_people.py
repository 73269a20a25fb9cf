"""Any DuckDB client reads one generation of `catalog.duckdb`, whatever the server does meanwhile."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from catalog_samples import PROVENANCE, structures, tables
from test_views import DOCUMENTS, VIEWS, everything, publish, source

from codeintel.catalog import folder as folder_module
from codeintel.catalog.catalog_file import pieces_of, said_by_header
from codeintel.catalog.folder import CATALOG_NAME
from codeintel.catalog.people import PeoplesCatalog
from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store


@pytest.fixture
def store(folder: Path) -> Store:
    opened = Store.open(folder, PROVENANCE)
    opened.rebuild(everything(DOCUMENTS))
    return opened


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / CATALOG_NAME), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_any_client_reads_each_column_as_it_was_written(store: Store, folder: Path) -> None:
    ids = np.array(sorted(store.read("chunks", ["id"]).column("id").to_pylist()))
    store.fill("embedding", ids, np.random.default_rng(1).random((len(ids), 4), np.float32))
    for table in TABLES:
        for part in store.manifest.of(table):
            rows = pq.read_table(folder / part.path)
            found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(folder / part.path)]).fetchall()
            assert found == [tuple(row.values()) for row in rows.to_pylist()], table


def test_positions_and_vectors_are_laid_out_to_compress(store: Store, folder: Path) -> None:
    (part,) = store.manifest.of("chunks")
    group = pq.read_metadata(folder / part.path).row_group(0)
    layouts = {
        column.path_in_schema: column.encodings for column in map(group.column, range(group.num_columns))
    }
    assert "DELTA_BINARY_PACKED" in layouts["start_byte"]
    assert "DELTA_BINARY_PACKED" not in layouts["id"]
    assert "BYTE_STREAM_SPLIT" in layouts["embedding.list.element"]
    assert "BYTE_STREAM_SPLIT" not in layouts["static_embedding.list.element"], "DuckDB 2.0 cannot read it"


def test_all_views_are_there_for_any_client(store: Store, folder: Path) -> None:
    people = PeoplesCatalog()
    assert people.publish(source(store))
    names = ask(folder, "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL")
    assert [name for (name,) in names] == sorted(VIEWS)
    for view in VIEWS:
        ask(folder, f"FROM {view}")
    assert ask(folder, "SELECT count(*), count(DISTINCT root) FROM v_chunks") == [(12, 1)]
    assert ask(folder, "SELECT generation FROM meta") == [(store.generation,)]
    assert ask(folder, "SELECT count(*) FROM duckdb_tables()") == [(0,)]


def test_it_is_written_again_only_where_parts_changed(store: Store, folder: Path) -> None:
    people = PeoplesCatalog()
    assert people.publish(source(store))
    assert not people.publish(source(store))
    store.publish(tables({"new.py": ["a", "b"]}))
    assert people.publish(source(store))
    assert ask(folder, "SELECT count(*) FROM chunks") == [(14,)]
    assert ask(folder, "SELECT generation FROM meta") == [(store.generation,)]
    (folder / CATALOG_NAME).unlink()
    assert people.publish(source(store))
    people.close()
    assert people.publish(source(store)), "another process would not know what the file says"


def test_documents_that_are_gone_or_unsaved_are_not_in_it(store: Store, folder: Path) -> None:
    people = PeoplesCatalog()
    publish(store, {}, ("src/01.py",))
    uris = frozenset({"src/02.py"})
    rows = everything({"src/02.py": ["unsaved"]})
    people.publish(source(store, hidden={"text": uris, "structure": uris}, rows=rows))
    assert ask(folder, "SELECT count(*) FROM files WHERE uri = 'src/01.py'") == [(0,)]
    assert ask(folder, "SELECT count(*) FROM chunks WHERE content = 'unsaved'") == [(0,)]
    assert ask(folder, "SELECT count(*) FROM chunks WHERE uri = 'src/02.py'") == [(2,)]


def test_a_client_that_has_it_open_keeps_its_generation(store: Store, folder: Path) -> None:
    people = PeoplesCatalog()
    people.publish(source(store))
    with duckdb.connect(str(folder / CATALOG_NAME), read_only=True) as connection:
        publish(store, {"src/00.py": ["changed"], "new.py": ["x"]})
        people.publish(source(store))
        assert connection.execute("SELECT count(*) FROM chunks").fetchall() == [(12,)]
    assert ask(folder, "SELECT count(*) FROM chunks") == [(12,)]
    assert ask(folder, "SELECT count(*) FROM files") == [(7,)]


def test_readers_never_see_an_error_or_two_generations(folder: Path) -> None:
    """Every generation gives each document as many chunks as its number says, and as many nodes below the root."""
    store, people = Store.open(folder, PROVENANCE), PeoplesCatalog()
    uris = [f"{n}.py" for n in range(4)]

    def write(number: int) -> None:
        documents = {uri: [f"{number}"] * (number % 3 + 1) for uri in uris}
        texts, structure = tables(documents), structures(documents)
        store.publish(texts, structure=structure)
        if number % 5 == 0:
            store.compact()
        people.publish(source(store))

    write(0)
    seen: list[tuple[object, ...]] = []
    done = threading.Event()

    def read() -> None:
        query = """SELECT (SELECT count(*) FROM chunks), (SELECT count(*) - 4 FROM ast_nodes),
                   (SELECT min(content) FROM chunks), (SELECT max(content) FROM chunks)"""
        while not done.is_set():
            seen.extend(ask(folder, query))

    with ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(read) for _ in range(2)]
        for number in range(1, 30):
            write(number)
        done.set()
    for one in reading:
        one.result()
    assert len(seen) > 10
    for chunks, nodes, least, most in seen:
        assert least == most
        assert chunks == nodes == 4 * (int(str(least)) % 3 + 1)


def test_all_files_look_alike_to_who_is_just_opening_one(store: Store, folder: Path) -> None:
    """What DuckDB has read of the last file's headers is right of the next one's blocks."""
    people = PeoplesCatalog()
    headers, sizes = set(), set()
    for number in range(12):
        long = f"{'x' * number * 20}.py"
        publish(store, {f"{number}/{n}/{long}": ["x"] for n in range(number)})
        publish(store, {f"src/0{number % 6}.py": ["changed"]})
        people.publish(source(store))
        data = (folder / CATALOG_NAME).read_bytes()
        headers.add(said_by_header(data))
        sizes.add(len(data))
    assert len(headers) == len(sizes) == 1


def test_more_than_a_block_of_views_is_filled_up_too(store: Store, folder: Path) -> None:
    people = PeoplesCatalog()
    uris = [f"{'deep/' * 20}{n}.py" for n in range(2_000)]
    store.rebuild(tables({uri: ["x"] for uri in uris}))
    store.publish(tables({uri: ["y"] for uri in uris[::2]}))
    assert people.publish(source(store))
    data = (folder / CATALOG_NAME).read_bytes()
    assert pieces_of(data) % 48 == 0
    assert pieces_of(data) > 48
    assert ask(folder, "SELECT count(*) FROM chunks") == [(2_000,)]


def test_a_folder_that_cannot_be_written_is_said_once_and_tried_again(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = PeoplesCatalog()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert not people.publish(source(store))
    assert "catalog.duckdb is not written" in caplog.text
    assert not (folder / CATALOG_NAME).exists()
    assert people.publish(source(store))


def refuse(*_: object, **__: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_root_in_memory_has_none() -> None:
    assert not PeoplesCatalog().publish(source(Store.in_memory(PROVENANCE)))


def test_a_discarded_index_leaves_none(store: Store, folder: Path) -> None:
    PeoplesCatalog().publish(source(store))
    store.close()
    folder_module.discard(folder)
    assert not (folder / CATALOG_NAME).exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_in_its_place_is_replaced_and_not_followed(store: Store, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    (folder / CATALOG_NAME).symlink_to(target)
    assert PeoplesCatalog().publish(source(store))
    assert target.read_text() == "precious"
    assert not (folder / CATALOG_NAME).is_symlink()


def test_a_moved_workspace_says_that_its_files_are_gone(store: Store, folder: Path) -> None:
    PeoplesCatalog().publish(source(store))
    store.close()
    moved = folder.parent.parent / "moved"
    shutil.move(folder.parent, moved)
    with pytest.raises(duckdb.IOException):
        ask(moved / folder.name, "FROM chunks")
