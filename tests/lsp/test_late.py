"""codeintel/search, codeintel/explain and codeintel/status where late interaction is switched on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from lsprotocol import types

from codeintel.lsp import protocol
from lookup_model import write_lookup_model
from lsp.client import connected, until
from lsp.test_live import open_document

pytestmark = pytest.mark.asyncio(loop_scope="session")

HASTY = """
import sys
from codeintel import entry
entry.multiply_on_one_thread()
from codeintel import scheduler
scheduler.TYPING_PAUSE_S = 1e9
sys.exit(entry.server())
"""
"""The server of somebody who searches before the typing pauses, always: the meaning tier rests until it is asked."""


async def test_alignments_travel_with_their_ranges(workspace: Path, tmp_path: Path) -> None:
    switch_on(workspace, tmp_path, "wide")
    async with connected(workspace) as client:
        asked = protocol.ExplainParams(
            query="jobs wait",
            text_document=types.TextDocumentIdentifier((workspace / "queue.py").as_uri()),
            position=types.Position(0, 0),
        )
        told = await client.ask(protocol.EXPLAIN, asked)
        (late,) = (part for part in told.hit.contributions if part.source == "late")
        jobs = next(piece for piece in late.evidence if piece.query == "jobs")
        assert (jobs.text, jobs.imputed) == ("Jobs", False)
        assert jobs.range == types.Range(types.Position(1, 7), types.Position(1, 11))
        assert sum(part.contribution for part in told.hit.contributions) == pytest.approx(told.hit.score)
        (root,) = (await client.ask(protocol.STATUS, protocol.StatusParams())).roots
        assert root.outputs == {"tokens": root.chunks}


async def test_a_better_order_follows_once_what_was_typed_has_its_vectors(
    workspace: Path, tmp_path: Path
) -> None:
    switch_on(workspace, tmp_path, "narrow")
    async with connected(workspace, server=(sys.executable, "-c", HASTY)) as client:
        text = "def jobs_wait(queue):\n    return queue.jobs\n"
        open_document(client, workspace / "retry.py", text)
        await until(lambda: client.statuses[-1].live == 1)
        before = await client.ask(protocol.STATUS, protocol.StatusParams())
        found = await client.search("lang:python jobs wait", partial_result_token="first")
        assert found.hits == []
        assert late_scores(client.partial_hits["first"])["retry.py"] == [None]
        better = client.better_hits["first"]
        assert None not in late_scores(better)["retry.py"]
        assert {hit.path for hits in better for hit in hits} == {"retry.py", "queue.py"}
        again = await client.search("lang:python jobs wait", partial_result_token="second")
        assert client.partial_hits["second"] == better
        assert "second" not in client.better_hits
        assert again.candidates == found.candidates
        after = await client.ask(protocol.STATUS, protocol.StatusParams())
        assert after.encoded + after.remembered == before.encoded + before.remembered + 1


async def test_who_wants_no_partial_results_is_answered_at_once_and_better_the_next_time(
    workspace: Path, tmp_path: Path
) -> None:
    switch_on(workspace, tmp_path, "narrow")
    async with connected(workspace, server=(sys.executable, "-c", HASTY)) as client:
        open_document(client, workspace / "retry.py", "def jobs_wait(queue):\n    return queue.jobs\n")
        await until(lambda: client.statuses[-1].live == 1)
        first = await client.search("lang:python jobs wait")
        assert late_scores([first.hits])["retry.py"] == [None]
        covered = first.coverage.meaning
        await until(lambda: client.statuses[-1].meaning > covered)
        assert None not in late_scores([(await client.search("lang:python jobs wait")).hits])["retry.py"]


def switch_on(workspace: Path, folder: Path, late: str) -> None:
    model = write_lookup_model(folder / "model")
    text = f"[model]\nfolder = '{model}'\n[channels]\nlate = '{late}'\n"
    (workspace / "codeintel.toml").write_text(text)


def late_scores(batches: list[list[protocol.Hit]]) -> dict[str, list[float | None]]:
    return {
        hit.path: [part.score for part in hit.contributions if part.source == "late"]
        for hits in batches
        for hit in hits
    }
