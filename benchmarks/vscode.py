"""From a key pressed to the first hit painted, in a real VS Code with a workspace of 20,000 chunks.

The editor is the one that `make editors` sets up; tests/editors/vscode/latency.mjs drives it and tells the parts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.arguments import Places, parser, places_of
from benchmarks.corpora import read_repositories
from benchmarks.environment import REPOSITORY
from benchmarks.mixed_workspace import assemble
from benchmarks.reporting import console, table, write_result

NAME = "vscode"
CHUNKS = 20_000
CLIENT = REPOSITORY / "vscode-client"
LATENCY = REPOSITORY / "tests" / "editors" / "vscode" / "latency.mjs"
TARGETS_MS = {"p50": 120, "p95": 250}
SERVER = """#!/bin/sh
PYTHONPATH='{package}' exec '{python}' -c 'import sys; from codeintel.entry import server; sys.exit(server())' "$@"
"""


def main() -> None:
    """Measure, print, write."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """Assemble the workspace, know its vectors, pack the extension, type; some three minutes."""
    with places.index_folder() as folder:
        workspace = folder / "mixed-workspace"
        chunks = assemble(read_repositories(places.bench), places.corpora, workspace, CHUNKS)
        console.print(f"workspace of {chunks:,} chunks", style="dim", highlight=False)
        vectors = folder / "vscode-vectors"
        _know_vectors(workspace, vectors)
        figures = {"chunks": chunks, **_typed(workspace, vectors, folder)}
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _know_vectors(workspace: Path, vectors: Path) -> None:
    """Encode everything once, so that the editor's server does not begin with a minute of it."""
    run = [sys.executable, "-c", "from codeintel.entry import indexctl; indexctl()", "index", str(workspace)]
    environment = _environment() | {"CODEINTEL_MODEL_CACHE": str(vectors)}
    subprocess.run(run, env=environment, check=True, stdout=subprocess.DEVNULL)


def _typed(workspace: Path, vectors: Path, folder: Path) -> dict[str, Any]:
    """What the script tells of an editor with the extension as it is now."""
    node = shutil.which("node") or "node"
    server, vsix = folder / "codeintel-server", folder / "codeintel.vsix"
    server.write_text(SERVER.format(package=REPOSITORY / "server", python=sys.executable))
    server.chmod(0o755)
    for script in (["scripts/build.mjs"], ["scripts/package.mjs", "--out", str(vsix)]):
        subprocess.run([node, *script], cwd=CLIENT, check=True, stdout=subprocess.DEVNULL)
    environment = os.environ | {"CODEINTEL_SERVER": str(server), "CODEINTEL_VSIX": str(vsix)}
    told = subprocess.run(
        [node, str(LATENCY), str(workspace), str(vectors)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    figures: dict[str, Any] = json.loads(told.stdout)
    figures["key_to_paint"]["target_ms"] = TARGETS_MS
    return figures


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(REPOSITORY / "server")}


def print_summary(figures: dict[str, Any]) -> None:
    """The way from the key to the paint, and its parts."""
    parts = {name: value for name, value in figures.items() if isinstance(value, dict)}
    rows = [
        (name.replace("_", " "), part["p50_ms"], part["p95_ms"], part["max_ms"])
        for name, part in parts.items()
    ]
    console.print(table(f"{figures['keys']} keys, ms", ("part", "p50", "p95", "max"), rows))
    targets = ", ".join(f"{name} {most} ms" for name, most in TARGETS_MS.items())
    activation = figures["activation_ms"]
    console.print(f"targets: {targets}; activation {activation} ms; load {figures['load']:.1f}")


if __name__ == "__main__":
    main()
