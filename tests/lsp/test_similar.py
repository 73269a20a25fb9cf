"""codeintel/similar."""

from __future__ import annotations

import pytest
from lsprotocol import types

from codeintel.lsp import protocol
from lsp.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_finds_chunks_like_the_one_at_the_position_but_not_itself(client: Client) -> None:
    here = (await client.search("retry_with_backoff", limit=1)).hits[0]
    params = protocol.SimilarParams(
        text_document=types.TextDocumentIdentifier(here.uri), position=here.range.start, limit=5
    )
    found = await client.ask(protocol.SIMILAR, params)
    assert 0 < len(found.hits) <= 5
    assert (here.path, here.range) not in [(hit.path, hit.range) for hit in found.hits]
    for hit in found.hits:
        assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)


async def test_streams_under_a_partial_result_token(client: Client) -> None:
    here = (await client.search("retry_with_backoff", limit=1)).hits[0]
    params = protocol.SimilarParams(
        text_document=types.TextDocumentIdentifier(here.uri),
        position=here.range.start,
        limit=3,
        partial_result_token="likes",
    )
    found = await client.ask(protocol.SIMILAR, params)
    assert found.hits == []
    assert [len(batch) for batch in client.partial_hits.pop("likes")] == [3]
