"""Params of codeintel/whyNot and codeintel/judge that are wrong in every way that the protocol allows to send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.client import TEXT_ONLY
from lsp.wire import Wire, fault, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"line": 0, "character": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("wrong")
    (folder / "a.py").write_text("def backoff(attempt):\n    return 2**attempt\n")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(folder: Path) -> AsyncIterator[Wire]:
    async with started() as process:
        await process.initialize(folder, options=TEXT_ONLY)
        await process.ask("ready", "workspace/executeCommand", {"command": "codeintel.server.reindex"})
        yield process


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "query"),
        ({"symbol": "x"}, "query"),
        ({"query": "x"}, "textDocument"),
        ({"query": "x", "position": START}, "textDocument"),
        ({"query": "x", "textDocument": {"uri": "untitled:1"}}, "textDocument.uri"),
        ({"query": "x", "textDocument": {}}, "textDocument.uri"),
        ({"query": "", "symbol": "x"}, "query"),
        ({"query": "lnag:go x", "symbol": "x"}, "query"),
        ({"query": "x", "symbol": 5}, "symbol"),
        ({"query": "x", "symbol": "x", "limit": 0}, "limit"),
    ],
)
async def test_a_wrong_why_not_names_its_field(wire: Wire, params: Any, field: str) -> None:
    assert fault(await wire.ask(str(params), "codeintel/whyNot", params)) == (-32602, field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verdict": "meh"}, "verdict"),
        ({"verdict": True}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"query": "lnag:go retry"}, "query"),
        ({"query": " "}, "query"),
        ({"position": {"line": 9_999, "character": 0}}, "position.line"),
        ({"position": None}, "position"),
    ],
)
async def test_a_wrong_judgment_names_its_field(wire: Wire, folder: Path, change: Any, field: str) -> None:
    right = {"query": "backoff", "verdict": "good", "position": START}
    params = {"textDocument": {"uri": (folder / "a.py").as_uri()}, **right, **change}
    assert fault(await wire.ask(str(change), "codeintel/judge", params)) == (-32602, field)
