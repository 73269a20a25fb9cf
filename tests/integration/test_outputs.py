"""Token vectors beside dense ones: kept, overlaid, verified and derived again as these are; nothing while off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from codeintel.engines.sparse_source import impacts_of
from codeintel.indexing.index_folders import check_indexes
from codeintel.models.folder import Models
from codeintel.models.outputs import NO_OUTPUTS, Output, Outputs
from codeintel.models.vectors import passage_for
from codeintel.service import Service
from codeintel.snapshot import Snapshot
from lookup_model import lookup_models
from workspaces import MEANING, opened, snapshot, write

ALL = frozenset(Output)
FILES = {
    "retry.py": "class Retry:\n    def backoff(self):\n        return 1\n",
    "bucket.py": "def take(tokens):\n    return tokens - 1\n",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return replace(lookup_models(tmp_path_factory.mktemp("lookup")), wanted=ALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


@contextmanager
def service(folder: Path, models: Models, **options: bool) -> Iterator[Service]:
    with opened(folder, settings=MEANING, models=models, **options) as found:
        yield found


def findings(folder: Path) -> list[object]:
    return list(check_indexes([folder], MEANING))


def segments(folder: Path) -> list[str]:
    return sorted(p.name for output in Output for p in (folder / ".codeintel" / output).glob("*.rows"))


def assert_complete(now: Snapshot, models: Models, outputs: Outputs = ALL) -> None:
    """Every chunk has the rows that the encoder makes of its text as it is searched."""
    assert set(now.outputs) == outputs
    for chunk in now.chunks:
        passage = passage_for(models.encoder, chunk.uri, chunk.breadcrumb, chunk.content)
        expected = models.encode([passage])
        for output, view in now.outputs.items():
            (row,) = view.rows([chunk.id])
            assert row is not None and np.array_equal(row, expected.rows(output)[0])
    assert all(view.ids().tolist() == now.chunks.ids().tolist() for view in now.outputs.values())
    assert_indexed(now)


def assert_indexed(now: Snapshot) -> None:
    """The term weights by term are those of the rows, laid out as a fresh build lays them."""
    fresh = impacts_of(now.outputs[Output.TERMS]).base
    kept = now.impacts.folded().base
    assert len(kept.impacts) and all(
        np.array_equal(getattr(kept, name), getattr(fresh, name))
        for name in ("ids", "terms", "starts", "rows", "impacts")
    )


def test_every_chunk_has_its_rows_also_after_a_restart(folder: Path, models: Models) -> None:
    with service(folder, models) as first:
        first.index()
        assert_complete(snapshot(first), models)
        assert findings(folder) == []
    with service(folder, models) as second:
        assert second.unencoded == 0
        assert_complete(snapshot(second), models)


def test_nothing_is_kept_while_nothing_asks_for_it(folder: Path, models: Models) -> None:
    with service(folder, replace(models, wanted=NO_OUTPUTS)) as off:
        off.index()
        assert snapshot(off).outputs == {}
        assert segments(folder) == []


def test_switching_a_channel_on_fills_it_and_off_drops_it(folder: Path, models: Models) -> None:
    off = replace(models, wanted=NO_OUTPUTS)
    with service(folder, off) as first:
        first.index()
    with service(folder, models) as on:
        assert on.unencoded == len(snapshot(on).chunks)
        on.index()
        assert_complete(snapshot(on), models)
    write(folder, {"new.py": "def new(): pass\n"})
    with service(folder, off) as last:
        last.index()
        assert not any("rows" in one.name for one in last._indexes[0].store.manifest.artifacts)


def test_a_save_and_a_deletion_leave_exactly_the_rows_of_what_is_there(folder: Path, models: Models) -> None:
    with service(folder, models) as one:
        one.index()
        write(folder, {"bucket.py": "def give(tokens):\n    return tokens + 1\n", "new.py": "NEW = 1\n"})
        (folder / "retry.py").unlink()
        one.index()
        assert_complete(snapshot(one), models)
        assert findings(folder) == []
    with service(folder, models) as again:
        assert_complete(snapshot(again), models)


def test_unsaved_text_has_rows_of_its_own_and_loses_them(folder: Path, models: Models) -> None:
    with service(folder, models) as one:
        one.index()
        before = segments(folder)
        one.edit(folder / "retry.py", FILES["retry.py"].replace("Retry", "Again"))
        while one.encode_some():
            pass
        assert_complete(snapshot(one), models)
        one.publish(with_vectors=True)
        assert segments(folder) == before
        one.revert(folder / "retry.py")
        assert_complete(snapshot(one), models)


def test_saving_open_text_takes_its_rows_along(folder: Path, models: Models) -> None:
    text = FILES["retry.py"].replace("Retry", "Again")
    with service(folder, models) as one:
        one.index()
        one.edit(folder / "retry.py", text)
        while one.encode_some():
            pass
        write(folder, {"retry.py": text})
        one.touch([folder / "retry.py"])
        assert one.unencoded == 0
        one.publish()
    with service(folder, models) as again:
        assert again.unencoded == 0
        assert_complete(snapshot(again), models)


@pytest.mark.parametrize("output", Output)
def test_a_damaged_or_lost_segment_is_named_and_derived_again(
    folder: Path, models: Models, output: Output
) -> None:
    with service(folder, models) as first:
        first.index()
    (path,) = (folder / ".codeintel" / output).glob("*.rows")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with service(folder, models) as mended:
        assert any(path.name in warning for warning in mended.warnings)
        assert mended.unencoded == len(snapshot(mended).chunks)
        mended.index()
        assert_complete(snapshot(mended), models)
        assert findings(folder) == []


def test_another_model_makes_every_row_anew(folder: Path, models: Models, tmp_path: Path) -> None:
    with service(folder, models) as first:
        first.index()
    other = replace(lookup_models(tmp_path / "other"), wanted=ALL)
    object.__setattr__(other.encoder, "_files", _renamed(other))
    with service(folder, other) as second:
        assert second.unencoded == len(snapshot(second).chunks)
        second.index()
        assert_complete(snapshot(second), other)


def _renamed(models: Models):  # type: ignore[no-untyped-def]
    files = models.encoder._files  # type: ignore[attr-defined]
    text = files.config.read_text().replace("lookup", "other")
    files.config.write_text(text)
    return type(files)(files.weights, files.tokenizer, files.config)


def test_many_small_segments_become_few(folder: Path, models: Models) -> None:
    with service(folder, models) as one:
        one.index()
        for number in range(12):
            write(folder, {f"more{number}.py": f"MORE_{number} = {number}\n"})
            one.index(paths=[folder / f"more{number}.py"])
        held = snapshot(one).outputs[Output.TOKENS].held
        assert len(held) <= 9
        assert_complete(snapshot(one), models)
        assert findings(folder) == []
    with service(folder, models) as again:
        assert_complete(snapshot(again), models)


def test_a_follower_sees_the_rows_that_the_writer_publishes(folder: Path, models: Models) -> None:
    with service(folder, models) as writer:
        writer.index()
        with following(folder, models) as follower:
            assert_complete(snapshot(follower), models)
            write(folder, {"bucket.py": "def give(tokens):\n    return tokens + 1\n"})
            writer.index()
            follower.attend()
            assert_complete(snapshot(follower), models)


@contextmanager
def following(folder: Path, models: Models) -> Iterator[Service]:
    with patch("codeintel.service.load_models", lambda *_, **__: models):
        found = Service.open([folder], MEANING, following=True)
    with found:
        yield found
