"""A corpus large enough for trained lists: they are kept on disk, loaded again, and made good from the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codeintel.engines.dense_presets import PRESETS, Preset
from codeintel.indexing.index_folders import check_indexes
from codeintel.service import SearchRequest, Service
from workspaces import MEANING, indexed, opened

LISTS = next(preset for preset in PRESETS if preset.inverted and preset.metric == "ip")
FEW = 60  # chunks from which the tests train; a real workspace has 200,000


@pytest.fixture(autouse=True)
def _train_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def preset_for(count: int, metric: str = "ip", type: str = "float32") -> Preset:
        return LISTS if count >= FEW else next(p for p in PRESETS if (p.metric, p.type) == (metric, type))

    monkeypatch.setattr("codeintel.engines.dense.preset_for", preset_for)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two hundred functions, indexed, and opened once more so that lists were trained on all of them."""
    for number in range(200):
        body = f'    """Part {number} of the {"retry" if number % 2 else "cache"} machinery."""\n' * 4
        (tmp_path / f"part{number}.py").write_text(
            f"def part_{number}(value):\n{body}    return value + {number}\n"
        )
    with indexed(tmp_path, settings=MEANING):
        pass
    with opened(tmp_path, settings=MEANING):
        pass
    return tmp_path


def contextual(service: Service) -> tuple[np.ndarray, np.ndarray]:
    view = service._indexes[0].snapshot.contextual
    ids = view.ids()
    return ids, view.reconstruct(ids)


def trained_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".codeintel" / "vectors").glob("primary-g*"))


def test_lists_are_written_once_and_loaded_again(folder: Path) -> None:
    written = trained_files(folder)
    assert [name.partition(".")[2] for name in written] == ["faiss", "faiss.json", "faiss.secondary"]
    with opened(folder, settings=MEANING) as service:
        base = service._indexes[0].snapshot.contextual.base
        assert (base.preset.inverted, len(base)) == (True, 200)
        assert service.search(SearchRequest("part 7 of the retry machinery")).hits
    assert trained_files(folder) == written
    assert check_indexes([folder], service._settings) == []


def test_what_changed_since_is_made_good_on_opening(folder: Path) -> None:
    (folder / "part3.py").unlink()
    (folder / "part4.py").write_text("def another(name):\n    return open(name).read()\n")
    with indexed(folder, settings=MEANING) as service:
        ids, vectors = contextual(service)
    with opened(folder, settings=MEANING) as service:
        again, loaded = contextual(service)
        assert np.array_equal(ids, again)
        assert np.array_equal(vectors, loaded)
        assert len(ids) == len(service._indexes[0].snapshot.chunks) == 199


@pytest.mark.parametrize("ending", ["faiss", "faiss.json", "faiss.secondary"])
def test_damage_is_found_said_and_mended(folder: Path, ending: str) -> None:
    (name,) = [name for name in trained_files(folder) if name.partition(".")[2] == ending]
    path = folder / ".codeintel" / "vectors" / name
    path.write_bytes(path.read_bytes()[:-20])
    with opened(folder, settings=MEANING) as service:
        assert any(name in warning for warning in service.warnings)
        assert len(contextual(service)[0]) == 200
    assert check_indexes([folder], service._settings) == []
