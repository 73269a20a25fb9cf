"""The wheel is all that a first use needs: code, models with their checksums, licences, both commands."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LARGEST_WHEEL_BYTES = 30_000_000  # 23 MB of it is the int8 encoder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (path,) = folder.glob("*.whl")
    assert path.stat().st_size < LARGEST_WHEEL_BYTES
    return zipfile.ZipFile(path)


def test_it_carries_the_models_as_their_checksums_say(wheel: zipfile.ZipFile) -> None:
    recorded = json.loads(wheel.read("codeintel/data/model/checksums.json"))
    assert recorded
    for name, entry in recorded.items():
        data = wheel.read(f"codeintel/data/model/{name}")
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])


def test_it_carries_the_package_typed_and_nothing_beside_it(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert "codeintel/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"codeintel"}
    assert not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


def test_it_has_both_commands_and_the_licences(wheel: zipfile.ZipFile) -> None:
    (points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(points).decode()
    assert "codeintel-server = codeintel.entry:server" in text
    assert "indexctl = codeintel.entry:indexctl" in text
    licences = [Path(name).name for name in wheel.namelist() if "/licenses/" in name]
    assert sorted(licences) == ["LICENSE", "NOTICE"]
