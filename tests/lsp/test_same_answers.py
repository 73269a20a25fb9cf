"""The same question gives the same hits and scores over the protocol and on the command line (invariant 9).

Always on the sample workspace; with CODEINTEL_CORPORA set, also on three repositories of the retrieval benchmark.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codeintel.lsp import protocol
from lsp.client import ENVIRONMENT, connected
from lsp.conftest import SAMPLE

INDEXCTL = [sys.executable, "-c", "from codeintel.entry import indexctl; indexctl()"]
REPOSITORIES = ("gin", "rack", "telescope.nvim")
QUESTIONS = (
    "where are retries handled",
    "configuration loading and defaults",
    "lang:python kind:function parse",
    "error handling -path:test",
    "register a handler for a route",
    "how are headers parsed",
    '"return" close',
)


def on_the_command_line(folder: Path, questions: Sequence[str]) -> list[dict[str, Any]]:
    """indexctl's answers, one JSON document a question; the index must be there."""
    command = [*INDEXCTL, "search", "--no-index", "--queries", "-", "--format", "jsonl", "-w", str(folder)]
    ran = subprocess.run(
        command, input="\n".join(questions), capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert ran.returncode in (0, 1), ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


async def over_the_protocol(folder: Path, questions: Sequence[str]) -> list[list[protocol.Hit]]:
    """The server's answers once both tiers are complete."""
    async with connected(folder) as client:
        return [(await client.search(question)).hits for question in questions]


def told(hit: protocol.Hit) -> dict[str, Any]:
    """A hit of the protocol as the command line writes it: lines 1-based and inclusive."""
    return {
        "path": hit.path,
        "startLine": hit.range.start.line + 1,
        "endLine": hit.range.end.line + 1,
        "score": hit.score,
        "parts": [(part.source, part.rank, part.contribution) for part in hit.contributions],
    }


def printed(hit: dict[str, Any]) -> dict[str, Any]:
    parts = [(part["source"], part["rank"], part["contribution"]) for part in hit["contributions"]]
    return {**{key: hit[key] for key in ("path", "startLine", "endLine", "score")}, "parts": parts}


async def check(folder: Path) -> None:
    served = await over_the_protocol(folder, QUESTIONS)
    on_paper = on_the_command_line(folder, QUESTIONS)
    assert [answer["query"] for answer in on_paper] == list(QUESTIONS)
    assert sum(map(len, served)) > len(QUESTIONS)
    for hits, answer in zip(served, on_paper, strict=True):
        assert list(map(told, hits)) == list(map(printed, answer["hits"]))


async def test_on_the_sample_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "courier"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".*_cache", ".codeintel", "__pycache__"))
    await check(folder)


@pytest.mark.parametrize("name", REPOSITORIES)
async def test_on_a_repository_of_the_benchmark(name: str, tmp_path: Path) -> None:
    corpora = os.environ.get("CODEINTEL_CORPORA")
    if not corpora:
        pytest.skip(
            "CODEINTEL_CORPORA names no folder with the benchmark's repositories (benchmarks/README.md)"
        )
    folder = tmp_path / name
    shutil.copytree(Path(corpora) / name, folder)
    await check(folder)
