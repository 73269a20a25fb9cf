"""Late interaction on the command line: chosen in the project's file, shown in explanations and in the status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.project import Program
from lookup_model import write_lookup_model


@pytest.fixture
def compared(project: Path, indexctl: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, indexed with token vectors, as the current folder."""
    model = write_lookup_model(tmp_path / "model")
    text = f"[model]\nfolder = '{model}'\n[channels]\nlate = 'narrow'\n"
    (project / "codeintel.toml").write_text(text)
    monkeypatch.chdir(project)
    monkeypatch.setenv("CODEINTEL_MODEL_CACHE", "off")
    assert indexctl("index").code == 0
    return project


@pytest.mark.usefixtures("compared")
def test_an_explanation_names_what_each_word_is_aligned_with(indexctl: Program) -> None:
    run = indexctl("explain", "wait longer", "app/retry.py:5")
    assert "word by word, rank " in run.out
    assert " for wait" in run.out
    assert "without late: rank " in run.out
    found = json.loads(indexctl("explain", "wait longer", "app/retry.py:5", "--format", "json").out)
    late = next(part for part in found["hit"]["contributions"] if part["source"] == "late")
    assert [piece["query"] for piece in late["evidence"]] == ["wait", "longer"]
    assert not any(piece["imputed"] for piece in late["evidence"])
    assert sum(piece["share"] for piece in late["evidence"]) == pytest.approx(late["score"], abs=1e-6)


@pytest.mark.usefixtures("compared")
@pytest.mark.parametrize("depth", ["one", "signals"])
def test_a_shallower_explanation_leaves_the_alignments_out(indexctl: Program, depth: str) -> None:
    run = indexctl("explain", "wait longer", "app/retry.py:5", "--depth", depth)
    assert "word by word, rank " in run.out
    assert " for wait" not in run.out


@pytest.mark.usefixtures("compared")
def test_the_status_says_how_many_chunks_have_token_vectors(indexctl: Program) -> None:
    assert "with token vectors)" in " ".join(indexctl("status").out.split())
    (root,) = json.loads(indexctl("status", "--format", "json").out)["roots"]
    assert root["outputs"] == {"tokens": root["chunks"]}
