"""workspace/executeCommand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

import fake_indexer
from codeintel.lsp import protocol
from lsp.client import PATIENCE_S, TEXT_ONLY, Client, connected, until

shared = pytest.mark.asyncio(loop_scope="session")


@shared
@pytest.mark.parametrize("arguments", [("retry backoff", 3), ({"query": "retry backoff", "limit": 3},)])
async def test_search_answers_as_the_request_does(client: Client, arguments: tuple[object, ...]) -> None:
    found = await client.command("search", *arguments)
    requested = await client.search("retry backoff", limit=3)
    assert [hit["path"] for hit in found["hits"]] == [hit.path for hit in requested.hits]
    assert found["hits"][0]["score"] == pytest.approx(requested.hits[0].score)
    assert found["elapsedMs"] > 0


@shared
async def test_explain_takes_a_uri_and_a_line(client: Client) -> None:
    best = (await client.search("retry backoff", limit=1)).hits[0]
    explained = await client.command("explain", "retry backoff", best.uri, best.range.start.line)
    assert explained["rank"] == 1
    assert explained["hit"]["path"] == best.path


@shared
async def test_why_not_takes_a_line_or_a_name(client: Client) -> None:
    hits = (await client.search("retry backoff", limit=3)).hits
    third = hits[2]
    below = await client.command("whyNot", "retry backoff", third.uri, third.range.start.line, None, 2)
    assert (below["kind"], below["rank"], below["lastShown"]["path"]) == ("below", 3, hits[1].path)
    named = await client.command("whyNot", {"query": "lang:sql retry", "symbol": "retry_with_backoff"})
    assert (named["kind"], named["qualifier"]) == ("filtered", "lang:sql")


@shared
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("whyNot", {"query": "retry", "line": 3}),
        ("whyNot", {"query": "retry", "uri": "untitled:Untitled-1"}),
        ("judge", {"query": "retry", "uri": "untitled:Untitled-1", "line": 3, "verdict": "good"}),
    ],
)
async def test_a_place_that_is_none_names_its_field(client: Client, name: str, arguments: object) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.command(name, arguments)
    assert (caught.value.code, caught.value.data["field"]) == (-32602, "uri")


async def test_judge_keeps_the_verdict_that_the_request_would(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        uri = (workspace / "retry.py").as_uri()
        assert (await client.command("judge", "retry", uri, 0, "good"))["judgments"] == 1
        params = protocol.JudgeParams(
            query="retry",
            text_document=types.TextDocumentIdentifier(uri),
            position=types.Position(0, 0),
            verdict="none",
        )
        assert (await client.ask(protocol.JUDGE, params)).judgments == 0


@shared
async def test_status_counts_what_is_indexed(client: Client) -> None:
    status = await client.command("status")
    assert status["roots"][0]["files"] > 30


async def test_reindex_reads_what_changed_and_may_be_forced(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        assert (await client.command("reindex"))["changed"] == 0
        (workspace / "new.py").write_text("def unheard_of_name():\n    pass\n")
        (workspace / "queue.py").unlink()
        report = await client.command("reindex")
        assert (report["changed"], report["removed"], report["files"]) == (1, 1, 2)
        assert (await client.search("unheard_of_name")).hits[0].path == "new.py"
        assert (await client.command("reindex", {"force": True}))["files"] == 2


async def test_reindex_file_reads_that_file(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        for name in ("one.py", "two.py"):
            (workspace / name).write_text(f"def unheard_of_{name[:3]}():\n    pass\n")
        await client.command("reindexFile", (workspace / "one.py").as_uri())
        assert [hit.path for hit in (await client.search("unheard_of_one", limit=1)).hits] == ["one.py"]
        paths = {hit.path for hit in (await client.search("unheard_of_two")).hits}
        assert "two.py" not in paths


async def test_export_id_map_writes_parquet_with_a_row_for_each_vector(
    workspace: Path, tmp_path: Path
) -> None:
    async with connected(workspace) as client:
        target = tmp_path / "idmap.parquet"
        exported = await client.command("exportIdMap", str(target))
        chunks = (await client.command("status"))["roots"][0]["meaning"]
        assert exported == {"path": str(target), "rows": chunks}
        assert pq.read_table(target).num_rows == chunks > 0


@shared
async def test_similar_takes_a_uri_and_a_line(client: Client) -> None:
    here = (await client.search("retry_with_backoff", limit=1)).hits[0]
    found = await client.command("similar", here.uri, here.range.start.line, 3)
    assert 0 < len(found["hits"]) <= 3


@shared
async def test_sql_answers_columns_types_and_rows(client: Client) -> None:
    found = await client.command("sql", "SELECT uri, chunks FROM files ORDER BY chunks DESC, uri", 2)
    assert (found["columns"], len(found["rows"]), found["truncated"]) == (["uri", "chunks"], 2, True)
    assert found["types"][0] == "VARCHAR"


@shared
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"text": "DROP VIEW files"}, "text"),
        ({"text": "SELECT 1", "maxRows": 0}, "maxRows"),
        ({"text": "SELECT 1", "timeoutSeconds": 900}, "timeoutSeconds"),
        ({"text": "SELECT 1", "timeoutSeconds": "long"}, "timeoutSeconds"),
        ({}, "text"),
    ],
)
async def test_sql_that_cannot_be_asked_names_its_field(
    client: Client, arguments: dict[str, object], field: str
) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await client.command("sql", arguments)
    assert (caught.value.code, caught.value.data["field"]) == (-32602, field)


async def test_refresh_scip_tells_what_became_of_each_indexer(workspace: Path, tmp_path: Path) -> None:
    program = fake_indexer.install(tmp_path / "bin")
    options = {"index": {"tier": "structure"}, "scip": {"pythonCommand": str(program)}}
    async with connected(workspace, options=options) as client:
        (run,) = (await client.command("refreshScip"))["runs"]
        assert (run["indexer"], run["documents"], run.get("error")) == ("scip-python", 2, None)
        rows = (
            await client.command("sql", "SELECT DISTINCT uri FROM scip_occurrences WHERE origin = 'scip'")
        )["rows"]
        assert sorted(rows) == [["queue.py"], ["retry.py"]]


async def test_refresh_scip_tells_what_an_indexer_lacks(workspace: Path) -> None:
    options = {"index": {"tier": "structure"}, "scip": {"pythonCommand": "no-such-program"}}
    async with connected(workspace, options=options) as client:
        (run,) = (await client.command("refreshScip"))["runs"]
        assert "no-such-program" in run["error"]
        assert "npm install" in run["remedy"]


async def test_a_refresh_that_is_cancelled_ends_its_indexer(workspace: Path, tmp_path: Path) -> None:
    program = fake_indexer.install(tmp_path / "bin", behaviour="hang")
    options = {"index": {"tier": "structure"}, "scip": {"pythonCommand": str(program)}}
    async with connected(workspace, options=options) as client:
        asked = asyncio.ensure_future(client.command("refreshScip"))
        await until(
            lambda: any("Running" in str(one) for bar in client.progress_reports.values() for one in bar)
        )
        token = next(
            token
            for token, bar in client.progress_reports.items()
            if any("Running" in str(one) for one in bar)
        )
        client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wait_for(asked, PATIENCE_S)
        assert caught.value.code == -32800
