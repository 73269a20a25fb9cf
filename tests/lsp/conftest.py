"""Workspaces and connections that the tests share: one server per editor for everything that only asks."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lsp.client import EDITORS, Client, connected

SAMPLE = Path(__file__).parents[2] / "data" / "sample-workspace"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample workspace, indexed by whoever opens it first; nobody may change its files."""
    folder = tmp_path_factory.mktemp("sample") / "courier"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".*_cache", ".codeintel", "__pycache__"))
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=EDITORS)
async def client(request: pytest.FixtureRequest, sample: Path) -> AsyncIterator[Client]:
    """An editor with the sample workspace open and indexed; tests only ask it."""
    async with connected(sample, editor=request.param) as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A tiny workspace of the test's own, free to be changed."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "retry.py").write_text(
        'def backoff_delay(attempt):\n    """Wait twice as long after each failed attempt."""\n    return 2**attempt\n'
    )
    (folder / "queue.py").write_text(
        'class JobQueue:\n    """Jobs in the order in which they came."""\n\n'
        "    def take(self):\n        return self.jobs.pop(0)\n"
    )
    return folder
