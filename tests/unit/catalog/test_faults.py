"""Whatever happens to the process or the disk: the old generation or the new one, never a mix."""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from catalog_faults import Crash, VolatileDisk, crash_at, operations, refuse_from
from catalog_samples import PROVENANCE, chunks, errors, held, idmap, tables

from codeintel.catalog import crowding, parts
from codeintel.catalog import store as store_module
from codeintel.catalog.check import Finding
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.store import Store
from codeintel.errors import IndexTrouble

BEFORE = {"a.py": ["a1", "a2"], "b.py": ["b1"], "c.py": ["c1"]}
CHANGE = {"b.py": ["b2", "b3"], "d.py": ["d1"]}


def _publish(store: Store) -> None:
    store.publish(tables(CHANGE, store.provenance.dims), ["c.py"])


def _rebuild(store: Store) -> None:
    store.rebuild(tables(CHANGE))


def _fill(store: Store) -> None:
    store.fill("embedding", np.array([chunks("a.py", ["a1"])[0].id]), np.ones((1, 4), np.float32))


def _compact(store: Store) -> None:
    store.compact()


def _adopt(store: Store) -> None:
    store.adopt(Provenance("encoder@2", 6, "static@1", 2, "chunker@1"))


def _gather(store: Store) -> None:
    store.gather()


def _rewrite(store: Store) -> None:
    store.rewrite("faiss_idmap", idmap(chunks("a.py", ["a1"])))


def _reclaim(store: Store) -> None:
    store.reclaim()


CHANGES = [_publish, _rebuild, _fill, _compact, _adopt, _gather, _rewrite, _reclaim]


@pytest.fixture(autouse=True)
def small_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two deltas are many, and what is not to survive a real power loss need not reach a disk."""
    monkeypatch.setattr(crowding, "MOST_SMALL_DELTAS", 1)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(store_module, "user_secret", lambda: bytes(32))


@cache
def _prepared() -> Path:
    """An index to copy: making it costs more than most of what is done to it."""
    folder = Path(tempfile.mkdtemp()) / ".codeintel"
    atexit.register(shutil.rmtree, folder.parent)
    store = Store.open(folder, PROVENANCE)
    store.rebuild(tables(BEFORE | {"c.py": ["old"]}))
    store.publish(tables({"a.py": BEFORE["a.py"], "b.py": ["old"]}))
    store.publish(tables({uri: BEFORE[uri] for uri in ("b.py", "c.py")}))
    store.close()
    return folder


def _prepare(folder: Path) -> Store:
    shutil.copytree(_prepared(), folder)
    return Store.open(folder, PROVENANCE)


def _state(store: Store) -> tuple[object, ...]:
    vectors = store.read("chunks", ["embedding"]).column("embedding").null_count
    mapped = store.read("faiss_idmap").num_rows
    return sorted(held(store).items()), vectors, mapped, store.provenance


def _both_states(folder: Path, change: Callable[[Store], None]) -> list[tuple[object, ...]]:
    with _prepare(folder) as store:
        before = _state(store)
        change(store)
        return [before, _state(store)]


def _troubles(store: Store) -> list[Finding]:
    """What is wrong, but for the id map: it is whole only where its engine writes it."""
    return [finding for finding in errors(store) if finding.artifact != "faiss_idmap"]


def _assert_sound(folder: Path, states: list[tuple[object, ...]]) -> None:
    with Store.open(folder, PROVENANCE) as store:
        assert _state(store) in states
        _publish(store)
        assert held(store)["d.py"] == ["d1"]
        assert _troubles(store) == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_crash_at_any_step_leaves_the_old_or_the_new_generation(
    tmp_path: Path, change: Callable[[Store], None]
) -> None:
    states = _both_states(tmp_path / "model", change)
    for step in range(1, 100):
        folder = tmp_path / str(step)
        store = _prepare(folder)
        try:
            with operations(crash_at(step)):
                change(store)
            break
        except Crash:
            store.close()
        _assert_sound(folder, states)
    assert step > 3


@pytest.mark.parametrize("change", CHANGES)
def test_a_power_loss_at_any_step_leaves_the_old_or_the_new_generation(
    tmp_path: Path, change: Callable[[Store], None]
) -> None:
    states = _both_states(tmp_path / "model", change)
    for seed in range(30):
        folder = tmp_path / str(seed)
        store, disk = _prepare(folder), VolatileDisk()
        with contextlib.suppress(Crash), disk.mounted(), operations(crash_at(seed // 2 + 1)):
            change(store)
        store.close()
        disk.lose_power(random.Random(seed))
        _assert_sound(folder, states)


def test_a_power_loss_during_the_first_build_leaves_no_manifest_without_its_parts(tmp_path: Path) -> None:
    for seed in range(40):
        folder, disk = tmp_path / str(seed), VolatileDisk()
        store = Store.open(folder, PROVENANCE)
        with contextlib.suppress(Crash), disk.mounted(), operations(crash_at(seed // 4 + 5)):
            store.rebuild(tables(BEFORE))
        store.close()
        disk.lose_power(random.Random(seed))
        with Store.open(folder, PROVENANCE) as store:
            assert held(store) in ({}, BEFORE)


def test_what_was_published_outlives_a_power_loss(tmp_path: Path) -> None:
    for seed in range(10):
        folder, disk = tmp_path / str(seed), VolatileDisk()
        with disk.mounted(), Store.open(folder, PROVENANCE) as store:
            store.rebuild(tables(BEFORE))
            store.publish(tables(CHANGE), ["c.py"])
        disk.lose_power(random.Random(seed))
        with Store.open(folder, PROVENANCE) as store:
            assert held(store) == {"a.py": BEFORE["a.py"], **CHANGE}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("until", [0, 10**9], ids=["once", "for ever"])
def test_a_full_disk_leaves_the_last_generation_in_use_until_there_is_room(
    tmp_path: Path, change: Callable[[Store], None], until: int
) -> None:
    states = _both_states(tmp_path / "model", change)
    for step in range(1, 100):
        folder = tmp_path / str(step)
        store = _prepare(folder)
        before = store.generation
        try:
            with operations(refuse_from(step, max(step, until))):
                change(store)
            break
        except IndexTrouble as error:
            assert "No space left on device" in str(error)
        assert store.generation == before
        assert _state(store) == states[0]
        store.gc(grace=0)
        change(store)
        assert _state(store) == states[1]
        assert _troubles(store) == []
        store.close()
        _assert_sound(folder, states[1:])


def test_after_an_unsure_save_nothing_is_collected(folder: Path) -> None:
    store = _unsure(folder)
    assert store.gc(grace=0) == []
    store.close()
    with Store.open(folder, PROVENANCE) as store:
        assert held(store) == {"a.py": BEFORE["a.py"], **CHANGE}


def test_a_reader_of_an_unsure_generation_is_told_that_anything_may_have_changed(folder: Path) -> None:
    store = _unsure(folder)
    reader = Store.follow(folder)
    unsure = reader.manifest
    assert unsure.generation > store.generation
    store.publish(tables({"e.py": ["e1"]}))  # b.py and c.py are as they were before the unsure save
    assert reader.refresh()
    assert reader.changes_since(unsure) is None
    assert held(reader) == {**BEFORE, "e.py": ["e1"]}
    store.publish({}, ["e.py"])
    told = reader.manifest
    assert reader.refresh()
    assert reader.changes_since(told) == {"e.py"}


def _unsure(folder: Path) -> Store:
    """A store whose manifest was replaced for the last time, but not, for all it knows, for good."""
    store = _prepare(folder)
    _publish(store)
    store.rebuild(tables(BEFORE))
    with operations(lambda _: None) as steps:
        _publish(store)
    store.rebuild(tables(BEFORE))
    with pytest.raises(IndexTrouble), operations(refuse_from(len(steps), len(steps))):
        _publish(store)
    return store


def test_what_a_full_disk_left_half_done_is_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(parts, "now", lambda: clock)
    store = _prepare(folder)
    with pytest.raises(IndexTrouble), operations(refuse_from(4, 10**9)):
        _publish(store)
    lost = set(folder.rglob(f"*-g{store.generation + 1}.parquet"))
    assert lost
    _publish(store)
    clock += 61
    _publish(store)
    assert not any(path.exists() for path in lost)


def test_a_full_disk_does_not_keep_an_index_from_being_opened(folder: Path) -> None:
    _prepare(folder).close()
    with operations(refuse_from(1, 10**9)):
        store = Store.open(folder, PROVENANCE)
    assert store.folder == folder
    assert sorted(held(store)) == ["a.py", "b.py", "c.py"]
