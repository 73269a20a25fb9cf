from __future__ import annotations

import errno
import json
import os
import threading
import time
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalog_samples import PROVENANCE, chunks, held, idmap, tables

from codeintel.catalog import crowding, durable, folding, leftovers, parts
from codeintel.catalog.artifacts import artifact_of
from codeintel.catalog.check import verify
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.ownership import seal, user_secret
from codeintel.catalog.rows import vectors_of
from codeintel.catalog.store import Store
from codeintel.errors import IndexCorrupt, IndexLocked, IndexTrouble, SchemaTooNew, UsageError

DOCUMENTS = {f"src/{n:02d}.py": [f"def f{n}():\n", "    pass\n"] for n in range(10)}


@pytest.fixture
def store(folder: Path) -> Store:
    opened = Store.open(folder, PROVENANCE)
    opened.rebuild(tables(DOCUMENTS))
    return opened


def reopened(store: Store) -> Store:
    store.close()
    assert store.folder
    return Store.open(store.folder, PROVENANCE)


def test_a_new_folder_is_passed_over_by_git_and_backups(folder: Path) -> None:
    with Store.open(folder, PROVENANCE) as store:
        assert (store.generation, store.warning, store.read("chunks").num_rows) == (0, "", 0)
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_rebuild_replaces_everything_and_outlives_the_process(store: Store) -> None:
    store.rebuild(tables({"new.py": ["a", "b"]}))
    assert held(reopened(store)) == {"new.py": ["a", "b"]}


def test_a_change_replaces_a_document_in_every_table(store: Store) -> None:
    store.publish(tables({"src/03.py": ["changed"], "src/04.py": []}), ["src/05.py"])
    expected = {**DOCUMENTS, "src/03.py": ["changed"], "src/04.py": []}
    del expected["src/05.py"]
    assert held(store) == expected == held(reopened(store))


def test_a_change_writes_one_small_part_a_table(store: Store) -> None:
    before = set(store.manifest.parts)
    store.publish(tables({"src/03.py": ["changed"]}))
    new = set(store.manifest.parts) - before
    assert sorted(part.path for part in new) == ["chunks/delta-g2.parquet", "files/delta-g2.parquet"]
    assert before < set(store.manifest.parts)


def test_saving_one_document_again_and_again_keeps_one_delta(store: Store) -> None:
    for n in range(40):
        store.publish(tables({"src/03.py": [f"save {n}"]}))
    assert len(store.manifest.of("chunks", "delta")) == 1
    assert not store.needs_compaction


def test_columns_are_read_alone_and_in_the_order_asked_for(store: Store) -> None:
    store.publish({}, ["src/03.py"])
    assert store.read("chunks", ["content", "id"]).column_names == ["content", "id"]
    assert Store.in_memory(PROVENANCE).read("files", ["size"]).column_names == ["size"]


def test_many_deltas_ask_to_be_gathered_and_are(store: Store) -> None:
    for n in range(crowding.MOST_SMALL_DELTAS + 1):
        assert not store.needs_gathering
        store.publish(tables({f"more/{n}.py": ["x"], "src/00.py": [f"save {n}"]}))
    assert store.needs_gathering
    assert not store.needs_compaction
    before, bases = held(store), store.manifest.of("chunks", "base")
    store.gather()
    assert not store.needs_gathering
    assert store.manifest.of("chunks", "base") == bases
    (delta,) = store.manifest.of("chunks", "delta")
    assert delta.rows == crowding.MOST_SMALL_DELTAS + 2, "rows that were superseded are left behind"
    assert held(store) == before == held(reopened(store))
    for uri in ("more/0.py", "src/00.py"):
        assert [row["content"] for row in reading(store, "chunks", frozenset({uri}))] == before[uri]


def test_gathering_a_few_deltas_writes_nothing(store: Store) -> None:
    store.publish(tables({"more.py": ["x"]}))
    before = store.manifest
    assert store.gather() is before


def test_the_number_of_deltas_grows_with_the_logarithm_of_their_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowding, "LARGE_DELTA", 4)
    monkeypatch.setattr(crowding, "MOST_SMALL_DELTAS", 3)
    most, saves = 0, 150
    for n in range(saves):
        store.publish(tables({f"more/{n}.py": ["x"]}))
        while store.needs_gathering:
            store.gather()
        most = max(most, len(store.manifest.of("chunks", "delta")))
    assert most <= 3 * 5
    assert len(held(store)) == len(DOCUMENTS) + saves


def test_compaction_folds_every_delta(store: Store) -> None:
    store.publish(tables({"more.py": ["x"], "src/00.py": ["changed"]}), ["src/01.py"])
    before = held(store)
    store.compact()
    assert not store.needs_compaction
    assert not store.manifest.history.changed
    assert {part.kind for part in store.manifest.parts} == {"base"}
    assert held(store) == before


def test_large_deltas_ask_for_compaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "FEW_ROWS", 4)
    store.publish(tables({"a.py": ["1", "2", "3", "4"]}))
    assert not store.needs_compaction
    store.publish(tables({"b.py": ["1", "2", "3", "4"]}))
    assert store.needs_compaction


def test_many_changed_documents_ask_for_compaction(store: Store) -> None:
    store.publish({}, [f"{n}.py" for n in range(crowding.MOST_CHANGED + 1)])
    assert store.needs_compaction


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "LEAST_ROWS_PER_PART", 4)
    monkeypatch.setattr(folding, "PARTS_PER_TABLE", 5)


@pytest.mark.usefixtures("small_parts")
def test_bases_are_sorted_disjoint_and_never_divide_a_document(store: Store) -> None:
    store.rebuild(tables(dict(reversed(DOCUMENTS.items())) | {"src/05x.py": ["x"] * 9}))
    ranges = sorted((p.min_uri, p.max_uri) for p in store.manifest.of("chunks"))
    assert len(ranges) == 5
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    assert verify(store) == []


@pytest.mark.usefixtures("small_parts")
def test_compaction_rewrites_only_the_bases_it_concerns(store: Store) -> None:
    store.rebuild(tables(DOCUMENTS))
    before = store.manifest.of("chunks")
    store.publish(tables({"src/00.py": ["changed"]}), ["src/09.py"])
    store.compact()
    kept = set(before) & set(store.manifest.of("chunks"))
    assert kept == {p for p in before if p.min_uri > "src/00.py" and p.max_uri < "src/09.py"}
    assert len(kept) == 3
    assert held(reopened(store)) == {u: c for u, c in DOCUMENTS.items() if u != "src/09.py"} | {
        "src/00.py": ["changed"]
    }


@pytest.mark.usefixtures("small_parts")
def test_the_first_compaction_holds_one_base_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(folder, PROVENANCE)
    for number in range(4):  # deltas that all reach over the whole range
        store.publish(tables({uri: DOCUMENTS[uri] for uri in [*DOCUMENTS][number::4]}))
    store.publish(tables({"src/03.py": ["changed"]}), ["src/04.py"])
    expected = held(store)
    written: list[int] = []
    write = folding.Draft.write_bases
    monkeypatch.setattr(
        folding.Draft,
        "write_bases",
        lambda draft, table, rows, n: written.append(rows.num_rows) or write(draft, table, rows, n),
    )
    store.compact()
    assert max(written) <= 5, "a document more than the rows of a base"
    ranges = sorted((p.min_uri, p.max_uri) for p in store.manifest.of("chunks"))
    assert len(ranges) > 2
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    assert {part.kind for part in store.manifest.parts} == {"base"}
    assert held(store) == expected == held(reopened(store))


@pytest.mark.usefixtures("small_parts")
def test_vectors_are_filled_into_the_bases_that_hold_their_chunks(store: Store) -> None:
    store.rebuild(tables(DOCUMENTS))
    before = store.manifest.of("chunks")
    wanted = [chunks(uri, DOCUMENTS[uri])[0].id for uri in ("src/01.py", "src/00.py")]
    store.fill("embedding", np.array([*wanted, 99]), np.array([[1.0] * 4, [2.0] * 4, [3.0] * 4]))
    rows = reopened(store).read("chunks")
    values, present = vectors_of(rows, "embedding")
    found = dict(zip(np.asarray(rows.column("id"))[present].tolist(), values[:, 0].tolist(), strict=True))
    assert found == {wanted[0]: 1.0, wanted[1]: 2.0}
    assert set(before[1:]) <= set(store.manifest.of("chunks"))


def test_vectors_arrive_with_the_engines_files_and_the_id_map_after_them(store: Store, folder: Path) -> None:
    ids = np.asarray(store.read("chunks", ["id"]).column("id"))
    (folder / "vectors").mkdir()
    (folder / "vectors" / "faiss.meta.json").write_text("{}")
    rows = idmap([chunk for uri, contents in DOCUMENTS.items() for chunk in chunks(uri, contents)])
    vectors = np.ones((len(ids), 4), np.float32)
    vouched = [artifact_of(folder, "vectors/faiss.meta.json")]
    store.fill("embedding", ids, vectors, artifacts=vouched)
    store.rewrite("faiss_idmap", rows)
    again = reopened(store)
    assert again.read("faiss_idmap").num_rows == len(ids)
    assert list(again.manifest.artifacts) == vouched
    assert verify(again) == []


def test_a_rewritten_table_counts_whatever_changed_before(store: Store) -> None:
    store.publish({**tables({"src/03.py": ["a"]}), "faiss_idmap": idmap(chunks("src/03.py", ["a"]))})
    others = [part for part in store.manifest.parts if part.table != "faiss_idmap"]
    rows = idmap([*chunks("src/03.py", ["a"]), *chunks("src/00.py", DOCUMENTS["src/00.py"])])
    store.rewrite("faiss_idmap", rows)
    assert reading(store, "faiss_idmap") == sorted(rows.to_pylist(), key=itemgetter("uri", "faiss_row"))
    assert [part for part in store.manifest.parts if part.table != "faiss_idmap"] == others
    assert {part.kind for part in store.manifest.of("faiss_idmap")} == {"base"}
    store.publish(tables({"src/03.py": ["b"]}))
    assert {row["uri"] for row in reading(store, "faiss_idmap")} == {"src/00.py"}
    store.rewrite("faiss_idmap", rows.slice(0, 0))
    assert reading(store, "faiss_idmap") == []


def reading(store: Store, table: str, uris: frozenset[str] | None = None) -> list[dict[str, object]]:
    return store.read(table, uris=uris).to_pylist()


@pytest.mark.usefixtures("small_parts")
def test_only_parts_that_may_hold_a_document_are_opened(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.rebuild(tables(DOCUMENTS))
    store.publish(tables({"src/00.py": ["changed"], "src/09.py": ["changed"]}))
    store.publish(tables({"src/09.py": ["changed again"]}))
    opened: list[str] = []
    read = parts.FolderShelf.read
    monkeypatch.setattr(
        parts.FolderShelf,
        "read",
        lambda shelf, part, *rest: opened.append(part.path) or read(shelf, part, *rest),
    )
    wanted = {"src/09.py": "chunks/delta-g4.parquet", "src/00.py": "chunks/delta-g3.parquet"}
    for uri, path in wanted.items():
        opened.clear()
        rows = reading(store, "chunks", frozenset({uri}))
        assert {row["uri"] for row in rows} == {uri}
        assert opened == [path]
    opened.clear()
    assert len(reading(store, "chunks", frozenset({"src/04.py", "absent.py"}))) == 2
    assert [path.startswith("chunks/base-") for path in opened] == [True]
    assert reading(store, "files", frozenset()) == []


def test_one_document_of_a_large_part_is_read_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 3)
    store.rebuild(tables(DOCUMENTS))
    (part,) = store.manifest.of("chunks")
    shelf = store._shelf
    assert shelf.read(part, ["uri"], ["absent.py"]).num_rows == 0
    assert 2 <= shelf.read(part, ["uri"], ["src/04.py"]).num_rows <= 6
    for uri in DOCUMENTS:
        assert [row["content"] for row in reading(store, "chunks", frozenset({uri}))] == DOCUMENTS[uri]


def test_superseded_parts_stay_for_a_grace_period(store: Store, folder: Path) -> None:
    first = folder / store.manifest.of("chunks")[0].path
    os.utime(first, (0, 0))  # written long ago: grace counts from when it was superseded
    store.rebuild(tables({"a.py": ["x"]}))
    assert first.exists()
    assert store.gc(parts.now() + 59) == []
    assert "chunks/" + first.name in store.gc(parts.now() + 61)
    assert not first.exists()
    assert held(store) == {"a.py": ["x"]}


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_jumps_removes_nothing_that_lives_or_will(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    first = folder / store.manifest.of("chunks")[0].path
    store.rebuild(tables({"a.py": ["x"]}))
    (folder / "vectors").mkdir()
    coming = folder / "vectors" / "primary-g3.faiss"  # written by an engine, published below
    coming.write_bytes(b"lists")
    at = time.time() + years * 365 * 86_400
    monkeypatch.setattr(time, "time", lambda: at)
    assert store.gc() == []
    store.publish({}, artifacts=[artifact_of(folder, "vectors/primary-g3.faiss")])
    assert first.exists(), "a reader of the last generation may still open it"
    assert "chunks/" + first.name in store.gc(parts.now() + 61)
    assert coming.exists()
    assert held(store) == {"a.py": ["x"]}


def test_a_clock_set_back_does_not_keep_old_parts_for_ever(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = folder / store.manifest.of("chunks")[0].path
    store.rebuild({})
    at = time.time() - 365 * 86_400
    monkeypatch.setattr(time, "time", lambda: at)
    utime = os.utime
    monkeypatch.setattr(leftovers.os, "utime", lambda path: utime(path, (at, at)))
    again = reopened(store)
    assert first.exists(), "it may have been superseded just before the clock was set back"
    at += 61
    assert "chunks/" + first.name in again.orphans()
    reopened(again)
    assert not first.exists()


def test_the_folder_stays_small_over_a_thousand_saves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(parts, "now", lambda: clock)
    monkeypatch.setattr(durable.os, "fsync", lambda _: None)
    store = Store.open(folder, PROVENANCE)
    store.rebuild(tables(DOCUMENTS))
    scans: list[float] = []
    find = parts.FolderShelf.find
    monkeypatch.setattr(
        parts.FolderShelf, "find", lambda shelf, *rest: scans.append(clock) or find(shelf, *rest)
    )
    most, names = 0, list(DOCUMENTS)
    for n in range(1_000):
        clock += 5.0
        store.publish(tables({names[n % 7]: [f"save {n}"], f"more/{n % 50}.py": [str(n)]}))
        if store.needs_gathering:
            store.gather()
        if n % 20 == 0:
            most = max(most, sum(1 for path in folder.rglob("*") if path.is_file()))
    assert most < 120
    assert len(scans) < 80
    clock += 61
    files, size = store.reclaim()
    assert files > 1_000
    assert size > 100 * files
    clock += 61
    store.gc()
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert left == {part.path for part in store.manifest.parts}
    assert held(store).keys() == DOCUMENTS.keys() | {f"more/{n}.py" for n in range(50)}


def test_reclaiming_folds_and_tells_what_was_removed_since_the_opening(store: Store, folder: Path) -> None:
    before = store.manifest.parts
    store.publish(tables({"src/00.py": ["changed"]}))
    assert store.reclaim() == (0, 0), "files within their grace stay"
    assert {part.kind for part in store.manifest.parts} == {"base"}
    generation = store.generation
    for path in folder.rglob("*.parquet"):
        os.utime(path, (1, 1))
    again = reopened(store)
    files, size = again.reclaim()
    assert files == 4
    assert size > sum(part.bytes for part in before)
    assert again.reclaim() == (0, 0)
    assert again.generation == generation, "nothing was left to fold"


def test_opening_removes_what_a_crash_left_behind_and_nothing_else(store: Store, folder: Path) -> None:
    left = ["chunks/delta-g77.parquet", "chunks/.new-base-0-g9.parquet", ".new-manifest.json"]
    ours = ["lexical/meta.json", "vectors/faiss.meta.json", "notes.txt", "chunks/notes.txt"]
    for name in [*left, *ours]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
        os.utime(folder / name, (1, 1))
    again = reopened(store)
    assert [name for name in [*left, *ours] if (folder / name).exists()] == ours
    again.publish({}, ["src/00.py"])
    assert again.generation == 78, "no name is used twice, not even that of an orphan"


def test_a_reader_follows_the_writer(store: Store, folder: Path) -> None:
    reader = Store.follow(folder)
    assert not reader.refresh()
    store.publish({}, ["src/00.py"])
    assert held(reader) == DOCUMENTS
    assert reader.refresh()
    assert held(reader) == held(store)
    assert not reader.refresh()
    with pytest.raises(IndexLocked, match="reading only"):
        reader.publish({}, ["src/01.py"])
    assert reader.gc(parts.now() + 1e6) == []


def test_a_reader_reads_a_settled_manifest_once(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Store.follow(folder)
    loads: list[object] = []
    load = parts.FolderShelf.load
    monkeypatch.setattr(parts.FolderShelf, "load", lambda shelf: loads.append(shelf) or load(shelf))
    for _ in range(3):
        assert not reader.refresh()
    assert len(loads) == 3, "two manifests within the grain of file times could look the same"
    os.utime(folder / "manifest.json", (1_000_000_000, 1_000_000_000))
    for _ in range(3):
        assert not reader.refresh()
    assert len(loads) == 4
    store.publish({}, ["src/00.py"])
    assert reader.refresh()
    assert held(reader) == held(store)


def test_a_reader_is_told_what_changed_across_folds(store: Store, folder: Path) -> None:
    reader = Store.follow(folder)
    before = reader.manifest
    store.publish(tables({"src/00.py": ["changed"], "new.py": ["x"]}))
    store.compact()
    store.publish({}, ["src/01.py"])
    store.rewrite("faiss_idmap", idmap([]))
    reader.refresh()
    assert reader.changes_since(before) == {"src/00.py", "new.py", "src/01.py"}
    assert reader.changes_since(reader.manifest) == frozenset()
    assert store.changes_since(before) == reader.changes_since(before)


@pytest.mark.parametrize("what", ["rebuild", "fill", "adopt", "repair", "rewrite", "reset"])
def test_a_reader_is_told_when_anything_may_have_changed(store: Store, folder: Path, what: str) -> None:
    before = store.manifest
    if what == "rebuild":
        store.rebuild(tables(DOCUMENTS))
    elif what == "fill":
        store.fill("embedding", np.array([1]), np.ones((1, 4), np.float32))
    elif what == "adopt":
        store.adopt(Provenance("encoder@1", 4, "static@2", 2, "chunker@1"))
    elif what == "repair":
        os.truncate(folder / store.manifest.parts[0].path, 5)
        store.repair()
    elif what == "rewrite":
        store.rewrite("files", tables(DOCUMENTS)["files"])
    else:
        store.close()
        (folder / "manifest.json").unlink()
        store = Store.open(folder, PROVENANCE)
    store.publish({}, ["src/00.py"])
    assert store.changes_since(before) is None
    assert store.changes_since(store.manifest) == frozenset()


def test_there_is_nothing_to_follow_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt, match=r"no index in .* Run `indexctl index`"):
        Store.follow(tmp_path)
    assert list(tmp_path.glob("*.json")) == []


def test_a_second_writer_is_refused_until_the_first_closes(store: Store, folder: Path) -> None:
    with pytest.raises(IndexLocked, match=f"process {os.getpid()}"):
        Store.open(folder, PROVENANCE)
    store.close()
    with pytest.raises(IndexLocked):
        store.publish({}, ["src/00.py"])
    Store.open(folder, PROVENANCE).close()


def test_reads_go_on_beside_writes(store: Store) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            rows = store.read("chunks", ["uri", "content"]).to_pylist()
            states = {row["content"] for row in rows if row["uri"] == "src/00.py"}
            if len(rows) != 19 or len(states) != 1:
                wrong.append((len(rows), states))

    store.publish(tables({"src/00.py": ["0"]}))
    reader = threading.Thread(target=read)
    reader.start()
    for n in range(20):
        store.publish(tables({"src/00.py": [str(n)]}))
        if n % 5 == 0:
            store.compact()
    done.set()
    reader.join()
    assert not wrong


@pytest.mark.parametrize("call", ["mkdir", "open"])
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_replaced_by_memory_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str, code: int
) -> None:
    def refuse(path: object, *_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        store = Store.open(tmp_path / ".codeintel", PROVENANCE)
    assert store.folder is None
    assert store.warning.endswith(f"({os.strerror(code)}): the index is kept in memory.")
    assert [record.message for record in caplog.records] == [store.warning]
    store.rebuild(tables(DOCUMENTS))
    store.publish(tables({"src/03.py": ["changed"]}))
    assert held(store) == {**DOCUMENTS, "src/03.py": ["changed"]}
    assert verify(store) == []
    assert store.repair().parts == ()
    store.compact()
    assert store.gc(parts.now() + 61)


def test_a_folder_that_links_elsewhere_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".codeintel").symlink_to(tmp_path / "elsewhere")
    store = Store.open(tmp_path / ".codeintel", PROVENANCE)
    assert "symbolic link" in store.warning
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_full_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="holds other things"):
        Store.open(tmp_path, PROVENANCE)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_disappears_is_trouble_not_a_crash(store: Store, folder: Path) -> None:
    folder.rename(folder.with_name("renamed"))
    with pytest.raises(IndexTrouble, match="could not be written"):
        store.publish(tables({"a.py": ["x"]}))
    assert not folder.exists()


def test_a_foreign_index_is_not_read_and_can_be_replaced(
    store: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = store.generation
    store.close()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user"))
    with pytest.raises(IndexCorrupt, match="shipped with the repository"):
        Store.open(folder, PROVENANCE)
    with pytest.raises(IndexCorrupt):
        Store.follow(folder)
    with Store.open(folder, PROVENANCE, reset=True) as own:
        assert held(own) == {}
        assert own.generation > generation
        own.rebuild(tables({"a.py": ["x"]}))
    assert held(Store.follow(folder)) == {"a.py": ["x"]}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.usefixtures("store")
def test_a_link_to_another_index_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / ".codeintel").symlink_to(folder)
    with pytest.raises(IndexCorrupt, match="is a symbolic link"):
        Store.follow(tmp_path / ".codeintel")


def test_an_index_of_the_first_layout_is_taken_over(store: Store, folder: Path) -> None:
    store.rewrite("faiss_idmap", idmap(chunks("src/00.py", DOCUMENTS["src/00.py"])))
    (old,) = store.manifest.of("faiss_idmap")
    store.close()
    body = json.loads((folder / "manifest.json").read_text())["manifest"]
    body |= {"schema_version": 1, "readable_from": 1}
    body["parts"] = [{name: v for name, v in part.items() if name != "since"} for part in body["parts"]]
    body["changes"] = body.pop("histories")["text"]["changes"]
    del body["origin"]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    sealed = {"owner": seal(text, user_secret()), "digest": durable.checksum(text), "manifest": body}
    (folder / "manifest.json").write_text(json.dumps(sealed))
    with Store.open(folder, PROVENANCE) as again:
        assert held(again) == held(Store.follow(folder)) == DOCUMENTS
        assert again.read("faiss_idmap").num_rows == 0
        assert "uri" in again.read("faiss_idmap").column_names
        again.publish(tables({"src/00.py": ["changed"]}))
        assert held(Store.follow(folder)) == {**DOCUMENTS, "src/00.py": ["changed"]}
        again.gc(parts.now() + 61)
        assert not (folder / old.path).exists()
    assert json.loads((folder / "manifest.json").read_text())["manifest"]["schema_version"] == 3


def test_a_newer_index_is_left_untouched(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("codeintel.catalog.manifest.SCHEMA_VERSION", 9)
        patch.setattr("codeintel.catalog.manifest.READABLE_FROM", 9)
        store.publish({}, ["src/00.py"])
    store.close()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for reset in (False, True):
        with pytest.raises(SchemaTooNew):
            Store.open(folder, PROVENANCE, reset=reset)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_another_encoder_keeps_the_texts_and_static_vectors(store: Store) -> None:
    store.rebuild(tables(DOCUMENTS, static=True))
    ids = np.asarray(store.read("chunks", ["id"]).column("id"))
    store.fill("embedding", ids, np.ones((len(ids), 4), np.float32))
    store.adopt(Provenance("encoder@2", 6, "static@1", 2, "chunker@1"))
    again = reopened(store)
    rows = again.read("chunks")
    assert rows.column("embedding").null_count == rows.num_rows
    assert set(rows.column("tier").to_pylist()) == {0}
    assert rows.schema.field("embedding").type.list_size == 6
    assert rows.column("static_embedding").null_count == 0
    assert held(again) == DOCUMENTS
    assert again.adopt(again.provenance) is again.manifest


def test_another_chunker_empties_the_index(store: Store) -> None:
    store.adopt(Provenance("encoder@1", 4, "static@1", 2, "chunker@2"))
    assert held(reopened(store)) == {}


def test_rows_that_do_not_fit_are_refused_before_anything_is_written(store: Store) -> None:
    before = store.manifest
    with pytest.raises(ValueError, match="do not fit"):
        store.publish({"chunks": tables({"a.py": ["x"]}, Provenance("", 9, "", 9, "").dims)["chunks"]})
    assert store.manifest is before


@pytest.mark.usefixtures("store")
def test_the_manifest_says_what_made_the_index(folder: Path) -> None:
    written = json.loads((folder / "manifest.json").read_text())["manifest"]
    assert written["provenance"]["encoder"] == "encoder@1"
    assert written["created_by"].startswith("codeintel ")
    assert written["schema_version"] == 3


def test_the_manifest_stays_small(store: Store, folder: Path) -> None:
    for n in range(10):
        store.publish(tables({f"src/{n:02d}.py": ["changed"]}))
    assert (folder / "manifest.json").stat().st_size < 10_000


def test_parts_are_plain_parquet(store: Store, folder: Path) -> None:
    part = store.manifest.of("chunks")[0]
    assert pq.read_table(folder / part.path).num_rows == part.rows


def test_a_page_that_decays_while_the_server_runs_is_noticed(store: Store, folder: Path) -> None:
    text = {f"{n:04d}.py": [f"value = {n * 7919 % 1000}\n" * 9] for n in range(500)}
    store.rebuild(tables(text))
    store.read("chunks")
    path = folder / store.manifest.of("chunks")[0].path
    column = pq.read_metadata(path).row_group(0).column(8)
    assert column.path_in_schema == "content"
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(IndexCorrupt, match="cannot be read"):
        store.read("chunks", ["content"])


def test_an_umask_of_077_is_fine(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        with Store.open(folder, PROVENANCE) as store:
            store.rebuild(tables(DOCUMENTS))
            assert held(reopened(store)) == DOCUMENTS
    finally:
        os.umask(before)


def test_memory_and_folder_agree_on_grace() -> None:
    store = Store.in_memory(PROVENANCE)
    store.rebuild(tables(DOCUMENTS))
    old = store.manifest.of("chunks")[0]
    store.rebuild({})
    assert isinstance(store.read_part(old), pa.Table)
    store.gc(parts.now() + parts.GRACE_SECONDS + 1)
    with pytest.raises(IndexCorrupt, match="missing"):
        store.read_part(old)
