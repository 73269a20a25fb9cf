"""The vector cache answers what was put, bit for bit, or nothing; nothing that is wrong with its file is raised."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.models import cache, cache_file, cache_place
from codeintel.models.cache import DEFAULT_MAX_BYTES, VectorCache, chosen_cache
from codeintel.models.vectors import Vectors
from codeintel.settings import Settings, from_flags

MODEL = "model@1"
DIM = 384
SERVER = Path(cache.__file__).parents[2]


def vectors_of(count: int, dim: int = DIM, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)


def texts_of(count: int, start: int = 0) -> list[str]:
    return [f"passage {number}" for number in range(start, start + count)]


def same_bits(one: Vectors, other: Vectors) -> bool:
    return bool(np.array_equal(one.view(np.uint32), other.view(np.uint32)))


def found(kept: VectorCache, texts: list[str], dim: int = DIM) -> list[bool]:
    result: list[bool] = kept.get(MODEL, texts, dim)[1].tolist()
    return result


def filled(folder: Path, count: int = 200) -> Path:
    """The file of a cache with `count` vectors of `vectors_of`, closed."""
    kept = VectorCache.open(folder)
    kept.put(MODEL, texts_of(count), vectors_of(count))
    kept.close()
    assert kept.path is not None
    return kept.path


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[VectorCache]:
    """A cache in a folder that is not there yet."""
    opened = VectorCache.open(tmp_path / "deep" / "cache")
    yield opened
    opened.close()


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the date."""
    return lambda number: monkeypatch.setattr(cache, "_today", lambda: number)


# What is kept

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
BITS = st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(ANY_TEXT, BITS, max_size=5), max_size=4), st.lists(ANY_TEXT, max_size=4))
def test_every_bit_comes_back_and_the_last_put_counts(
    tmp_path_factory: pytest.TempPathFactory, puts: list[dict[str, list[int]]], others: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    kept = VectorCache.open(folder)
    model: dict[str, list[int]] = {}
    for one in puts:
        model |= one
        bits = np.array(list(one.values()), np.uint32).reshape(-1, 3)
        kept.put(MODEL, list(one), bits.view(np.float32))
    asked = [*model, *others, *model]
    for reader in (kept, VectorCache.open(folder)):
        vectors, rows = reader.get(MODEL, asked, 3)
        assert rows.tolist() == [text in model for text in asked]
        expected = [model.get(text, [0, 0, 0]) for text in asked]
        assert vectors.view(np.uint32).tolist() == expected
        assert reader.size().entries == len(model)
        reader.close()


def test_models_and_dimensions_are_kept_apart(kept: VectorCache) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    assert found(kept, ["text"]) == [True]
    assert found(kept, ["text"], DIM - 1) == [False]
    assert not kept.get("model@2", ["text"], DIM)[1].any()
    kept.put("from a folder named \udcff", ["text"], vectors_of(1))
    assert kept.get("from a folder named \udcff", ["text"], DIM)[1].all()


def test_no_texts_are_no_trouble(kept: VectorCache) -> None:
    kept.put(MODEL, [], vectors_of(0))
    vectors, rows = kept.get(MODEL, [], DIM)
    assert (vectors.shape, vectors.dtype, rows.shape) == ((0, DIM), np.float32, (0,))


def test_many_at_once_come_back_in_order(kept: VectorCache) -> None:
    texts, vectors = texts_of(1_300), vectors_of(1_300)
    kept.put(MODEL, texts, vectors)
    again, rows = kept.get(MODEL, texts[::-1], DIM)
    assert rows.all()
    assert same_bits(again[::-1], vectors)


def test_what_is_put_is_not_tied_to_what_was_given(kept: VectorCache) -> None:
    wide = vectors_of(4, 2 * DIM)
    kept.put(MODEL, texts_of(4), wide[:, ::2])  # not contiguous
    vectors, _ = kept.get(MODEL, texts_of(4), DIM)
    assert same_bits(vectors, np.ascontiguousarray(wide[:, ::2]))
    vectors[:] = 0  # the caller's own
    assert found(kept, texts_of(4)) == [True] * 4


def test_a_closed_cache_opens_again(kept: VectorCache) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    kept.close()
    kept.close()
    assert found(kept, ["text"]) == [True]


def test_clearing_forgets_everything_and_gives_the_space_back(kept: VectorCache) -> None:
    assert kept.clear()
    assert kept.path is not None
    assert not kept.path.exists()
    kept.put(MODEL, texts_of(500), vectors_of(500))
    other = VectorCache.open(kept.path.parent)
    assert all(found(other, texts_of(500)))
    assert kept.size().entries == 500
    assert kept.size().bytes > 500 * DIM * 4
    assert kept.clear()
    assert kept.path.stat().st_size < 50_000
    assert not any(found(other, texts_of(500)))
    other.close()
    assert kept.size().entries == 0
    kept.put(MODEL, ["text"], vectors_of(1))
    assert found(kept, ["text"]) == [True]


# Where it lies


def test_only_the_user_may_read_it(kept: VectorCache) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    assert kept.path is not None
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept.path.parent.iterdir()}
    if os.name == "posix":
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
        kept.close()
        kept.path.chmod(0o644)
        assert found(kept, ["text"]) == [True]
        assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert set(modes) >= {"vectors-v1.sqlite"}


def test_asking_for_the_size_makes_no_file(kept: VectorCache) -> None:
    assert kept.size() == (0, 0)
    assert kept.path is not None
    assert not kept.path.parent.exists()


@pytest.mark.parametrize(
    ("variables", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/home/me"}, "linux", "/x/codeintel"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/home/me"}, "darwin", "/x/codeintel"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "linux", "/home/me/.cache/codeintel"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/home/me"}, "linux", "/home/me/.cache/codeintel"),
        ({"HOME": "/home/me"}, "darwin", "/home/me/Library/Caches/codeintel"),
        ({"HOME": "not/absolute"}, "linux", None),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX systems")
def test_it_lies_in_the_users_cache_folder(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], platform: str, expected: str | None
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_place.user_cache_folder() == (expected and Path(expected))
    monkeypatch.setattr(cache_place, "user_cache_folder", lambda: pytest.fail("looked up later"))
    assert VectorCache.open().path == (expected and Path(expected) / "vectors-v1.sqlite")


@pytest.mark.skipif(os.name != "posix", reason="the user database of POSIX systems")
def test_without_home_the_user_database_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert home in (cache_place.user_cache_folder() or Path()).parents


def test_a_user_without_a_folder_has_no_cache(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cache, "user_cache_folder", lambda: None)
    kept = VectorCache.open()
    keeps_nothing(kept, caplog)
    assert kept.size() == (0, 0)
    assert kept.clear()


def keeps_nothing(kept: VectorCache, caplog: pytest.LogCaptureFixture) -> None:
    """It takes and answers nothing, raises nothing, and one line of the log says so."""
    kept.put(MODEL, ["text"], vectors_of(1))
    vectors, rows = kept.get(MODEL, ["text", "other"], DIM)
    assert not rows.any()
    assert vectors.shape == (2, DIM)
    kept.close()
    assert kept.trouble
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_place_that_is_no_folder_is_no_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = VectorCache.open(tmp_path / "file" / "cache")
    keeps_nothing(kept, caplog)
    assert kept.size() == (0, 0)
    assert kept.clear()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.parametrize("existing", [False, True])
def test_a_read_only_folder_is_no_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, existing: bool
) -> None:
    if existing:
        filled(tmp_path).chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        keeps_nothing(VectorCache.open(tmp_path), caplog)
    finally:
        tmp_path.chmod(0o700)


def test_a_read_only_medium_is_no_cache(
    kept: VectorCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    keeps_nothing(kept, caplog)
    assert "Read-only file system" in caplog.text


def test_a_python_without_sqlite_has_no_cache(
    kept: VectorCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    monkeypatch.delitem(sys.modules, "codeintel.models.cache_file")
    monkeypatch.delattr("codeintel.models.cache_file")
    keeps_nothing(kept, caplog)


def test_the_settings_choose_it(tmp_path: Path) -> None:
    def chosen(**options: object) -> VectorCache | None:
        flags = {f"model.{name}": value for name, value in options.items()}
        return chosen_cache(Settings.resolve([from_flags(flags)])[0].model)

    assert chosen(cache="off") is None
    usual, own = chosen(), chosen(cache=str(tmp_path), max_cache_bytes=20_000_000)
    assert usual is not None
    assert (usual.path, usual.max_bytes) == (VectorCache.open().path, DEFAULT_MAX_BYTES)
    assert own is not None
    assert (own.path, own.max_bytes) == (tmp_path / "vectors-v1.sqlite", 20_000_000)


# A full disk


def limited(pages: int) -> Callable[..., sqlite3.Connection]:
    """Connections to files that find no room beyond so many pages."""

    class Limited(sqlite3.Connection):
        def execute(self, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
            super().execute(f"PRAGMA max_page_count = {pages}")
            return super().execute(*arguments)  # type: ignore[arg-type]

    connect = sqlite3.connect
    return lambda *args, **kwargs: connect(*args, factory=Limited, **kwargs)


def test_a_full_disk_turns_the_cache_off_for_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = VectorCache.open(tmp_path)
    kept.put(MODEL, texts_of(64), vectors_of(64))
    kept.close()
    with monkeypatch.context() as patch:
        patch.setattr(cache_file.sqlite3, "connect", limited(30))
        for start in range(64, 640, 64):
            kept.put(MODEL, texts_of(64, start), vectors_of(64))
        assert not any(found(kept, texts_of(64)))
    assert "full" in kept.trouble
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    after = VectorCache.open(tmp_path)
    vectors, rows = after.get(MODEL, texts_of(64), DIM)
    assert rows.all()
    assert same_bits(vectors, vectors_of(64))
    after.close()


def test_where_nothing_can_be_written_clearing_removes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)

    def full(_: object) -> None:
        raise cache_file.CacheRefused("database or disk is full")

    monkeypatch.setattr(cache_file.CacheFile, "clear", full)
    kept = VectorCache.open(tmp_path)
    assert kept.clear()
    assert not path.exists()


# Damage


def survives(folder: Path, count: int = 200) -> VectorCache:
    """Whatever the file was: nothing wrong is answered; what is put is there in the end, if need be after clearing."""
    kept = VectorCache.open(folder)
    texts, vectors = texts_of(count), vectors_of(count)
    for _ in range(3):
        answered, rows = kept.get(MODEL, texts, DIM)
        assert same_bits(answered[rows], vectors[rows])
        assert not answered[~rows].any()
        kept.put(MODEL, texts, vectors)
    if not kept.get(MODEL, texts, DIM)[
        1
    ].all():  # a damaged page of an index hides rows: that costs time only
        assert kept.clear()
        kept.put(MODEL, texts, vectors)
    answered, rows = kept.get(MODEL, texts, DIM)
    assert rows.all()
    assert same_bits(answered, vectors)
    kept.close()
    return kept


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.5, 0.999])
def test_a_truncated_file_is_survived(tmp_path: Path, share: float) -> None:
    path = filled(tmp_path)
    os.truncate(path, int(path.stat().st_size * share))
    survives(tmp_path)


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.0, 0.01), (0.02, 0.05), (0.4, 0.6), (0.9, 1.0)])
def test_zeros_in_a_file_are_survived(tmp_path: Path, start: float, end: float) -> None:
    path = filled(tmp_path)
    data = bytearray(path.read_bytes())
    first, last = int(len(data) * start), int(len(data) * end)
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    survives(tmp_path)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([1, 20, 2_000]), st.booleans())
def test_flipped_bits_are_survived(
    tmp_path_factory: pytest.TempPathFactory, random: object, flips: int, in_the_log: bool
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    path = filled(folder, 100)
    if in_the_log:  # of a process that was killed: SQLite's log is still there
        other = VectorCache.open(folder)
        other.put(MODEL, texts_of(100), vectors_of(100))
        path = Path(f"{path}-wal")
        data = bytearray(path.read_bytes())
        other.close()
        assert data
    else:
        data = bytearray(path.read_bytes())
    for _ in range(flips):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)  # type: ignore[attr-defined]
    path.write_bytes(data)
    survives(folder, 100)


def test_something_else_under_its_name_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "vectors-v1.sqlite"
    path.write_bytes(b"not a database, but a letter to my aunt\n" * 500)
    survives(tmp_path)
    assert (tmp_path / "vectors-v1.sqlite.damaged").read_bytes().startswith(b"not a database")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert VectorCache.open(tmp_path).clear()
    assert not (tmp_path / "vectors-v1.sqlite.damaged").exists()


def test_damage_that_sqlite_cannot_even_quote_is_survived(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREATE T\xce\xfeLE"))
    survives(tmp_path)
    assert (tmp_path / "vectors-v1.sqlite.damaged").exists()


def test_a_database_of_another_kind_is_set_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "vectors-v1.sqlite") as other:
        other.execute("CREATE TABLE vectors (aunt TEXT)")
    other.close()
    survives(tmp_path)
    assert (tmp_path / "vectors-v1.sqlite.damaged").exists()


def test_damage_that_comes_back_turns_the_cache_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(*_: object) -> None:
        raise cache_file.CacheDamaged("database disk image is malformed")

    kept = VectorCache.open(tmp_path)
    kept.put(MODEL, ["text"], vectors_of(1))
    monkeypatch.setattr(cache_file.CacheFile, "read", damaged)
    assert [found(kept, ["text"]) for _ in range(4)] == [[False]] * 4
    assert "damaged again" in kept.trouble
    assert len(caplog.records) == 2


def test_a_file_that_another_process_has_replaced_is_not_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)
    one, other = VectorCache.open(tmp_path), VectorCache.open(tmp_path)
    assert found(one, texts_of(1)) == found(other, texts_of(1)) == [True]

    def damaged(file: cache_file.CacheFile, *_: object) -> None:
        cache_place.set_aside(path, file.identity)  # by the other process, a moment ago
        other.put(MODEL, ["new"], vectors_of(1))
        raise cache_file.CacheDamaged("database disk image is malformed")

    with monkeypatch.context() as patch:
        patch.setattr(cache_file.CacheFile, "read", damaged)
        assert found(one, texts_of(1)) == [False]
    assert found(one, ["new"]) == found(other, ["new"]) == [True]
    one.close()
    other.close()


def test_a_rotted_row_is_a_miss_and_the_next_put_mends_it(kept: VectorCache) -> None:
    texts, vectors = texts_of(3), vectors_of(3)
    kept.put(MODEL, texts, vectors)
    with sqlite3.connect(str(kept.path)) as file:
        blob = file.execute("SELECT vector FROM vectors WHERE place = 2").fetchone()[0]
        rotted = blob[:700] + bytes([blob[700] ^ 1]) + blob[701:]
        file.execute("UPDATE vectors SET vector = ? WHERE place = 2", (rotted,))
    file.close()
    assert found(kept, texts) == [True, False, True]
    kept.put(MODEL, texts[1:2], vectors[1:2])
    assert found(kept, texts) == [True] * 3


@pytest.mark.parametrize("value", [None, 7, "text", b"", b"\0" * DIM * 4, b"\0" * (DIM * 4 + 1)])
@pytest.mark.parametrize("column", ["vector", "digest", "used"])
def test_a_value_of_any_other_form_is_never_answered(kept: VectorCache, column: str, value: object) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    with sqlite3.connect(str(kept.path)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'vectors'")
        file.execute("PRAGMA writable_schema = RESET")
        file.execute(f"UPDATE vectors SET {column} = ?", (value,))
    file.close()
    assert found(kept, ["text"]) == [column == "used"]
    kept.put(MODEL, ["text"], vectors_of(1))
    assert found(kept, ["text"]) == [True]


def test_a_sound_vector_of_another_passage_is_a_miss(kept: VectorCache) -> None:
    kept.put(MODEL, texts_of(2), vectors_of(2))
    with sqlite3.connect(str(kept.path)) as file:
        rows = dict(file.execute("SELECT place, key FROM vectors"))
        file.execute("UPDATE vectors SET key = x'00' WHERE place = 1")
        file.execute("UPDATE vectors SET key = ? WHERE place = 2", (rows[1],))
        file.execute("UPDATE vectors SET key = ? WHERE place = 1", (rows[2],))
    file.close()
    assert found(kept, texts_of(2)) == [False, False]


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed elsewhere")
def test_a_file_that_was_removed_while_open_is_made_again(kept: VectorCache) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    assert kept.path is not None
    kept.path.unlink()
    assert found(kept, ["text"]) == [False]
    kept.put(MODEL, ["text"], vectors_of(1))
    kept.close()
    assert found(kept, ["text"]) == [True]


# The bound

BOUND = 8_000_000


def test_the_file_keeps_within_its_bound_and_the_oldest_go(tmp_path: Path) -> None:
    kept = VectorCache.open(tmp_path, BOUND)
    vectors, largest = vectors_of(64), 0
    assert kept.path is not None
    for start in range(0, 9_600, 64):
        kept.put(MODEL, texts_of(64, start), vectors)
        largest = max(largest, kept.path.stat().st_size)
    kept.close()
    assert BOUND * 0.9 < largest < BOUND * 1.1
    assert kept.path.stat().st_size < BOUND * 1.1
    entries = kept.size().entries
    assert entries * DIM * 4 > BOUND * 0.6
    assert found(kept, texts_of(9_600)) == [False] * (9_600 - entries) + [True] * entries
    kept.close()


def test_one_large_put_keeps_within_the_bound_too(tmp_path: Path) -> None:
    kept = VectorCache.open(tmp_path, BOUND)
    kept.put(MODEL, texts_of(8_000), vectors_of(8_000))
    kept.close()
    assert kept.path is not None
    assert kept.path.stat().st_size < BOUND * 1.1
    assert all(found(kept, texts_of(500, 7_500)))
    kept.close()


@pytest.mark.parametrize("close_between", [False, True])
def test_what_was_used_later_outlives_what_was_put_later(
    tmp_path: Path, day: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, close_between: bool
) -> None:
    monkeypatch.setattr(cache, "NOTED_ROWS", 1_000 if close_between else 300)
    kept = VectorCache.open(tmp_path, BOUND)
    day(100)
    kept.put(MODEL, texts_of(4_000), vectors_of(4_000))
    day(101)
    assert all(found(kept, texts_of(300)))
    if close_between:  # what is too little to write down at once is written down then
        kept.close()
    for start in range(4_000, 7_000, 500):
        kept.put(MODEL, texts_of(500, start), vectors_of(500))
    assert all(found(kept, texts_of(300)))
    assert not any(found(kept, texts_of(300, 300)))
    kept.close()


def test_using_a_row_again_on_the_same_day_writes_nothing(
    kept: VectorCache, day: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    day(100)
    kept.put(MODEL, texts_of(10), vectors_of(10))
    monkeypatch.setattr(cache, "NOTED_ROWS", 1)
    moved: list[int] = []
    move = cache_file.CacheFile.move_to_end

    def noting(file: cache_file.CacheFile, places: list[int], today: int) -> None:
        moved.extend(places)
        move(file, places, today)

    monkeypatch.setattr(cache_file.CacheFile, "move_to_end", noting)
    assert all(found(kept, texts_of(10)))
    assert moved == []
    day(101)
    assert all(found(kept, texts_of(10)))
    assert all(found(kept, texts_of(10)))
    assert moved == list(range(1, 11))


def test_a_lowered_bound_gives_space_back(tmp_path: Path) -> None:
    path = filled(tmp_path, 6_000)
    before = path.stat().st_size
    kept = VectorCache.open(tmp_path, BOUND // 2)
    for start in range(6_000, 6_640, 64):
        kept.put(MODEL, texts_of(64, start), vectors_of(64))
    kept.close()
    assert before > BOUND
    assert path.stat().st_size < BOUND * 0.55
    assert all(found(kept, texts_of(500, 6_140)))
    kept.close()


# Several at once


def test_threads_share_a_cache(kept: VectorCache) -> None:
    vectors = vectors_of(600)
    failures: list[object] = []

    def work(offset: int) -> None:
        try:
            for start in range(offset, 600, 120):
                texts = texts_of(30, start)
                kept.put(MODEL, texts, vectors[start : start + 30])
                answered, rows = kept.get(MODEL, texts_of(600), DIM)
                assert rows[start : start + 30].all()
                assert same_bits(answered[rows], vectors[rows])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in (0, 30, 60, 90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert kept.size().entries == 600


PROCESS = """
import sys
from pathlib import Path
import numpy as np
from codeintel.models.cache import VectorCache

def vector(number):
    return np.random.default_rng(number).standard_normal(384).astype(np.float32)

def batch(numbers):
    return [f"passage {number}" for number in numbers], np.array([vector(number) for number in numbers])

start = int(sys.argv[2])
kept = VectorCache.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
shared = 0
for first in range(start, start + 2_000, 50):
    kept.put("model@1", *batch(range(first, first + 50)))
    texts, expected = batch(range(first - start, first - start + 50))  # the other's or its own
    vectors, found = kept.get("model@1", texts, 384)
    assert (vectors[found] == expected[found]).all()
    shared += int(found.sum())
texts, expected = batch(range(start, start + 2_000))
vectors, found = kept.get("model@1", texts, 384)
assert found.all() and (vectors == expected).all() and not kept.trouble
kept.close()
print("done", shared)
"""


def test_two_processes_write_and_read_at_once(tmp_path: Path) -> None:
    """2,000 vectors each, half of them the same, into a file that both find missing."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), start],
            env={**os.environ, "PYTHONPATH": str(SERVER)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for start in ("0", "1000")
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=240)
        assert (process.returncode, err) == (0, "")
        assert out.startswith("done")
    kept = VectorCache.open(tmp_path)
    assert kept.size().entries == 3_000
    kept.close()


def test_a_process_that_is_killed_leaves_what_it_put(tmp_path: Path) -> None:
    killed = PROCESS.replace("kept.close()", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    ended = subprocess.run(
        [sys.executable, "-c", killed, str(tmp_path), "0"],
        env={**os.environ, "PYTHONPATH": str(SERVER)}, input="go\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "done" not in ended.stdout
    kept = VectorCache.open(tmp_path)
    assert all(found(kept, texts_of(2_000)))
    kept.close()


def test_a_busy_file_is_read_and_what_cannot_be_written_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(tmp_path, 10)
    monkeypatch.setattr(cache_file, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    kept = VectorCache.open(tmp_path)
    kept.put(MODEL, ["text"], vectors_of(1))
    assert found(kept, [*texts_of(10), "text"]) == [True] * 10 + [False]
    other.execute("ROLLBACK")
    other.close()
    kept.put(MODEL, ["text"], vectors_of(1))
    assert found(kept, ["text"]) == [True]
    assert not kept.trouble
    assert caplog.records == []
    kept.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_finds_and_keeps_nothing(kept: VectorCache) -> None:
    kept.put(MODEL, ["text"], vectors_of(1))
    kept._lock.acquire()  # as another thread may hold it at that moment
    child = os.fork()
    if not child:
        kept.put(MODEL, ["child"], vectors_of(1))
        nothing = found(kept, ["text"]) == [False] and not kept.trouble
        kept.close()
        os._exit(0 if nothing else 1)
    kept._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert found(kept, ["text", "child"]) == [True, False]
