"""Dense artifacts on disk: what is written comes back, and nothing else is accepted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from codeintel.engines import dense_files
from codeintel.engines.dense import DenseIndex, read_meta, write_meta
from codeintel.engines.dense_parts import Vectors
from codeintel.engines.dense_presets import PRESETS, Preset
from codeintel.errors import IndexCorrupt, IndexTrouble

DIM = 16


def vectors(count: int, dim: int = DIM) -> Vectors:
    return np.random.default_rng(1).normal(size=(count, dim)).astype(np.float32)


def saved(path: Path, preset: Preset = PRESETS[2], dim: int = DIM, count: int = 200) -> DenseIndex:
    index = DenseIndex.build(dim, np.arange(1, count + 1), vectors(count, dim), preset, None)
    index.add([1000, 1001], vectors(2, dim))
    index.save(path)
    return index


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_saved_index_answers_as_before_and_can_change(tmp_path: Path, preset: Preset) -> None:
    index = saved(tmp_path / "a.faiss", preset)
    index.remove([3, 1001])
    index.save(tmp_path / "a.faiss")
    loaded = DenseIndex.load(tmp_path / "a.faiss")
    for query in vectors(20):
        before, after = index.search(query, 10), loaded.search(query, 10)
        assert before.ids.tolist() == after.ids.tolist()
        np.testing.assert_array_equal(before.scores, after.scores)
    assert loaded.parameters == index.parameters
    assert loaded.preset == index.preset
    assert loaded.remove([1, 1000]) == 2
    loaded.add([3], vectors(1))
    assert loaded.ids().tolist() == sorted({*index.ids().tolist(), 3} - {1, 1000})


def test_locked_parameters_survive_saving(tmp_path: Path) -> None:
    meta = DenseIndex.build(DIM, [1], vectors(1)).meta("m") | {"locked": {"nprobe": 2}}
    DenseIndex.build(DIM, range(1, 201), vectors(200), PRESETS[2], meta=meta).save(tmp_path / "a.faiss")
    loaded = DenseIndex.load(tmp_path / "a.faiss")
    assert loaded.parameters == {"nprobe": 2}
    assert loaded.meta("m")["locked"] == {"nprobe": 2}


@pytest.mark.parametrize("name", ["a.faiss", "a.faiss.secondary", "a.faiss.json"])
@pytest.mark.parametrize("damage", ["gone", "empty", "half", "flipped"])
def test_damage_is_refused_naming_the_file(tmp_path: Path, name: str, damage: str) -> None:
    saved(tmp_path / "a.faiss")
    path = tmp_path / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 0x80]) + data[middle + 1 :]
        path.write_bytes({"empty": b"", "half": data[:middle], "flipped": flipped}[damage])
    with pytest.raises(IndexCorrupt) as refused:
        DenseIndex.load(tmp_path / "a.faiss")
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(("dim", "count"), [(8, 200), (DIM, 300)])
def test_a_file_of_another_index_is_refused(tmp_path: Path, dim: int, count: int) -> None:
    saved(tmp_path / "a.faiss")
    saved(tmp_path / "b.faiss", dim=dim, count=count)
    shutil.copy(tmp_path / "b.faiss", tmp_path / "a.faiss")
    with pytest.raises(IndexCorrupt, match=r"a\.faiss"):
        DenseIndex.load(tmp_path / "a.faiss")


def test_a_record_that_names_another_dimension_or_count_is_refused(tmp_path: Path) -> None:
    record = dense_files.write_index(tmp_path / "a", faiss.IndexFlatIP(4))
    assert dense_files.read_index(tmp_path / "a", record, 4).d == 4
    with pytest.raises(IndexCorrupt, match="4 dimensions"):
        dense_files.read_index(tmp_path / "a", record, 5)
    with pytest.raises(IndexCorrupt, match="not 7 of 4"):
        dense_files.read_index(tmp_path / "a", record | {"count": 7}, 4)


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = saved(tmp_path / "a.faiss")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full_disk(_index: object, path: str) -> None:
        Path(path).write_bytes(b"half an ind")
        raise RuntimeError("write error: No space left on device")

    monkeypatch.setattr(faiss, "write_index", full_disk)
    with pytest.raises(IndexTrouble, match=r"a\.faiss.*No space left"):
        index.save(tmp_path / "a.faiss")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert len(DenseIndex.load(tmp_path / "a.faiss")) == 202


def test_meta_round_trips_and_says_how_the_index_was_built(tmp_path: Path) -> None:
    index = DenseIndex.build(DIM, range(1, 201), vectors(200), replace(PRESETS[2], parameters={"nprobe": 2}))
    meta = index.meta("static@0123456789ab")
    write_meta(tmp_path / "faiss.meta.json", meta)
    assert read_meta(tmp_path / "faiss.meta.json") == meta
    assert meta["factory"] == "IVF5,Flat"
    assert meta["counts"] == {"primary": 200, "secondary": 0}
    assert (meta["dim"], meta["metric"], meta["parameters"]) == (DIM, "ip", {"nprobe": 2})
    assert meta["faiss"] == faiss.__version__


def test_meta_vouches_for_itself(tmp_path: Path) -> None:
    """No manifest does: it is written before the manifest, and a crash in between is no damage."""
    path = tmp_path / "faiss.meta.json"
    write_meta(path, DenseIndex.build(DIM, [1], vectors(1)).meta("m") | {"locked": {"nprobe": 5}})
    written = path.read_text()
    for old, new in (('"nprobe": 5', '"nprobe": 9'), ('"digest"', '"digesd"'), ('"dim": 16', '"dim": 8')):
        assert old in written
        path.write_text(written.replace(old, new))
        with pytest.raises(IndexCorrupt, match="not as it was written"):
            read_meta(path)


def test_a_record_of_the_first_version_is_read_without_a_digest(tmp_path: Path) -> None:
    (tmp_path / "faiss.meta.json").write_text('{"version": 1, "dim": 4}')
    assert read_meta(tmp_path / "faiss.meta.json") == {"version": 1, "dim": 4}


def test_a_link_planted_for_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / ".new-faiss.meta.json").symlink_to(tmp_path / "elsewhere")
    write_meta(tmp_path / "faiss.meta.json", {"version": 2})
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "faiss.meta.json"]


def test_absent_meta_is_none_and_broken_meta_is_refused(tmp_path: Path) -> None:
    assert read_meta(tmp_path / "faiss.meta.json") is None
    for text in ("{", "[]", "{}", "\xff"):
        (tmp_path / "faiss.meta.json").write_text(text, encoding="latin-1")
        with pytest.raises(IndexCorrupt, match=r"faiss\.meta\.json"):
            read_meta(tmp_path / "faiss.meta.json")
