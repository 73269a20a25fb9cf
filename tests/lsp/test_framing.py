"""Messages that are no messages: each is answered once, or the process ends cleanly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lsp.wire import Wire, fault, started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    async with started() as process:
        await process.initialize()
        yield process


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("body", "msg_id", "code"),
    [
        (b"not json", None, -32700),
        (b'{"jsonrpc": "2.0", "id": 1, ', None, -32700),
        (b"\xff\xfe\xfd", None, -32700),
        (b"[" * 100_000, None, -32700),
        (b"[]", None, -32600),
        (b"null", None, -32600),
        (b"{}", None, -32600),
        (b'{"jsonrpc": "1.0", "id": 7, "method": "codeintel/status"}', 7, -32600),
        (b'{"id": 8, "method": "codeintel/status"}', 8, -32600),
        (b'{"jsonrpc": "2.0", "id": 9}', 9, -32600),
        (b'{"jsonrpc": "2.0", "id": 10, "method": 5}', 10, -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "codeintel/status"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "codeintel/status"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "codeintel/status"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 11, "method": "initialize", "params": {"capabilities": {}}}', 11, -32600),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_refused_once(
    wire: Wire, body: bytes, msg_id: Any, code: int
) -> None:
    wire.send_body(body)
    assert fault(await wire.answer(msg_id))[0] == code
    assert fault(await wire.ask("next", "codeintel/none"))[0] == -32601


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "message",
    [
        {"method": "codeintel/unheardOf", "params": {"a": 1}},
        {"method": "$/cancelRequest", "params": {"id": "nobody"}},
        {"method": "$/cancelRequest", "params": []},
        {"method": "textDocument/didSave", "params": 5},
        {"method": "textDocument/didSave", "params": {"textDocument": {"uri": "untitled:1"}}},
        {"id": "nobody asked", "result": 1},
        {"id": "nobody asked", "error": {"code": 1, "message": "no"}},
        {"id": "nobody asked", "error": 5},
    ],
)
async def test_a_notification_or_answer_that_makes_no_sense_is_ignored(
    wire: Wire, message: dict[str, Any]
) -> None:
    wire.send(**message)
    assert fault(await wire.ask("next", "codeintel/none"))[0] == -32601


@pytest.mark.asyncio(loop_scope="module")
async def test_headers_may_have_any_case_and_any_line_end_and_company(wire: Wire) -> None:
    body = b'{"jsonrpc": "2.0", "id": 21, "method": "codeintel/none"}'
    for header in (b"content-length: %d\n\n", b"Content-Type: utf-8\r\nCONTENT-LENGTH:%d\r\n\r\n"):
        wire.writer.write(header % len(body) + body)
        assert fault(await wire.answer(21))[0] == -32601


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"Content-Length: 1000000000000\r\n\r\n{}",
        b"Content-Length: 99999999999999999999999999999999\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: many\r\n\r\n{}",
        b"GET / HTTP/1.1\r\n\r\n",
        b"x" * 100_000,
        b'Content-Length: 5\r\n\r\n{"id": 1}\r\n',
        b"",
    ],
)
async def test_a_stream_that_cannot_be_followed_ends_the_process_cleanly(bytes_sent: bytes) -> None:
    async with started() as process:
        process.writer.write(bytes_sent)
        code, errors = await process.ended()
    assert code == 1
    assert "Traceback" not in errors
