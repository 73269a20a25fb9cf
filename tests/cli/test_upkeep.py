"""`indexctl gc` and `indexctl watch`: an index that stays small, and one that stays current."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

from cli.project import ENVIRONMENT, INDEXCTL, Program

PATIENCE_S = 120.0


def test_gc_folds_deltas_in_and_leaves_the_answers_alone(indexctl: Program, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"m{number}.py").write_text(f"def function_{number}():\n    return {number}\n")
    assert indexctl("index", tmp_path, "--tier", "text").code == 0
    for number in range(4):
        (tmp_path / "m0.py").write_text(f"def renamed_{number}():\n    return 0\n")
        assert indexctl("index", tmp_path, "--tier", "text").code == 0
    deltas = [*(tmp_path / ".codeintel" / "chunks").glob("delta-*")]
    assert deltas
    run = indexctl("gc", "-w", tmp_path, "--format", "json")
    assert run.code == 0
    assert json.loads(run.out)["left"] > 0
    manifest = json.loads((tmp_path / ".codeintel" / "manifest.json").read_text())["manifest"]
    assert not [part for part in manifest["parts"] if part["kind"] == "delta"]
    assert "renamed_3" in indexctl("search", "renamed_3", "-w", tmp_path).out
    assert indexctl("check", "-w", tmp_path).code == 0


def test_watch_keeps_the_index_current_until_it_is_interrupted(indexctl: Program, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def at_first():\n    return 1\n")
    (tmp_path / "codeintel.toml").write_text('[index]\ntier = "text"\n')
    with subprocess.Popen(
        [*INDEXCTL, "watch", "-w", str(tmp_path)], env=ENVIRONMENT, stderr=subprocess.PIPE
    ) as run:
        try:
            until_found(indexctl, tmp_path, "at_first")
            (tmp_path / "b.py").write_text("def written_later():\n    return 2\n")
            until_found(indexctl, tmp_path, "written_later")
            (tmp_path / "b.py").unlink()
            until_found(indexctl, tmp_path, "written_later", code=1)
        finally:
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0
    assert b"up to date" in said


def until_found(indexctl: Program, folder: Path, name: str, code: int = 0) -> None:
    """Search the index as it is on disk, from another process's point of view, until it answers so."""
    deadline = time.monotonic() + PATIENCE_S
    while indexctl("search", f'"{name}"', "-w", folder, "--no-index").code != code:
        assert time.monotonic() < deadline, f"{name} took too long"
        time.sleep(0.1)
