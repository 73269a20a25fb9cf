from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.catalog_index import Size, generated_index
from benchmarks.catalog_readers import READER
from benchmarks.overlap_join import measured

from codeintel.catalog.check import verify
from codeintel.catalog.folder import CATALOG_NAME
from codeintel.catalog.people import PeoplesCatalog
from codeintel.catalog.views import RootSource

SMALL = Size(45, 3, 7)


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_generated_index_is_sound(tmp_path: Path) -> None:
    with generated_index(tmp_path / "index", SMALL) as store:
        assert verify(store) == []
        rows = {table: store.read(table).num_rows for table in ("files", "chunks", "modules", "ast_nodes")}
    assert rows == {"files": 45, "chunks": 135, "modules": 45, "ast_nodes": 315}


def test_every_question_of_the_overlap_join_is_timed(tmp_path: Path) -> None:
    figures = measured(tmp_path / "index", SMALL, 2)
    assert figures["rows"]["chunks"] == 135
    assert figures["rows"]["overlaps"] >= 315
    assert {name: times["count"] for name, times in figures["times"].items()} == dict.fromkeys(
        ("overlap", "per chunk", "join_ast", "one document"), 2
    )


def test_a_reader_tells_errors_and_mixtures(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with generated_index(folder, Size(20, 2, 20)) as store:
        PeoplesCatalog().publish(RootSource("generated", folder, store.manifest, {}, {}))
    seen = _read(folder / CATALOG_NAME)
    assert (seen["errors"], seen["mixed"], seen["generations"]) == ([], 0, 1)
    assert len(_read(folder / "missing.duckdb")["errors"]) == 3


def _read(path: Path) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path), "3"], capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
