"""Emacs with eglot and no client of ours connects, searches, and is told why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import codeintel
from workspaces import copy_sample

EMACS = shutil.which("emacs")
BATCH = [EMACS or "emacs", "--batch", "-q", "-f", "package-initialize"]
SESSION = Path(__file__).with_name("session.el")
SERVER = [sys.executable, "-c", "import sys; from codeintel.entry import server; sys.exit(server())"]
LIMIT_S = 240


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the session printed, by name."""
    if EMACS is None:
        pytest.skip("there is no Emacs: install the Debian packages emacs-nox and elpa-eglot")
    if subprocess.run([*BATCH, "--eval", "(require 'eglot)"], capture_output=True, check=False).returncode:
        pytest.skip("this Emacs has no eglot: install the Debian package elpa-eglot")
    folder = tmp_path_factory.mktemp("emacs")
    workspace = copy_sample(folder / "courier")
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    (folder / ".emacs.d").mkdir()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "CODEINTEL_SERVER": json.dumps(SERVER),
        "CODEINTEL_FILE": str(workspace / "courier" / "retry.py"),
        "PYTHONPATH": str(Path(codeintel.__file__).parents[1]),
    }
    run = subprocess.run(
        [*BATCH, "-l", str(SESSION)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(line.split("=", 1) for line in run.stdout.splitlines() if "=" in line)


def test_it_connects_and_is_told_the_methods(told: dict[str, str]) -> None:
    assert told["connected"] == "t"
    assert "codeintel/whyNot" in told["methods"]


def test_workspace_symbols_are_the_search(told: dict[str, str]) -> None:
    assert int(told["hits"]) > 5
    assert told["best"].split(" ")[1] == "courier/retry.py"


def test_hover_says_why_in_plain_text(told: dict[str, str]) -> None:
    assert told["hover"].startswith("codeintel ")
    assert "bm25 #1" in told["hover"]


def test_a_custom_request_is_answered(told: dict[str, str]) -> None:
    assert told["whyNot"] == "filtered"
