"""codeintel/search."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types

from codeintel.lsp import protocol
from lsp.client import Client, ended

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_finds_the_code_that_the_question_is_about(client: Client, sample) -> None:
    found = await client.search("retry with exponential backoff", limit=5)
    best = found.hits[0]
    assert best.path == "courier/retry.py"
    assert best.uri == (sample / "courier" / "retry.py").as_uri()
    assert best.breadcrumb == "retry_with_backoff"
    assert (best.kind, best.lang, best.root, best.freshness) == ("function", "python", "courier", "saved")
    assert len(found.hits) == 5


async def test_contributions_sum_to_the_score_and_hits_are_ordered(client: Client) -> None:
    found = await client.search("where are signatures checked", limit=20)
    for hit in found.hits:
        assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


async def test_says_how_complete_the_index_was_and_how_the_query_was_understood(client: Client) -> None:
    found = await client.search("lang:python retry")
    assert found.coverage.chunks == found.coverage.meaning > 100
    assert found.coverage.share == 1.0
    assert "lang:python" in found.plan
    assert found.candidates >= len(found.hits) > 0
    assert found.elapsed_ms > 0
    assert {hit.lang for hit in found.hits} == {"python"}


async def test_evidence_lies_inside_the_range_of_its_hit(client: Client) -> None:
    found = await client.search("retry backoff", limit=5)
    pieces = [(hit, piece) for hit in found.hits for part in hit.contributions for piece in part.evidence]
    assert pieces
    for hit, piece in pieces:
        assert hit.range.start <= piece.range.start <= piece.range.end <= hit.range.end


async def test_without_explain_there_is_no_evidence_but_every_contribution(client: Client) -> None:
    found = await client.search("retry backoff", limit=3, explain=False)
    parts = [part for hit in found.hits for part in hit.contributions]
    assert parts
    assert not any(part.evidence for part in parts)


async def test_the_range_covers_the_lines_of_the_chunk(client: Client, sample) -> None:
    hit = (await client.search("retry_with_backoff", limit=1)).hits[0]
    lines = (sample / hit.path).read_text().split("\n")
    text = "\n".join(lines[hit.range.start.line : hit.range.end.line + 1])
    assert "def retry_with_backoff(" in text
    assert hit.range.start.character == 0


async def test_partial_results_are_streamed_in_order_and_the_result_is_empty(client: Client) -> None:
    whole = await client.search("queue of messages", limit=25)
    streamed = await client.search("queue of messages", limit=25, partial_result_token="stream")
    batches = client.partial_hits.pop("stream")
    assert streamed.hits == []
    assert streamed.candidates == whole.candidates
    assert [hit.path for batch in batches for hit in batch] == [hit.path for hit in whole.hits]
    assert [len(batch) for batch in batches] == [10, 10, 5]


async def test_work_done_token_gets_a_beginning_and_an_end(client: Client) -> None:
    client.progress_reports["work"] = []
    await client.search("queue", work_done_token="work")
    reports = client.progress_reports.pop("work")
    assert isinstance(reports[0], types.WorkDoneProgressBegin)
    assert ended(reports)


async def test_the_limit_of_the_settings_holds_where_none_is_asked_for(client: Client) -> None:
    assert len((await client.search("message")).hits) == 10


async def test_a_storm_of_cancelled_searches_is_answered_and_leaves_the_server_idle(client: Client) -> None:
    ids = [f"storm-{number}" for number in range(300)]
    params = protocol.SearchParams(query="where do retries happen")
    pending = []
    for one in ids:
        pending.append(client.protocol.send_request(protocol.SEARCH, params, msg_id=one))
        client.cancel_request(types.CancelParams(one))
    outcomes = await asyncio.gather(*map(asyncio.wrap_future, pending), return_exceptions=True)
    codes = [getattr(outcome, "code", None) for outcome in outcomes]
    assert set(codes) <= {-32800, None}  # None: it was answered before the cancel came
    assert codes.count(-32800) > len(ids) // 2
    assert (await client.search("retry", limit=1)).hits
