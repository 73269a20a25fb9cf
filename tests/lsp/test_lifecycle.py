"""initialize, initialized, shutdown, exit; with and without folders; stdio and TCP."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from codeintel import __version__
from lsp.client import ENVIRONMENT, PATIENCE_S, SERVER, TEXT_ONLY, connected
from lsp.wire import Wire, fault, started


async def test_announces_what_it_can_do(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        offered = client.server
        assert offered.hover_provider and offered.workspace_symbol_provider
        assert offered.workspace.workspace_folders.change_notifications
        methods = offered.experimental["codeintel"]["methods"]
        assert {"codeintel/whyNot", "codeintel/judge", "codeintel/statusChanged"} <= set(methods)
        sync = offered.text_document_sync
        assert sync.save and sync.open_close and sync.change == types.TextDocumentSyncKind.Incremental
        assert sorted(offered.execute_command_provider.commands) == sorted(
            f"codeintel.server.{name}"
            for name in (
                *("search", "explain", "reindex", "reindexFile", "rebuild", "exportIdMap", "status"),
                *("similar", "references", "sql", "refreshScip", "whyNot", "judge"),
            )
        )


async def test_requests_before_initialize_and_after_shutdown_are_refused() -> None:
    async with started() as process:
        assert fault(await process.ask(1, "codeintel/status"))[0] == -32002
        await process.initialize()
        assert (await process.ask(2, "shutdown"))["result"] is None
        assert fault(await process.ask(3, "codeintel/status"))[0] == -32600
        process.send(method="exit")
        assert await process.ended() == (0, "")


@pytest.mark.parametrize("initialized", [False, True])
async def test_exit_without_shutdown_is_exit_code_1(workspace: Path, initialized: bool) -> None:
    async with started() as process:
        if initialized:
            await process.initialize(workspace)
        process.send(method="exit")
        code, errors = await process.ended()
        assert (code, "Traceback" in errors) == (1, False)


def fill(folder: Path) -> None:
    for number in range(300):
        functions = (f"def step_{number}_{part}(value):\n    return value * {part}\n\n" for part in range(20))
        (folder / f"module_{number}.py").write_text("".join(functions))


async def test_shutdown_while_indexing_ends_cleanly(tmp_path: Path) -> None:
    fill(tmp_path)
    async with started("--log-level", "warning") as process:
        await process.initialize(tmp_path)
        await asyncio.sleep(0.5)  # somewhere in the middle of opening or indexing
        assert (await process.ask(1, "shutdown"))["result"] is None
        process.send(method="exit")
        code, errors = await process.ended()
    assert (code, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal ends a process at once")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_indexing_ends_cleanly(tmp_path: Path, number: int) -> None:
    fill(tmp_path)
    async with started("--log-level", "warning") as process:
        await process.initialize(tmp_path)
        await asyncio.sleep(1.5)  # the worker processes run
        process.process.send_signal(number)
        await asyncio.wait_for(process.process.wait(), PATIENCE_S)
        code, errors = await process.ended()
    assert (code, errors) == (128 + number, "")


async def test_a_client_newer_than_the_server_is_served() -> None:
    async with started() as process:
        hover = {"contentFormat": ["hologram", "markdown"]}
        params = {"capabilities": {"textDocument": {"hover": hover}, "mind": True}, "future": [1]}
        answer = await process.ask(1, "initialize", params)
    assert answer["result"]["capabilities"]["hoverProvider"]


async def test_a_client_that_vanishes_while_indexing_leaves_no_trace_behind(
    sample: Path, tmp_path: Path
) -> None:
    async with started("--log-file", str(tmp_path / "server.log")) as process:
        await process.initialize(sample)
        code, errors = await process.ended()
    assert (code, errors) == (1, "")
    assert "Traceback" not in (tmp_path / "server.log").read_text()


async def test_a_second_start_answers_from_the_index_before_it_looks_for_changes(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY):
        pass
    async with connected(workspace, options=TEXT_ONLY, indexed=False) as client:
        assert (await client.search("backoff delay")).hits[0].path == "retry.py"


async def test_without_a_folder_questions_are_told_to_come_back() -> None:
    async with started() as process:
        await process.initialize()
        answer = await process.ask(1, "codeintel/search", {"query": "retry"})
        assert answer["error"]["code"] == -32803
        assert "No folder is open" in answer["error"]["message"]
        assert answer["error"]["data"] == {"retry": True, "retryAfterMs": 500}


async def test_a_missing_folder_is_said_once_and_answered(tmp_path: Path) -> None:
    async with connected(tmp_path / "missing", indexed=False) as client:
        for _ in range(2):
            with pytest.raises(Exception, match="There is no folder") as caught:
                await client.search("retry")
            assert caught.value.code == -32803
        assert len(client.messages) == 1
        assert "missing" in client.messages[0].message


async def test_a_missing_folder_beside_a_good_one_is_left_out(workspace: Path, tmp_path: Path) -> None:
    async with connected(tmp_path / "missing", workspace, options=TEXT_ONLY) as client:
        assert (await client.search("backoff delay")).hits[0].path == "retry.py"
        assert "missing" in client.messages[0].message


async def test_a_second_server_on_the_same_folder_searches_it_without_writing(workspace: Path) -> None:
    async with (
        connected(workspace, options=TEXT_ONLY),
        connected(workspace, options=TEXT_ONLY, indexed=False) as second,
    ):
        assert (await second.search("backoff delay")).hits[0].path == "retry.py"
        with pytest.raises(Exception, match="reading only"):
            await second.command("reindex")


async def test_serves_one_client_over_tcp_on_loopback(workspace: Path) -> None:
    async with started("--tcp", "0", "--log-level", "warning") as process:
        assert process.process.stderr
        line = (await process.process.stderr.readline()).decode()
        assert "127.0.0.1" in line
        reader, writer = await asyncio.open_connection("127.0.0.1", int(line.rpartition(":")[2]))
        wire = Wire(reader, writer)
        await wire.initialize(workspace, options=TEXT_ONLY)
        await wire.ask(1, "workspace/executeCommand", {"command": "codeintel.server.reindex"})
        found = await wire.ask(2, "codeintel/search", {"query": "backoff delay"})
        assert found["result"]["hits"][0]["path"] == "retry.py"
        await wire.ask(3, "shutdown")
        wire.send(method="exit")
        assert await process.ended() == (0, "")
        writer.close()


@pytest.mark.parametrize(
    "address", ["0.0.0.0:4000", "example.org:4000", "10.0.0.1:4000", "port", "99999", "[::]:1"]
)
async def test_refuses_to_listen_where_others_could_connect(address: str) -> None:
    async with started("--tcp", address) as process:
        code, errors = await process.ended()
    assert code == 2
    assert "--tcp" in errors


async def test_tells_its_version() -> None:
    process = await asyncio.create_subprocess_exec(
        *SERVER, "--version", stdout=asyncio.subprocess.PIPE, env=os.environ | ENVIRONMENT
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == f"codeintel-server {__version__}"
