from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from catalog_samples import PROVENANCE, Documents, chunks, held, idmap, tables

from codeintel.catalog import parts
from codeintel.catalog.artifacts import artifact_of
from codeintel.catalog.check import Finding, compare_ids, verify
from codeintel.catalog.rows import Chunk, chunk_table, idmap_table
from codeintel.catalog.store import Store
from codeintel.errors import IndexCorrupt, IndexTrouble

DOCUMENTS = {f"src/{n}.py": [f"def f{n}():\n", "    pass\n"] for n in range(6)}
CHANGED = {"src/1.py": ["changed"], "src/4.py": ["more", "and more"]}
ARTIFACTS = [
    "manifest.json",
    "chunks/base-1-g1.parquet",
    "files/base-2-g1.parquet",
    "chunks/delta-g2.parquet",
    "files/delta-g2.parquet",
    "faiss_idmap/base-3-g1.parquet",
    "faiss_idmap/delta-g2.parquet",
    "vectors/faiss.meta.json",
]


@pytest.fixture
def index(folder: Path) -> Path:
    """A closed index with bases, deltas, an id map and an engine's file."""
    with Store.open(folder, PROVENANCE) as store:
        store.rebuild({**tables(DOCUMENTS, static=True), "faiss_idmap": idmap(_chunks(DOCUMENTS))})
        (folder / "vectors").mkdir()
        (folder / "vectors" / "faiss.meta.json").write_text('{"preset": "flat"}')
        changed = {**tables(CHANGED, static=True), "faiss_idmap": idmap(_chunks(CHANGED))}
        store.publish(changed, artifacts=[artifact_of(folder, "vectors/faiss.meta.json")])
    return folder


def _documents() -> dict[str, list[str]]:
    return {**DOCUMENTS, **CHANGED}


def _chunks(documents: Documents) -> list[Chunk]:
    return [chunk for uri, contents in documents.items() for chunk in chunks(uri, contents)]


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path) -> None:
    data, chance = bytearray(path.read_bytes()), random.Random(5)
    for _ in range(50):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _flip_one(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def _swap(path: Path) -> None:
    root = path.parent if path.name == "manifest.json" else path.parents[1]
    other = next(p for p in sorted(root.glob("chunks/*")) if p != path)
    path.write_bytes(other.read_bytes())


def findings_of(folder: Path) -> list[Finding]:
    """As a process that opens the folder finds it."""
    try:
        store = Store.follow(folder)
    except IndexTrouble as error:
        return [Finding("manifest.json", error.message)]
    return verify(store)


def test_a_sound_index_has_no_findings(index: Path) -> None:
    assert findings_of(index) == []


@pytest.mark.parametrize("damage", [_delete, _empty, _halve, _flip, _flip_one, _swap])
@pytest.mark.parametrize("name", ARTIFACTS)
def test_every_damage_is_found_and_mended(index: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(index / name)
    assert [finding.artifact for finding in findings_of(index)] == [name]
    try:
        store = Store.open(index, PROVENANCE)
    except IndexCorrupt:
        store = Store.open(index, PROVENANCE, reset=True)
    repair = store.repair()
    lost = set(repair.uris) or _documents().keys() - held(store).keys()
    assert held(store).keys() == _documents().keys() - lost
    assert name.startswith("faiss_idmap") <= (not lost)
    store.publish(tables({uri: _documents()[uri] for uri in lost}, static=True))
    store.rewrite("faiss_idmap", idmap(_chunks(_documents())))
    assert held(store) == _documents()
    assert verify(store) == []


def test_only_the_documents_of_a_damaged_part_are_lost(index: Path) -> None:
    _empty(index / "chunks/delta-g2.parquet")
    with Store.open(index, PROVENANCE) as store:
        with pytest.raises(IndexCorrupt, match=r"chunks/delta-g2\.parquet is damaged.*rebuilt"):
            store.read("chunks")
        repair = store.repair()
        assert repair.parts == ("chunks/delta-g2.parquet",)
        assert repair.uris == ("src/1.py", "src/4.py")
        assert held(store) == {u: c for u, c in DOCUMENTS.items() if u not in repair.uris}
        assert store.repair().parts == ()


def test_an_older_manifest_whose_parts_are_gone_is_found(index: Path) -> None:
    old = (index / "manifest.json").read_bytes()
    with Store.open(index, PROVENANCE) as store:
        store.rebuild(tables(DOCUMENTS))
        store.gc(parts.now() + 61)
    (index / "manifest.json").write_bytes(old)
    assert {finding.artifact for finding in findings_of(index)} >= {"chunks/base-1-g1.parquet"}


def test_a_manifest_that_decays_under_a_running_server_is_found(index: Path) -> None:
    with Store.open(index, PROVENANCE) as store:
        _delete(index / "manifest.json")
        assert [finding.problem for finding in verify(store)] == ["manifest.json is missing."]


def test_orphans_are_a_warning_once_their_grace_is_over(index: Path) -> None:
    orphan = index / "chunks" / "base-9-g1.parquet"
    orphan.write_bytes(b"x")
    assert findings_of(index) == []
    os.utime(orphan, (1, 1))
    found = findings_of(index)
    assert [(f.artifact, f.severity) for f in found] == [("chunks/base-9-g1.parquet", "warning")]


def _problems(changed: dict[str, pa.Table]) -> str:
    store = Store.in_memory(PROVENANCE)
    store.rebuild(tables(DOCUMENTS))
    store.publish(changed)
    return "; ".join(f"{finding.artifact}: {finding.problem}" for finding in verify(store))


def _with(table: pa.Table, column: str, values: list[object]) -> pa.Table:
    at = table.schema.get_field_index(column)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("id", [-1, 5], "1 chunk (src/1.py:1) with an id that is not positive"),
        ("id", [5, 5], "1 ids occur more than once"),
        ("id", [5, 6], "1 document (src/1.py) with ids that do not follow from contents"),
        ("content_hash", [1, 2], "2 chunks (src/1.py:1, src/1.py:2) with a content_hash"),
        ("end_byte", [2, 2], "1 document (src/1.py) whose chunks leave gaps or overlap"),
        ("start_byte", [1, 1], "1 document (src/1.py) whose chunks leave gaps or overlap"),
        ("end_byte", [1, 9], "1 chunk (src/1.py:2) with bytes that are not its content's length"),
        ("end_line", [0, 0], "1 chunk (src/1.py:2) with lines in the wrong order"),
    ],
)
def test_rows_that_contradict_themselves_are_found(column: str, values: list[object], problem: str) -> None:
    changed = tables({"src/1.py": ["a", "b"]})
    assert problem in _problems({**changed, "chunks": _with(changed["chunks"], column, values)})


def test_chunks_without_their_file_are_found() -> None:
    only_chunks = {"chunks": tables({"new.py": ["a"]})["chunks"]}
    assert _problems(only_chunks) == "chunks: 1 document (new.py) that `files` does not have"


def test_a_file_with_another_number_of_chunks_is_found() -> None:
    only_file = {"files": tables({"src/1.py": ["a"]})["files"]}
    assert "files: 1 file (src/1.py) with another number of chunks" in _problems(only_file)


def test_a_file_that_occurs_twice_is_found() -> None:
    changed = tables({"src/1.py": ["a"]})
    twice = {**changed, "files": pa.concat_tables([changed["files"]] * 2)}
    assert "files: 1 files occur more than once" in _problems(twice)


def test_an_id_map_must_match_the_chunks_with_vectors() -> None:
    row = chunks("src/1.py", ["a"])
    rows = chunk_table(row, PROVENANCE.dims, np.ones((1, 4), np.float32))
    changed = {**tables({"src/1.py": ["a"]}), "chunks": rows}
    number = row[0].id

    def problems(ids: list[int]) -> str:
        return _problems({**changed, "faiss_idmap": mapped(ids, "src/1.py")})

    def mapped(ids: list[int], uri: str) -> pa.Table:
        return idmap_table([uri] * len(ids), range(len(ids)), ids, ids, ["primary"] * len(ids))

    assert problems([number]) == ""
    assert "is missing" in problems([])
    assert "holds 1 chunk (5)" in problems([number, 5])
    assert "lacks 1 chunk" in problems([5])
    assert "more than once" in problems([number, number])
    astray = {**changed, "faiss_idmap": mapped([number], "src/2.py"), "files": tables(DOCUMENTS)["files"]}
    assert "1 row (src/2.py: " in _problems(astray)


def test_ids_of_an_engine_are_compared_both_ways() -> None:
    assert compare_ids("lexical", [1, 2], np.array([2, 1])) == []
    found = compare_ids("lexical", [1, 9], [1, 2, 3, 4, 5])
    assert [finding.problem for finding in found] == [
        "lacks 4 chunks (2, 3, 4, …) of the table",
        "holds 1 chunk (9) that the table does not have",
    ]
