"""The endpoint: every request is answered exactly once, whatever is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.lsp import protocol
from codeintel.lsp.server import CodeIntelServer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
METHODS = st.sampled_from(
    [
        *protocol.METHODS,
        "textDocument/hover",
        "workspace/symbol",
        "workspace/executeCommand",
        "$/cancelRequest",
        "initialize",
        "codeintel/none",
        "textDocument/didSave",
    ]
)
PARAMS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "query": VALUES,
        "limit": VALUES,
        "textDocument": VALUES | st.fixed_dictionaries({"uri": VALUES}),
        "position": VALUES | st.fixed_dictionaries({"line": VALUES, "character": VALUES}),
        "command": st.sampled_from(list(protocol.COMMANDS)) | VALUES,
        "arguments": VALUES,
        "id": VALUES,
    },
)


class Sent:
    """A writer that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def answers(self) -> list[Any]:
        return [message["id"] for message in self.messages if "method" not in message]


async def session(messages: list[dict[str, Any]]) -> Sent:
    """A server without folders that has been sent the messages."""
    server, sent = CodeIntelServer(), Sent()
    server.protocol.set_writer(sent)
    server.protocol.receive(
        {"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": {"capabilities": {}}}
    )
    server.protocol.receive({"jsonrpc": "2.0", "method": "initialized", "params": {}})
    for message in messages:
        server.protocol.receive(message)
    pending = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(pending, timeout=60)
    await server.session.close()
    return sent


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(METHODS, PARAMS), max_size=6))
def test_every_request_is_answered_exactly_once(requests: list[tuple[str, Any]]) -> None:
    messages = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(requests)
    ]
    answered = asyncio.run(session(messages)).answers()
    assert sorted(answered, key=str) == sorted(["init", *range(len(requests))], key=str)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(METHODS, PARAMS), max_size=6))
def test_a_notification_is_never_answered(notifications: list[tuple[str, Any]]) -> None:
    messages = [{"jsonrpc": "2.0", "method": method, "params": params} for method, params in notifications]
    assert asyncio.run(session(messages)).answers() == ["init"]


@settings(max_examples=60, deadline=None)
@given(
    VALUES
    | st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), VALUES)
)
def test_anything_else_is_refused_or_ignored(message: Any) -> None:
    assert len(asyncio.run(session([message])).answers()) <= 2


async def test_an_id_that_is_in_use_is_refused_and_the_first_request_goes_on() -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "codeintel/status"}
    sent = await session([request, request])
    codes = [message["error"]["code"] for message in sent.messages if message.get("id") == 1]
    assert codes == [-32600, -32803]


async def running() -> tuple[CodeIntelServer, Sent]:
    """A server whose client never says `initialized`, with a request that waits for that."""
    server, sent = CodeIntelServer(), Sent()
    server.protocol.set_writer(sent)
    for message in (
        {"id": "init", "method": "initialize", "params": {"capabilities": {}}},
        {"id": "waits", "method": "codeintel/status"},
    ):
        server.protocol.receive({"jsonrpc": "2.0", **message})
    await asyncio.sleep(0.05)
    return server, sent


async def until_answered(sent: Sent, msg_id: str) -> None:
    async with asyncio.timeout(60):
        while msg_id not in sent.answers():
            await asyncio.sleep(0.01)


async def test_shutdown_answers_what_still_runs_as_cancelled() -> None:
    server, sent = await running()
    server.protocol.receive({"jsonrpc": "2.0", "id": "more", "method": "codeintel/status"})
    server.protocol.receive({"jsonrpc": "2.0", "id": "bye", "method": "shutdown"})
    server.protocol.receive({"jsonrpc": "2.0", "id": "late", "method": "codeintel/status"})
    await until_answered(sent, "bye")
    by_id = {message["id"]: message for message in sent.messages if "method" not in message}
    assert {name: one.get("error", {}).get("code") for name, one in by_id.items() if name != "init"} == {
        "waits": -32800,
        "more": -32800,
        "late": -32600,
        "bye": None,
    }


async def test_an_answer_under_the_id_of_a_request_of_the_client_does_not_answer_that_request() -> None:
    server, sent = await running()
    server.protocol.receive({"jsonrpc": "2.0", "id": "waits", "result": 1})
    server.protocol.receive({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "no"}})
    server.protocol.receive({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "waits"}})
    await until_answered(sent, "waits")
    await server.session.close()
    assert sent.answers() == ["init", "waits"]


async def test_nothing_is_kept_of_a_notification_once_it_is_dealt_with() -> None:
    server, _ = await running()
    server.protocol.receive({"jsonrpc": "2.0", "method": "initialized", "params": {}})
    for _ in range(20):
        params = {"textDocument": {"uri": "file:///nowhere/a.py"}}
        server.protocol.receive({"jsonrpc": "2.0", "method": "textDocument/didSave", "params": params})
        server.protocol.receive({"jsonrpc": "2.0", "method": "textDocument/didClose", "params": params})
    async with asyncio.timeout(60):
        while server.protocol._request_futures:
            await asyncio.sleep(0.01)
    await server.session.close()


async def test_unreadable_params_of_a_notification_leave_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nested: object = 0
    for _ in range(300):
        nested = {"a": nested}
    for params in (5, [[]], nested):
        await session([{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": params}])
    assert caplog.text.count("unreadable params") == 3
    assert "Traceback" not in caplog.text
