"""`indexctl status`, `check`, `idmap-export`, `model` and `doctor`: what they find, also where something is wrong."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from cli.project import FILES, Program
from codeintel.models.folder import embedded_folder


@pytest.mark.usefixtures("indexed")
def test_status_shows_how_far_the_index_reaches(indexctl: Program) -> None:
    run = indexctl("status")
    assert run.code == 0
    assert f"files      {len(FILES)}" in run.out
    assert "(all with meaning)" in run.out
    assert "python 4" in run.out


def test_the_status_document_names_folder_models_and_languages(indexctl: Program, indexed: Path) -> None:
    document = json.loads(indexctl("status", "--format", "json").out)
    (root,) = document["roots"]
    assert root["path"] == str(indexed)
    assert root["languages"] == {"python": 4, "markdown": 1}
    assert root["meaning"] == root["chunks"] > 0
    assert root["sizeBytes"] > 0
    assert "@" in document["models"]["encoder"]


@pytest.mark.parametrize("command", ["status", "idmap-export"])
def test_a_folder_without_an_index_exits_with_3(
    indexctl: Program, project: Path, command: str, tmp_path: Path
) -> None:
    out = [tmp_path / "idmap.csv"] if command == "idmap-export" else []
    run = indexctl(command, *out, "-w", project)
    assert (run.code, run.out) == (3, "")
    assert "indexctl index" in run.err
    assert not (tmp_path / "idmap.csv").exists()


@pytest.mark.usefixtures("indexed")
def test_an_index_that_is_whole_passes_the_check(indexctl: Program) -> None:
    run = indexctl("check")
    assert (run.code, run.out) == (0, "✓ the index is whole\n")
    assert json.loads(indexctl("check", "--format", "json").out) == []


def test_a_damaged_part_is_found_with_its_remedy(indexctl: Program, indexed_copy: Path) -> None:
    part = next((indexed_copy / ".codeintel" / "chunks").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 0xFF
    part.write_bytes(bytes(data))
    run = indexctl("check")
    assert run.code == 3
    assert part.name in run.out
    findings = [json.loads(line) for line in indexctl("check", "--format", "jsonl").out.splitlines()]
    assert any(part.name in found["artifact"] and found["remedy"] for found in findings)


@pytest.mark.usefixtures("indexed")
def test_the_id_map_is_exported_in_the_form_its_ending_names(indexctl: Program, tmp_path: Path) -> None:
    chunks = json.loads(indexctl("status", "--format", "json").out)["roots"][0]["chunks"]
    for name in ("idmap.csv", "idmap.jsonl", "idmap.parquet"):
        run = indexctl("idmap-export", tmp_path / name, "--format", "jsonl")
        assert json.loads(run.out) == {"path": str(tmp_path / name), "rows": chunks}
    with (tmp_path / "idmap.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "idmap.jsonl").read_text().splitlines()]
    assert [int(row["chunk_id"]) for row in rows] == [line["chunk_id"] for line in lines]
    assert {row["source"] for row in rows} <= {"primary", "secondary"}


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("out", ["idmap.xlsx", "absent/idmap.csv", "app"])
def test_a_place_that_cannot_take_the_id_map_is_an_error(indexctl: Program, out: str) -> None:
    run = indexctl("idmap-export", out)
    assert run.code in (2, 3)
    assert run.out == ""
    assert Path(out).name in run.err
    assert "Traceback" not in run.err


@pytest.mark.usefixtures("indexed")
def test_the_models_are_intact_and_licensed(indexctl: Program) -> None:
    run = indexctl("model", "--format", "json")
    assert run.code == 0
    encoder, static = json.loads(run.out)
    assert (encoder["role"], encoder["dimensions"], encoder["licence"]) == ("encoder", 384, "Apache-2.0")
    assert static["role"] == "static"
    assert encoder["intact"] is static["intact"] is True
    assert "files as published" in indexctl("model").out


@pytest.mark.usefixtures("indexed")
def test_a_model_folder_that_is_none_exits_with_3(indexctl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEINTEL_MODEL_FOLDER", "/nowhere/model")
    run = indexctl("model")
    assert run.code == 3
    assert "/nowhere/model does not exist" in run.err


@pytest.mark.usefixtures("indexed")
def test_the_doctor_finds_a_healthy_machine(indexctl: Program) -> None:
    run = indexctl("doctor")
    assert run.code == 0, run.out
    assert [line[0] for line in run.out.splitlines()] == ["✓"] * 7
    assert "index writable, nobody else is writing it" in run.out


def test_the_doctor_goes_on_after_a_problem_and_says_what_to_do(
    indexctl: Program, indexed_copy: Path
) -> None:
    (indexed_copy / ".codeintel" / "manifest.json").write_text("{")
    run = indexctl("doctor", "-w", indexed_copy, "-w", "nowhere", "--format", "jsonl")
    assert run.code == 3
    found = {document["subject"]: document for document in map(json.loads, run.out.splitlines())}
    assert not found["nowhere"]["ok"]
    assert found["nowhere"]["remedy"]
    assert not found[str(indexed_copy)]["ok"]
    assert found["self-test"]["ok"]


def test_the_doctor_looks_at_the_models_and_the_file_that_the_project_sets(
    indexctl: Program, indexed_copy: Path
) -> None:
    shutil.copytree(embedded_folder(), indexed_copy / "half")
    (indexed_copy / "half" / "encoder" / "model_int8.onnx").write_bytes(b"\0" * 99)
    (indexed_copy / "codeintel.toml").write_text('[model]\nfolder = "half"\n[indx]\ntier = "text"\n')
    run = indexctl("doctor", "--format", "jsonl")
    assert run.code == 3
    found = {document["subject"]: document for document in map(json.loads, run.out.splitlines())}
    assert "99 bytes" in found["models"]["found"]
    assert "indx.tier" in found["codeintel.toml"]["found"]
    assert not found["codeintel.toml"]["ok"]


def test_the_doctor_takes_a_folder_without_an_index_as_it_is(indexctl: Program, project: Path) -> None:
    run = indexctl("doctor", "-w", project)
    assert run.code == 0
    assert "not indexed yet" in run.out
    assert not (project / ".codeintel").exists()
