"""The folder of the index is removed while the server runs, as people do to start anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import TEXT_ONLY, connected, until_found


def remove_index(workspace: Path) -> Path:
    """Remove it, and change a file so that there is something to index."""
    shutil.rmtree(workspace / ".codeintel")
    changed = workspace / "tapir.py"
    changed.write_text("def tapir():\n    return 'melon'\n")
    return changed


async def test_reindex_makes_it_anew(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        remove_index(workspace)
        assert (await client.search("backoff delay")).hits[0].path == "retry.py"
        assert (await client.command("reindex"))["files"] == 3
        assert (await client.search("tapir")).hits[0].path == "tapir.py"
        assert (workspace / ".codeintel" / "manifest.json").exists()
    async with connected(workspace, options=TEXT_ONLY) as client:
        assert (await client.search("tapir")).hits[0].path == "tapir.py"


async def test_a_saved_file_makes_it_anew(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        changed = remove_index(workspace)
        document = types.TextDocumentIdentifier(changed.as_uri())
        client.text_document_did_save(types.DidSaveTextDocumentParams(document))
        assert (await until_found(client, "melon")).path == "tapir.py"
        assert (await client.search("backoff delay")).hits[0].path == "retry.py"


async def test_a_folder_that_is_gone_altogether_is_searched_as_it_was(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        shutil.rmtree(workspace)
        with pytest.raises(Exception, match="cannot be read"):
            await client.command("reindex")
        assert (await client.search("backoff delay")).hits[0].path == "retry.py"
