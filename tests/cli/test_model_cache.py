"""`indexctl model` says where the vector cache is and what it holds, and clears it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cli.project import Program
from codeintel.models.cache import VectorCache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cache of its own; the current folder is a project without an index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(project)
    return tmp_path / "codeintel"


@pytest.fixture
def filled(folder: Path) -> Path:
    """The file of the cache, with three vectors."""
    cache = VectorCache.open(folder)
    cache.put("model@1", ["a", "b", "c"], np.ones((3, 384), np.float32))
    cache.close()
    return folder / "vectors-v1.sqlite"


def last_line(text: str) -> str:
    return text.splitlines()[-1].strip()


def test_the_models_page_shows_the_cache(indexctl: Program, filled: Path) -> None:
    run = indexctl("model")
    assert run.code == 0
    assert last_line(run.out).startswith(f"cache       {filled} (3 vectors, ")
    assert last_line(run.out).endswith(" of 1.0 GB)")


def test_the_document_has_it_beside_the_encoder(indexctl: Program, filled: Path) -> None:
    encoder, static = json.loads(indexctl("model", "--format", "json").out)
    assert encoder["cache"]["path"] == str(filled)
    assert (encoder["cache"]["entries"], encoder["cache"]["maxBytes"]) == (3, 1_000_000_000)
    assert encoder["cache"]["bytes"] > 3 * 384 * 4
    assert encoder["cache"]["trouble"] is None
    assert "cache" not in static


def test_looking_makes_no_file(indexctl: Program, folder: Path) -> None:
    assert "(0 vectors, 0 B of 1.0 GB)" in last_line(indexctl("model").out)
    assert not folder.exists()


def test_clearing_says_what_it_forgot(indexctl: Program, filled: Path) -> None:
    run = indexctl("model", "--clear-cache")
    assert run.code == 0
    assert run.err.startswith("Forgot 3 vectors, ")
    assert f"{filled} (0 vectors, " in last_line(run.out)
    assert indexctl("model", "--clear-cache", "--quiet").err == ""


def test_clearing_needs_no_model(indexctl: Program, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEINTEL_MODEL_FOLDER", "/nowhere/model")
    assert indexctl("model", "--clear-cache").code == 3
    assert VectorCache.open(filled.parent).size().entries == 0


def test_a_cache_that_is_off_is_said_to_be(indexctl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEINTEL_MODEL_CACHE", "off")
    run = indexctl("model", "--clear-cache")
    assert (run.code, run.err, last_line(run.out)) == (0, "", "cache       off")
    assert json.loads(indexctl("model", "--format", "json").out)[0]["cache"] is None


def test_a_folder_that_was_chosen_is_shown(
    indexctl: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEINTEL_MODEL_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("CODEINTEL_MODEL_MAX_CACHE_BYTES", "50000000")
    assert last_line(indexctl("model").out).startswith(
        f"cache       {tmp_path / 'own' / 'vectors-v1.sqlite'} ("
    )
    assert last_line(indexctl("model").out).endswith(" of 50 MB)")


def test_a_cache_that_cannot_be_cleared_exits_with_3(
    indexctl: Program, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VectorCache, "clear", lambda _: False)
    run = indexctl("model", "--clear-cache")
    assert run.code == 3
    assert f"{filled} cannot be cleared: it is in use." in run.err


def test_a_cache_that_cannot_be_opened_says_why(indexctl: Program, folder: Path) -> None:
    (folder / "vectors-v1.sqlite").mkdir(parents=True)
    assert last_line(indexctl("model").out).startswith("cache       none: ")
    assert json.loads(indexctl("model", "--format", "json").out)[0]["cache"]["trouble"]
