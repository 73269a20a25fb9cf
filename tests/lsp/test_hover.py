"""textDocument/hover."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import TEXT_ONLY, Client, connected


def at(uri: str, line: int) -> types.HoverParams:
    return types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, 4))


@pytest.mark.asyncio(loop_scope="session")
async def test_says_why_the_last_search_hit_here(client: Client) -> None:
    hit = (await client.search("retry with exponential backoff", limit=1)).hits[0]
    hover = await client.text_document_hover_async(at(hit.uri, hit.range.start.line + 2))
    text = hover.contents.value
    assert hover.contents.kind is types.MarkupKind.Markdown
    assert f"{hit.score:.3f}" in text
    assert "`retry with exponential backoff`" in text
    assert "bm25 #1" in text
    assert "█" in text


@pytest.mark.asyncio(loop_scope="session")
async def test_says_nothing_where_no_search_hit(client: Client, sample: Path) -> None:
    await client.search("lang:python retry", limit=1)
    assert await client.text_document_hover_async(at((sample / "config" / "hosts.ini").as_uri(), 0)) is None


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "file:///etc/hosts"])
async def test_says_nothing_outside_the_workspace(client: Client, uri: str) -> None:
    assert await client.text_document_hover_async(at(uri, 0)) is None


def plain_text_only(capabilities: types.ClientCapabilities) -> None:
    capabilities.text_document.hover.content_format = [types.MarkupKind.PlainText]


async def test_a_client_without_markdown_gets_plain_text(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY, change=plain_text_only) as client:
        hit = (await client.search("backoff delay")).hits[0]
        contents = (await client.text_document_hover_async(at(hit.uri, 0))).contents
        assert contents.kind is types.MarkupKind.PlainText
        assert contents.value.startswith(f"codeintel {hit.score:.3f} for backoff delay")
        assert "|" not in contents.value


async def test_can_be_switched_off(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY | {"hover": {"enabled": False}}) as client:
        hit = (await client.search("backoff delay")).hits[0]
        assert await client.text_document_hover_async(at(hit.uri, 0)) is None
