"""Imports run downwards, each third-party library has one home, and workers load nothing heavy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "server"
PACKAGE = SERVER / "codeintel"
HEAVY = {"faiss", "onnxruntime", "tokenizers", "pyarrow", "duckdb", "tantivy", "numpy", "pygls", "lsprotocol"}
HOMES = {
    "pygls": "lsp/",
    "lsprotocol": "lsp/",
    "duckdb": "catalog/",
    "pyarrow": "catalog/",
    "faiss": "engines/dense",
    "tantivy": "engines/lexical",
    "tree_sitter": "analysis/",
    "onnxruntime": "models/",
    "tokenizers": "models/",
}
NETWORK = {
    "socket",
    "ssl",
    "urllib",
    "http",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
    "socketserver",
}


def imports() -> Iterator[tuple[str, str]]:
    """Every import in the package: the module's path, and the top-level name that it imports."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((place, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield place, node.module.partition(".")[0]


def test_the_layers_and_homes_of_the_import_contract_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SERVER)
    # in a process of its own: import-linter turns off the loggers of whoever calls it
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(SERVER)}
    ran = subprocess.run(
        [sys.executable, "-c", lint],
        cwd=SERVER.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(("library", "home"), HOMES.items())
def test_a_library_is_imported_in_its_home_only(library: str, home: str) -> None:
    places = [place for place, name in imports() if name == library or name.startswith(f"{library}_")]
    assert [place for place in places if not place.startswith(home)] == []


def loaded_by(module: str) -> set[str]:
    """The top-level modules that a fresh process has after importing `module`."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SERVER)!r}); {code}"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["codeintel.indexing.analysis", "codeintel.workspace.discovery"])
def test_a_worker_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(module) & HEAVY == set()


def test_only_the_surface_that_an_editor_connects_to_knows_the_network() -> None:
    found = {(place.partition("/")[0], name) for place, name in imports() if name in NETWORK}
    # of urllib, only what takes a file's uri apart
    assert found <= {("lsp", "socket"), ("lsp", "urllib"), ("indexing", "urllib")}
    assert not any("create_connection" in path.read_text() for path in PACKAGE.rglob("*.py"))
