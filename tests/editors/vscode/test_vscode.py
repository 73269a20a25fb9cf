"""The extension: its sources, its unit tests, and each *.test.mjs beside this file in a real VS Code.

`make test` sets the editor up (tests/editors/install.sh); without it these tests are skipped and say why.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import codeintel

HERE = Path(__file__).parent
CLIENT = HERE.parents[2] / "vscode-client"
EDITOR = Path(os.environ.get("CODEINTEL_VSCODE", CLIENT / "build" / "vscode"))
SCRIPTS = sorted(path.name for path in HERE.glob("*.test.mjs"))
LIMIT_S = 900
"""Of a script: the longest takes a minute and a half; on a machine with much else to do, several times that."""
SERVER = """#!/bin/sh
PYTHONPATH='{package}' exec '{python}' -c 'import sys; from codeintel.entry import server; sys.exit(server())' "$@"
"""


def _told(name: str) -> str:
    """What the set-up wrote down; empty where it did not."""
    path = EDITOR / name
    return path.read_text().strip() if path.exists() else ""


def _missing() -> str:
    """Why there is no VS Code to test in; empty where there is one, or its set-up failed."""
    if (EDITOR / ".installed").exists() or _told("failed"):
        return ""
    return _told("lacking") or "`make test` sets VS Code up, pytest alone does not"


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())


@pytest.fixture(scope="module", autouse=True)
def set_up() -> None:
    assert not _told("failed"), _told("failed")


def _run(command: list[str], environment: Mapping[str, str] = os.environ) -> None:
    code, said = _ran(command, environment)
    assert code == 0, said


def _ran(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in the extension's folder; what it starts ends with it, whatever becomes of it."""
    process = subprocess.Popen(
        command, cwd=CLIENT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)  # at which editor.mjs ends what it started
        try:
            said, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        pytest.fail(f"{command} took more than {LIMIT_S} s\n{said}")
    return process.returncode, said


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which scripts find the packed extension and this interpreter's server."""
    folder = tmp_path_factory.mktemp("vscode")
    server = folder / "codeintel-server"
    server.write_text(SERVER.format(package=Path(codeintel.__file__).parents[1], python=sys.executable))
    server.chmod(0o755)
    vsix = folder / "codeintel.vsix"
    _run(["node", "scripts/build.mjs", "--tests"])
    _run(["node", "scripts/package.mjs", "--out", str(vsix)])
    given = {"CODEINTEL_SERVER": str(server), "CODEINTEL_VSIX": str(vsix), "CODEINTEL_VSCODE": str(EDITOR)}
    return {**os.environ, **given}


def test_sources_are_formatted_linted_and_typed() -> None:
    _run(["npm", "run", "--silent", "check"])


def test_units() -> None:
    _run(["npm", "test", "--silent"])


@pytest.mark.parametrize("script", SCRIPTS)
def test_in_vscode(packed: dict[str, str], script: str) -> None:
    command = ["node", "--test-reporter=spec", str(HERE / script)]
    code, first = _ran(command, packed)
    if code != 0:  # a browser and an editor on a busy machine: what fails for a reason fails again
        code, second = _ran(command, packed)
        assert code == 0, f"{first}\n--- and the second time ---\n{second}"
