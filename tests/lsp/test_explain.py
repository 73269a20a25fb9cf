"""codeintel/explain."""

from __future__ import annotations

import attrs
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.lsp import protocol
from lsp.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUERY = "retry with exponential backoff"


def at(uri: str, line: int, query: str = QUERY) -> protocol.ExplainParams:
    return protocol.ExplainParams(
        query=query, text_document=types.TextDocumentIdentifier(uri), position=types.Position(line, 0)
    )


async def test_explains_a_hit_as_the_search_ranked_it(client: Client) -> None:
    best, second = (await client.search(QUERY, limit=2)).hits
    explained = await client.ask(protocol.EXPLAIN, at(best.uri, best.range.start.line))
    assert explained.rank == 1
    assert explained.hit.range == best.range
    assert explained.hit.score == pytest.approx(best.score)
    assert explained.next_hit.range == second.range
    assert sum(part.contribution for part in explained.hit.contributions) == pytest.approx(
        best.score, abs=1e-6
    )


async def test_tells_the_rank_without_each_channel(client: Client) -> None:
    best = (await client.search(QUERY, limit=1)).hits[0]
    explained = await client.ask(protocol.EXPLAIN, at(best.uri, best.range.start.line))
    assert {"bm25", "dense"} <= set(explained.without)
    assert all(rank is None or rank >= 1 for rank in explained.without.values())


@pytest.mark.parametrize(
    ("depth", "evidence", "following", "without"),
    [("one", False, False, False), ("signals", False, True, False), ("full", True, True, True)],
)
async def test_there_are_three_depths(
    client: Client, depth: str, evidence: bool, following: bool, without: bool
) -> None:
    best = (await client.search(QUERY, limit=1)).hits[0]
    asked = attrs.evolve(at(best.uri, best.range.start.line), depth=depth)
    told = await client.ask(protocol.EXPLAIN, asked)
    assert told.summary.startswith(f"rank 1 of {told.candidates}: ")
    assert "matching words, rank 1: " in told.summary
    assert "\n" not in told.summary
    assert any(part.evidence for part in told.hit.contributions) == evidence
    assert (told.next_hit is not None, bool(told.without)) == (following, without)
    assert sum(part.contribution for part in told.hit.contributions) == pytest.approx(best.score, abs=1e-6)


async def test_another_depth_is_an_error(client: Client, sample) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.ask(protocol.EXPLAIN, attrs.evolve(at((sample / "README.md").as_uri(), 0), depth="deep"))
    assert (caught.value.code, caught.value.data["field"]) == (-32602, "depth")


async def test_says_why_a_place_is_no_hit(client: Client, sample) -> None:
    uri = (sample / "sql" / "schema.sql").as_uri()
    explained = await client.ask(protocol.EXPLAIN, at(uri, 0, "lang:python retry"))
    assert explained.hit is None
    assert explained.rank is None
    assert explained.note


async def test_a_line_beyond_the_file_is_an_error_about_the_position(client: Client, sample) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.ask(protocol.EXPLAIN, at((sample / "README.md").as_uri(), 100_000))
    assert (caught.value.code, caught.value.data["field"]) == (-32602, "position.line")


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "file:relative.py", "", "http://example.org/a.py"])
async def test_a_uri_that_is_no_file_is_an_error_about_the_document(client: Client, uri: str) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.ask(protocol.EXPLAIN, at(uri, 0))
    assert (caught.value.code, caught.value.data["field"]) == (-32602, "textDocument.uri")


async def test_a_file_outside_the_workspace_is_refused(client: Client) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.ask(protocol.EXPLAIN, at("file:///etc/hosts", 0))
    assert caught.value.code == -32803
    assert "outside" in caught.value.message
