"""codeintel/explain and codeintel/status where late interaction is switched on."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from codeintel.lsp import protocol
from lookup_model import write_lookup_model
from lsp.client import connected

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_alignments_travel_with_their_ranges(workspace: Path, tmp_path: Path) -> None:
    model = write_lookup_model(tmp_path / "model")
    text = f"[model]\nfolder = '{model}'\n[channels]\nlate = 'wide'\n"
    (workspace / "codeintel.toml").write_text(text)
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
