"""The committed files of a lexical folder: recorded, verified, and every kind of damage refused."""

from __future__ import annotations

import json
import random
import shutil
import threading
from pathlib import Path

import pytest
import tantivy

from codeintel.engines import lexical, lexical_files
from codeintel.engines.lexical import LexicalDocument, LexicalIndex
from codeintel.engines.lexical_files import META, FileStamp, verify
from codeintel.engines.lexical_schema import lexical_schema
from codeintel.errors import IndexCorrupt


def committed(folder: Path) -> dict[str, FileStamp]:
    """300 documents in three segments, one with deletions."""
    with LexicalIndex.open(folder) as index:
        for start in (1, 101, 201):
            numbers = range(start, start + 100)
            index.replace([], [LexicalDocument(n, [f"w{n}", "word"], ["s"], ["p"], ["m"]) for n in numbers])
            index.commit()
        index.replace([150], [])
        index.commit()
        return index.files()


def test_intact_files_verify_and_each_is_recorded(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    assert {name.partition(".")[2] for name in recorded} >= {
        "json",
        "term",
        "idx",
        "pos",
        "fast",
        "fieldnorm",
    }
    assert any(name.endswith(".del") for name in recorded)
    assert all(recorded[name][0] == (tmp_path / name).stat().st_size for name in recorded)
    with LexicalIndex.open(tmp_path, recorded) as index:
        assert len(index.ids()) == 299
        assert index.files() == recorded


def test_an_index_in_memory_has_no_files() -> None:
    assert LexicalIndex.open(None).files() == {}


def test_every_flipped_bit_of_a_recorded_file_is_found(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    choose = random.Random(4)
    for name in recorded:
        path = tmp_path / name
        data = path.read_bytes()
        for _ in range(5):
            at = choose.randrange(len(data))
            path.write_bytes(data[:at] + bytes([data[at] ^ (1 << choose.randrange(8))]) + data[at + 1 :])
            with pytest.raises(IndexCorrupt, match=str(tmp_path)):
                LexicalIndex.open(tmp_path, recorded)
        path.write_bytes(data)
    LexicalIndex.open(tmp_path, recorded)


def test_files_newer_than_the_record_are_held_to_their_own_checksum(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    with LexicalIndex.open(tmp_path) as index:
        index.replace([], [LexicalDocument(999, ["late"])])
        index.commit()
        new = sorted(set(index.files()) - set(recorded))
    assert new
    verify(tmp_path, recorded)
    for name in new:
        data = (tmp_path / name).read_bytes()
        for damaged in (bytes([data[0] ^ 1]) + data[1:], data[:-2] + b"\x00\x01", data[:3], b""):
            (tmp_path / name).write_bytes(damaged)
            with pytest.raises(IndexCorrupt, match=name):
                verify(tmp_path, recorded)
        (tmp_path / name).write_bytes(data)
    verify(tmp_path, recorded)


def test_a_changed_count_in_meta_is_found_though_tantivy_would_serve_it(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    meta = json.loads((tmp_path / META).read_text())
    meta["segments"][0]["max_doc"] -= 1
    (tmp_path / META).write_text(json.dumps(meta))
    with pytest.raises(IndexCorrupt, match=META):
        LexicalIndex.open(tmp_path, recorded)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"segments": 3}', b"\xff\xfe", b"[]"])
def test_unreadable_meta_is_refused_with_and_without_a_record(tmp_path: Path, damage: bytes) -> None:
    recorded = committed(tmp_path)
    (tmp_path / META).write_bytes(damage)
    for known in (recorded, None):
        with pytest.raises(IndexCorrupt, match=str(tmp_path)):
            LexicalIndex.open(tmp_path, known)


def test_missing_and_truncated_files_are_refused_without_a_record(tmp_path: Path) -> None:
    recorded = committed(tmp_path / "intact")
    for name in sorted(set(recorded) - {META}):
        for keep in (None, 0, 0.5):
            folder = tmp_path / "damaged"
            shutil.copytree(tmp_path / "intact", folder)
            data = (folder / name).read_bytes()
            (folder / name).unlink()
            if keep is not None:
                (folder / name).write_bytes(data[: int(len(data) * keep)])
            with pytest.raises(IndexCorrupt, match=str(folder)):
                LexicalIndex.open(folder)
            shutil.rmtree(folder)


def test_a_folder_of_another_schema_is_refused(tmp_path: Path) -> None:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("title")
    tantivy.Index(builder.build(), path=str(tmp_path))
    with pytest.raises(IndexCorrupt, match=str(tmp_path)):
        LexicalIndex.open(tmp_path)


def test_a_deleted_deletion_file_is_refused(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    next(tmp_path.glob("*.del")).unlink()
    with pytest.raises(IndexCorrupt, match=r"\.del"):
        verify(tmp_path, recorded)


def test_recorded_files_that_a_later_commit_merged_away_are_no_damage(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    with LexicalIndex.open(tmp_path) as index:
        for number in range(1, 10):
            index.replace([number], [LexicalDocument(1000 + number, ["late"])])
            index.commit()
    assert [name for name in recorded if not (tmp_path / name).exists()]
    with LexicalIndex.open(tmp_path, recorded) as index:  # as after a crash before the next record
        assert len(index.ids()) == 299


def test_recorded_files_that_a_rewrite_replaced_are_no_damage(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    with LexicalIndex.open(tmp_path) as index:
        index.rewrite([LexicalDocument(1, ["only"])])
    assert LexicalIndex.open(tmp_path, recorded).ids().tolist() == [1]
    with LexicalIndex.open(tmp_path) as index:
        index.rewrite([])
    assert LexicalIndex.open(tmp_path, recorded).ids().tolist() == []


def test_a_missing_meta_is_damage_where_files_were_recorded(tmp_path: Path) -> None:
    recorded = committed(tmp_path)
    (tmp_path / META).unlink()
    with pytest.raises(IndexCorrupt, match=META):
        LexicalIndex.open(tmp_path, recorded)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(IndexCorrupt, match=META):
        LexicalIndex.open(tmp_path, recorded)
    assert not (tmp_path / META).exists()


def test_each_file_is_hashed_once_and_those_that_opening_compared_not_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = committed(tmp_path)
    index = LexicalIndex.open(tmp_path, recorded)
    hashed: list[str] = []
    stamp = lexical_files._stamp
    monkeypatch.setattr(lexical_files, "_stamp", lambda path: (hashed.append(path.name), stamp(path))[1])
    assert index.files() == recorded
    assert hashed == [META]
    index.replace([], [LexicalDocument(999, ["late"])])
    index.commit()
    fresh = set(index.files()) - set(recorded)
    assert fresh
    assert sorted(hashed) == sorted([META, META, *fresh])


def test_searches_go_on_while_files_are_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(tmp_path)
    index = LexicalIndex.open(tmp_path)
    begun, released = threading.Event(), threading.Event()

    def slow(_: Path) -> FileStamp:
        begun.set()
        assert released.wait(30)
        return 0, ""

    monkeypatch.setattr(lexical_files, "_stamp", slow)
    hashing = threading.Thread(target=index.files)
    hashing.start()
    assert begun.wait(30)
    assert index.view().changed([], {"a": [LexicalDocument(5000, ["word"])]}).search(["word"], 1).ids.size
    assert hashing.is_alive()
    released.set()
    hashing.join()


def test_damage_that_verification_did_not_see_is_reported_by_the_search_that_meets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path)
    for path in tmp_path.glob("*.pos"):
        path.unlink()
    monkeypatch.setattr(lexical, "verify", lambda *_: {})
    view = LexicalIndex.open(tmp_path).view()
    with pytest.raises(IndexCorrupt, match=str(tmp_path)):
        view.search(["word"], 1)


def test_a_commit_by_another_process_during_verification_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path)
    check = lexical_files._verify
    commits = iter([True])

    def merged_meanwhile(folder: Path, recorded: dict[str, FileStamp]) -> dict[str, FileStamp]:
        if next(commits, False):
            with LexicalIndex(
                tantivy.Index(lexical_schema(), path=str(folder)), lexical_schema(), folder
            ) as writer:
                writer.replace([], [LexicalDocument(5000, ["new"])])
                writer.commit()
            raise FileNotFoundError("a file that the merge removed")
        return check(folder, recorded)

    monkeypatch.setattr(lexical_files, "_verify", merged_meanwhile)
    assert 5000 in LexicalIndex.open(tmp_path).ids()
