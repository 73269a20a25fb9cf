"""codeintel/whyNot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.lsp import protocol
from lsp.client import TEXT_ONLY, Client, connected, until_found

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUERY = "retry with exponential backoff"


async def asked(
    client: Client, query: str, uri: str | None = None, line: int | None = None, **more: Any
) -> Any:
    params = protocol.WhyNotParams(
        query=query,
        text_document=types.TextDocumentIdentifier(uri) if uri else None,
        position=types.Position(line, 0) if line is not None else None,
        **more,
    )
    return await client.ask(protocol.WHY_NOT, params)


async def test_a_hit_below_the_shown_comes_with_the_last_one_shown(client: Client) -> None:
    hits = (await client.search(QUERY, limit=5)).hits
    fourth = hits[3]
    found = await asked(client, QUERY, fourth.uri, fourth.range.start.line, limit=2)
    assert (found.kind, found.rank, found.shown) == ("below", 4, 2)
    assert found.hit == fourth
    assert found.last_shown == hits[1]
    assert "4th" in found.note
    assert sum(part.contribution for part in found.hit.contributions) == pytest.approx(
        found.hit.score, abs=1e-6
    )


async def test_the_setting_says_how_many_are_shown(client: Client) -> None:
    best = (await client.search(QUERY, limit=1)).hits[0]
    found = await asked(client, QUERY, best.uri, best.range.start.line)
    assert (found.kind, found.rank, found.shown, found.last_shown) == ("found", 1, 10, None)


async def test_a_symbol_that_a_qualifier_leaves_out(client: Client) -> None:
    found = await asked(client, f"lang:sql {QUERY}", symbol="retry_with_backoff")
    assert (found.kind, found.qualifier) == ("filtered", "lang:sql")
    assert "(column 1)" in found.note
    assert "python" in found.reason


async def test_a_file_that_is_not_there_and_one_outside(client: Client, sample: Path) -> None:
    missing = await asked(client, QUERY, (sample / "nowhere.py").as_uri())
    outside = await asked(client, QUERY, "file:///etc/hosts")
    assert (missing.kind, outside.kind) == ("unknown", "notIndexed")
    assert "outside" in outside.reason


async def test_unsaved_text_is_asked_about_as_it_is_typed(workspace: Path) -> None:
    uri = (workspace / "retry.py").as_uri()
    text = (workspace / "retry.py").read_text() + "\n\ndef typed_just_now():\n    return 1\n"
    async with connected(workspace, options=TEXT_ONLY) as client:
        before = await asked(client, "typed just now", symbol="typed_just_now")
        client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text))
        )
        await until_found(client, "typed_just_now")
        after = await asked(client, "typed just now", symbol="typed_just_now")
    assert (before.kind, after.kind) == ("unknown", "found")
    assert after.hit.freshness == "live"


async def test_a_bad_qualifier_names_its_column(client: Client) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await asked(client, "retry lnag:go", symbol="x")
    assert caught.value.data["column"] == 6
