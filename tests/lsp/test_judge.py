"""codeintel/judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types

from codeintel.judgments.place import judgments_file
from codeintel.lsp import protocol
from codeintel.workspace.roots import open_root
from lsp.client import TEXT_ONLY, Client, connected

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def judged(client: Client, path: Path, verdict: str) -> protocol.JudgeResult:
    params = protocol.JudgeParams(
        query="retry",
        text_document=types.TextDocumentIdentifier(path.as_uri()),
        position=types.Position(0, 0),
        verdict=verdict,
    )
    result: protocol.JudgeResult = await client.ask(protocol.JUDGE, params)
    return result


async def test_verdicts_are_counted_replaced_and_taken_back(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        assert (await judged(client, workspace / "retry.py", "good")).judgments == 1
        assert (await judged(client, workspace / "queue.py", "bad")).judgments == 2
        assert (await judged(client, workspace / "queue.py", "good")).judgments == 2
        assert (await judged(client, workspace / "queue.py", "none")).judgments == 1
    lines = judgments_file(open_root(workspace)).read_text().split()
    assert sum("verdict" in line for line in lines) == 4


async def test_they_outlast_the_rebuilding_of_the_index(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        await judged(client, workspace / "retry.py", "good")
        await client.command("rebuild")
        assert (await judged(client, workspace / "queue.py", "good")).judgments == 2
    kept = [
        json.loads(line) for line in judgments_file(open_root(workspace)).read_text().splitlines() if line
    ]
    assert [(one["path"], one["verdict"], one["startLine"]) for one in kept] == [
        ("retry.py", "good", 1),
        ("queue.py", "good", 1),
    ]
