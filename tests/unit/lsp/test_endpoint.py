"""The endpoint: every request is answered exactly once, whatever is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

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
    await asyncio.wait(pending, timeout=5)
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
