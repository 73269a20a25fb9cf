"""Params that are wrong in every way that the protocol allows to send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.client import TEXT_ONLY
from lsp.wire import Wire, fault, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = "file:///tmp/a.py"
FILE_ID = {"uri": FILE}
START = {"line": 0, "character": 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    folder: Path = tmp_path_factory.mktemp("params")
    (folder / "a.py").write_text("def backoff(attempt):\n    return 2**attempt\n")
    async with started() as process:
        await process.initialize(folder, options=TEXT_ONLY)
        await process.ask("ready", "workspace/executeCommand", {"command": "codeintel.server.reindex"})
        yield process


SEARCHES: list[tuple[Any, int, str | None]] = [
    (None, -32602, "query"),
    ({}, -32602, "query"),
    ([], -32602, "params"),
    ("backoff", -32602, "params"),
    ({"query": None}, -32602, "query"),
    ({"query": 5}, -32602, "query"),
    ({"query": ["backoff"]}, -32602, "query"),
    ({"query": ""}, -32602, "query"),
    ({"query": " \t\n"}, -32602, "query"),
    ({"query": "x" * 100_000}, -32602, "query"),
    ({"query": "backoff", "limit": 0}, -32602, "limit"),
    ({"query": "backoff", "limit": -1}, -32602, "limit"),
    ({"query": "backoff", "limit": 10**9}, -32602, "limit"),
    ({"query": "backoff", "limit": "10"}, -32602, "limit"),
    ({"query": "backoff", "limit": 2.5}, -32602, "limit"),
    ({"query": "backoff", "limit": True}, -32602, "limit"),
    ({"query": "backoff", "explain": "no"}, -32602, "explain"),
    ({"query": "backoff", "partialResultToken": {}}, -32602, "partialResultToken"),
    ({"query": "backoff", "workDoneToken": [1]}, -32602, "workDoneToken"),
    ({"query": "lnag:python backoff"}, -32602, "query"),
    ({"query": 'backoff "never closed'}, -32602, "query"),
]


@pytest.mark.parametrize(("params", "code", "field"), SEARCHES)
async def test_a_wrong_search_is_refused_and_names_the_field(
    wire: Wire, params: Any, code: int, field: str | None
) -> None:
    answer = await wire.ask("bad", "codeintel/search", params)
    assert fault(answer) == (code, field)
    assert answer["error"]["data"]["reason"]
    assert "Traceback" not in str(answer)


@pytest.mark.parametrize(
    "params",
    [
        {"query": "backoff", "unknown": {"a": [1]}, "jsonrpc": "2.0"},
        {"query": "backoff", "limit": None},
        {"query": "backoff", "limit": 1.0},
        {"query": "backoff", "limit": 1000},
        {"query": "backoff \ud83d\ude00 \x00"},
        {"query": "backoff \ud800"},
    ],
)
async def test_an_unusual_search_is_answered(wire: Wire, params: Any) -> None:
    answer = await wire.ask("odd", "codeintel/search", params)
    assert answer["result"]["hits"][0]["path"] == "a.py"


@pytest.mark.parametrize(
    ("query", "column"), [("lnag:python backoff", 0), ("backoff kind:methd", 13), ('ab "open', 3)]
)
async def test_a_bad_qualifier_is_refused_with_its_column(wire: Wire, query: str, column: int) -> None:
    answer = await wire.ask("column", "codeintel/search", {"query": query})
    assert answer["error"]["data"]["column"] == column


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("codeintel/explain", {"query": "a", "textDocument": FILE_ID}, "position"),
        ("codeintel/explain", {"textDocument": FILE_ID, "position": START}, "query"),
        ("codeintel/explain", {"query": "a", "textDocument": 5, "position": START}, "textDocument"),
        ("codeintel/similar", {"textDocument": {}, "position": START}, "textDocument.uri"),
        ("codeintel/similar", {"textDocument": FILE_ID, "position": {"line": "x", "character": 0}}, "position.line"),
        ("textDocument/hover", {"textDocument": FILE_ID, "position": {"line": -1, "character": 0}}, "position"),
        ("textDocument/hover", None, "params"),
        ("workspace/symbol", {}, "query"),
        ("workspace/executeCommand", {"arguments": []}, "command"),
    ],
)  # fmt: skip
async def test_wrong_params_of_any_request_are_refused_and_name_the_field(
    wire: Wire, method: str, params: Any, field: str
) -> None:
    code, named = fault(await wire.ask("any", method, params))
    assert code == -32602
    assert str(named).startswith(field)


@pytest.mark.parametrize(
    ("command", "arguments", "field"),
    [
        ("search", [], "query"),
        ("search", [5], "query"),
        ("search", [{"query": "a", "limit": "many"}], "limit"),
        ("search", ["a", 1, True, None, None, "more"], "arguments"),
        ("explain", ["a", FILE], "line"),
        ("explain", ["a", "untitled:1", 0], "uri"),
        ("reindex", ["yes"], "force"),
        ("reindexFile", [], "uri"),
        ("exportIdMap", [], "path"),
        ("nothing", [], None),
    ],
)
async def test_wrong_arguments_of_a_command_are_refused_and_name_the_field(
    wire: Wire, command: str, arguments: list[Any], field: str | None
) -> None:
    params = {"command": f"codeintel.server.{command}", "arguments": arguments}
    assert fault(await wire.ask("command", "workspace/executeCommand", params)) == (-32602, field)


async def test_an_unknown_method_is_not_found(wire: Wire) -> None:
    assert fault(await wire.ask("unknown", "codeintel/whatever", {}))[0] == -32601


async def test_status_needs_no_params(wire: Wire) -> None:
    assert (await wire.ask("status", "codeintel/status"))["result"]["roots"]
