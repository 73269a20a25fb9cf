"""workspace/symbol."""

from __future__ import annotations

import pytest
from lsprotocol import types

from lsp.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_is_the_search_with_names(client: Client) -> None:
    query = "retry with exponential backoff"
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams(query))
    hits = (await client.search(query, limit=50)).hits
    assert [one.location for one in symbols] == [types.Location(hit.uri, hit.range) for hit in hits]
    best = symbols[0]
    assert best.kind is types.SymbolKind.Function
    assert best.container_name == "courier/retry.py"
    assert all(one.name for one in symbols)


async def test_a_class_is_shown_as_a_class(client: Client) -> None:
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams("kind:class retry policy"))
    assert {one.kind for one in symbols} == {types.SymbolKind.Class}


@pytest.mark.parametrize("query", ["", "   "])
async def test_an_empty_query_finds_nothing(client: Client, query: str) -> None:
    assert await client.workspace_symbol_async(types.WorkspaceSymbolParams(query)) == []
