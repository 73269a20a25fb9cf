"""Work-done progress of indexing, and its cancellation."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp.client import Client, connected, ended, until, until_indexed


async def test_indexing_begins_reports_counts_and_ends(workspace: Path) -> None:
    async with connected(workspace) as client:
        (reports,) = client.progress_reports.values()
        begin, *between, end = reports
        assert isinstance(begin, types.WorkDoneProgressBegin)
        assert (begin.title, begin.cancellable) == ("Indexing", True)
        assert any(" of 2" in (report.message or "") for report in between)
        assert isinstance(end, types.WorkDoneProgressEnd)


def without_progress(capabilities: types.ClientCapabilities) -> None:
    capabilities.window.work_done_progress = False


async def test_a_client_without_progress_is_not_asked_for_any(workspace: Path) -> None:
    async with connected(workspace, change=without_progress, indexed=False) as client:
        await client.command("reindex")
        assert client.progress_reports == {}


def messages(client: Client) -> list[str]:
    """What the progress bars have said so far."""
    return [str(getattr(report, "message", "")) for bar in client.progress_reports.values() for report in bar]


async def test_cancelling_the_progress_stops_indexing_and_keeps_what_is_done(tmp_path: Path) -> None:
    for number in range(400):
        body = "\n".join(
            f"def step_{number}_{part}(value):\n    return value * {part}\n" for part in range(10)
        )
        (tmp_path / f"module_{number}.py").write_text(body)
    async with connected(tmp_path, indexed=False) as client:
        bars = client.progress_reports
        await until(lambda: any("meaning" in message for message in messages(client)))
        (token,) = bars
        client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        await until_indexed(client)
        assert bars[token][-1].message == "stopped"
        found = await client.search("step_7_3")
        assert found.hits[0].path == "module_7.py"
        assert found.coverage.meaning < found.coverage.chunks
        assert client.messages == []


async def test_cancelling_the_command_stops_it(tmp_path: Path) -> None:
    for number in range(400):
        body = "\n".join(
            f"def step_{number}_{part}(value):\n    return value * {part}\n" for part in range(10)
        )
        (tmp_path / f"module_{number}.py").write_text(body)
    async with connected(tmp_path, indexed=False) as client:
        await until(lambda: len(client.progress_reports) == 1)
        params = types.ExecuteCommandParams("codeintel.server.reindex", [])
        running = asyncio.wrap_future(
            client.protocol.send_request("workspace/executeCommand", params, msg_id="reindex")
        )
        await until(lambda: len(client.progress_reports) == 2)
        client.cancel_request(types.CancelParams("reindex"))
        with pytest.raises(JsonRpcException) as caught:
            await running
        assert caught.value.code == -32800
        first, second = client.progress_reports.values()
        await until(lambda: ended(second))
        assert not ended(first)  # only the command was cancelled
