"""workspace/executeCommand."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lsp.client import TEXT_ONLY, Client, connected

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
