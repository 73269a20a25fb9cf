"""Text and structure are published in one generation, and neither touches the other's rows."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from catalog_samples import PROVENANCE, chunks, errors, held, idmap, structures, tables

from codeintel.catalog import crowding, durable, parts
from codeintel.catalog.check import verify
from codeintel.catalog.ownership import seal, user_secret
from codeintel.catalog.schemas import tables_of
from codeintel.catalog.store import Store

DOCUMENTS = {f"src/{n:02d}.py": [f"def f{n}():\n", "    pass\n"] for n in range(10)}
STRUCTURE = tables_of("structure")


@pytest.fixture
def store(folder: Path) -> Store:
    opened = Store.open(folder, PROVENANCE)
    opened.rebuild({**tables(DOCUMENTS), **structures(DOCUMENTS)})
    return opened


def structured(store: Store) -> dict[str, int]:
    """The documents that have rows of structure, and how many in all."""
    counts: dict[str, int] = {}
    for table in STRUCTURE:
        for row in store.read(table, ["uri"]).to_pylist():
            counts[row["uri"]] = counts.get(row["uri"], 0) + 1
    return counts


def rows_of(contents: list[str]) -> int:
    return 2 * len(contents) + 2 * (len(contents) + 1) + 1


ALL = {uri: rows_of(contents) for uri, contents in DOCUMENTS.items()}


def test_a_change_of_text_leaves_structure_and_the_other_way_round(store: Store) -> None:
    store.publish(tables({"src/03.py": ["changed"]}))
    assert structured(store) == ALL
    changed = {**DOCUMENTS, "src/03.py": ["changed"]}
    store.publish({}, structure=structures({"src/03.py": ["changed"]}))
    assert held(store) == changed
    assert structured(store) == {**ALL, "src/03.py": rows_of(["changed"])}
    assert verify(store) == []


def test_one_generation_takes_both(store: Store) -> None:
    changed = {"src/03.py": ["a", "b"], "new.py": ["c"]}
    before = store.generation
    manifest = store.publish(
        tables(changed), ["src/04.py"], structure=structures(changed), structure_removed=["src/04.py"]
    )
    assert manifest.generation == before + 1
    expected = {uri: count for uri, count in ALL.items() if uri != "src/04.py"}
    assert structured(store) == {**expected, **{uri: rows_of(found) for uri, found in changed.items()}}
    assert verify(store) == []


def test_rows_of_a_document_that_is_gone_go_when_they_are_named(store: Store) -> None:
    store.publish({}, ["src/03.py"])
    assert [f.problem for f in verify(store)] == [
        "1 document (src/03.py) that `files` does not have as indexed"
    ]
    store.publish({}, structure_removed=["src/03.py"])
    assert verify(store) == []
    assert "src/03.py" not in structured(store)


def test_a_table_of_the_other_group_is_refused_before_anything_is_written(store: Store, folder: Path) -> None:
    before = set(folder.rglob("*"))
    with pytest.raises(ValueError, match=r"ast_nodes, cst_nodes, modules, .* is no table of text"):
        store.publish(structures({"a.py": ["x"]}))
    with pytest.raises(ValueError, match="chunks, files is no table of structure"):
        store.publish({}, structure=tables({"a.py": ["x"]}))
    with pytest.raises(ValueError, match="lack"):
        store.publish(tables({"a.py": ["x"]}), structure={"modules": pa.table({"uri": ["a.py"]})})
    assert set(folder.rglob("*")) == before


def test_followers_are_told_of_each_group(store: Store, folder: Path) -> None:
    reader = Store.follow(folder)
    before = reader.manifest
    store.publish(tables({"src/03.py": ["changed"]}))
    store.publish({}, structure=structures({"src/05.py": ["x"]}), structure_removed=["src/03.py"])
    reader.refresh()
    assert reader.changes_since(before) == {"src/03.py"}
    assert reader.changes_since(before, "structure") == {"src/03.py", "src/05.py"}
    assert reader.read("modules", ["uri"], frozenset({"src/03.py", "src/05.py"})).to_pylist() == [
        {"uri": "src/05.py"}
    ]


def test_filling_vectors_leaves_structure_where_it_lies(store: Store) -> None:
    store.publish({}, structure=structures({"src/05.py": ["x"]}))
    before = [part for part in store.manifest.parts if part.group == "structure"]
    ids = np.asarray(store.read("chunks", ["id"]).column("id"))
    store.fill("embedding", ids, np.ones((len(ids), 4), np.float32))
    store.rewrite("faiss_idmap", idmap([c for uri in DOCUMENTS for c in chunks(uri, DOCUMENTS[uri])]))
    assert [part for part in store.manifest.parts if part.group == "structure"] == before
    assert structured(store) == {**ALL, "src/05.py": rows_of(["x"])}


def test_structure_is_gathered_and_compacted_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(crowding.MOST_SMALL_DELTAS + 1):
        store.publish({}, structure=structures({"src/00.py": [f"x{n}"], f"more/{n}.py": ["y"]}))
    assert store.needs_gathering
    before = structured(store)
    store.gather()
    assert not store.needs_gathering
    assert [len(store.manifest.of(table, "delta")) for table in STRUCTURE] == [1] * 5
    store.publish(tables({"src/01.py": ["x"]}))
    monkeypatch.setattr(crowding, "FEW_ROWS", 4)
    assert store.needs_compaction
    store.compact()
    assert not any(store.manifest.of(table, "delta") for table in STRUCTURE)
    assert not store.manifest.structure_history.changed
    assert store.manifest.of("chunks", "delta"), "text did not need it"
    assert structured(store) == before
    store.reclaim()
    assert {part.kind for part in store.manifest.parts} == {"base"}
    assert held(store) == {**DOCUMENTS, "src/01.py": ["x"]}


def test_another_analysis_of_structure_empties_that_group_alone(store: Store, folder: Path) -> None:
    texts = [part for part in store.manifest.parts if part.group == "text"]
    reader = Store.follow(folder)
    before = reader.manifest
    store.adopt(dataclasses.replace(PROVENANCE, structure="analysis@2"))
    assert [*store.manifest.parts] == texts
    assert structured(store) == {}
    assert errors(store) == []
    reader.refresh()
    assert reader.changes_since(before) == frozenset()
    assert reader.changes_since(before, "structure") is None


def test_another_encoder_keeps_the_structure_in_its_files(store: Store) -> None:
    before = [part for part in store.manifest.parts if part.group == "structure"]
    store.adopt(dataclasses.replace(PROVENANCE, encoder="encoder@2", dim=6))
    assert [part for part in store.manifest.parts if part.group == "structure"] == before
    assert held(store) == DOCUMENTS
    assert verify(store) == []


def test_another_chunker_empties_both(store: Store) -> None:
    store.adopt(dataclasses.replace(PROVENANCE, chunker="chunker@2"))
    assert (held(store), structured(store)) == ({}, {})


@pytest.mark.parametrize("table", STRUCTURE)
def test_damage_to_structure_costs_the_structure_of_its_documents_alone(
    store: Store, folder: Path, table: str
) -> None:
    changed = {"src/01.py": ["changed"], "src/04.py": ["more", "and more"]}
    store.publish(tables(changed), structure=structures(changed))
    expected = {**DOCUMENTS, **changed}
    (delta,) = store.manifest.of(table, "delta")
    store.close()
    os.truncate(folder / delta.path, 0)
    with Store.open(folder, PROVENANCE) as again:
        repair = again.repair()
        assert (repair.parts, repair.uris) == ((delta.path,), ())
        assert repair.structure_uris == tuple(sorted(changed))
        assert held(again) == expected
        assert structured(again).keys() == DOCUMENTS.keys() - changed.keys()
        assert errors(again) == []
        again.publish({}, structure=structures(changed))
        assert structured(again) == {uri: rows_of(found) for uri, found in expected.items()}
        assert errors(again) == []


def test_a_document_whose_text_is_damaged_loses_its_structure_too(store: Store, folder: Path) -> None:
    store.publish(tables({"src/01.py": ["changed"]}))
    (delta,) = store.manifest.of("chunks", "delta")
    store.close()
    os.truncate(folder / delta.path, 0)
    with Store.open(folder, PROVENANCE) as again:
        assert again.repair().uris == ("src/01.py",)
        assert held(again).keys() == structured(again).keys() == DOCUMENTS.keys() - {"src/01.py"}
        assert errors(again) == []


def test_an_index_of_the_second_layout_keeps_its_texts_and_vectors(store: Store, folder: Path) -> None:
    store.rebuild(tables(DOCUMENTS, static=True))
    ids = np.asarray(store.read("chunks", ["id"]).column("id"))
    store.fill("embedding", ids, np.ones((len(ids), 4), np.float32))
    store.publish(tables({"src/00.py": ["changed"]}, static=True))
    store.close()
    before = (folder / "manifest.json").read_bytes()
    body = json.loads(before)["manifest"]
    body |= {"schema_version": 2, "readable_from": 2, **body.pop("histories")["text"]}
    del body["provenance"]["structure"]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    sealed = {"owner": seal(text, user_secret()), "digest": durable.checksum(text), "manifest": body}
    (folder / "manifest.json").write_text(json.dumps(sealed))
    with Store.open(folder, PROVENANCE) as again:
        files = [part.path for part in again.manifest.parts]
        again.adopt(dataclasses.replace(PROVENANCE, structure="analysis@1"))
        assert [part.path for part in again.manifest.parts] == files
        assert held(again) == {**DOCUMENTS, "src/00.py": ["changed"]}
        assert again.read("chunks", ["embedding"])["embedding"].null_count == 1
        assert structured(again) == {}
        again.publish({}, structure=structures(DOCUMENTS), structure_removed=["src/00.py"])
        again.gc(parts.now() + 61)
    assert structured(Store.follow(folder)) == ALL


def test_a_store_in_memory_has_structure_too() -> None:
    store = Store.in_memory(PROVENANCE)
    store.publish(tables(DOCUMENTS), structure=structures(DOCUMENTS))
    store.publish({}, structure_removed=["src/00.py"])
    store.reclaim()
    assert structured(store) == {uri: count for uri, count in ALL.items() if uri != "src/00.py"}
