"""What is typed is searched before it is saved, and what is not saved is never kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lsprotocol import types

from codeintel.lsp import protocol
from lsp.client import PATIENCE_S, TEXT_ONLY, Client, connected, until, until_found

UTF8 = "utf-8"


def open_document(client: Client, path: Path, text: str, version: int = 1) -> None:
    item = types.TextDocumentItem(path.as_uri(), "python", version, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))


def insert(client: Client, path: Path, version: int, line: int, character: int, text: str) -> None:
    place = types.Position(line, character)
    edit = types.TextDocumentContentChangePartial(types.Range(place, place), text)
    change(client, path, version, edit)


def change(client: Client, path: Path, version: int, *edits: Any) -> None:
    document = types.VersionedTextDocumentIdentifier(version, path.as_uri())
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(edits)))


def close(client: Client, path: Path) -> None:
    client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(path.as_uri()))
    )


async def until_gone(client: Client, phrase: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await client.search(f'"{phrase}"', limit=1)).hits:
            await asyncio.sleep(0.02)


async def test_typed_text_is_found_before_it_is_saved(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        open_document(client, path, path.read_text())
        insert(client, path, 2, 0, 0, "def unheard_of_name():\n    return 1\n\n\n")
        hit = await until_found(client, "unheard_of_name")
        assert (hit.path, hit.freshness, hit.range.start.line) == ("retry.py", "live", 0)
        below = await until_found(client, "Wait twice as long")
        assert below.range.end.line == 6  # what was saved moved with what was typed above it
        assert (await client.search("backoff delay")).coverage.live == 1


async def test_closing_without_saving_brings_the_file_back(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        open_document(client, path, "def something_else():\n    pass\n")
        await until_found(client, "something_else")
        assert not (await client.search('"Wait twice as long"')).hits
        close(client, path)
        await until_gone(client, "something_else")
        hit = await until_found(client, "Wait twice as long")
        assert hit.freshness == "saved"


async def test_unsaved_text_is_in_no_file_of_the_index(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        open_document(client, path, path.read_text())
        insert(client, path, 2, 0, 0, "secret_in_the_making = 1\n")
        await until_found(client, "secret_in_the_making")
        client.save(workspace / "queue.py", "saved_meanwhile = 1\n")
        await until_found(client, "saved_meanwhile")
        await until(lambda: "saved_meanwhile" in published(workspace))
        assert "secret_in_the_making" not in published(workspace)
    for file in (workspace / ".codeintel").rglob("*"):
        assert not file.is_file() or b"secret_in_the_making" not in file.read_bytes()


def published(workspace: Path) -> str:
    """The contents of every chunk in any part of the index."""
    parts = (workspace / ".codeintel" / "chunks").glob("[!.]*.parquet")
    return "\n".join(
        text for part in parts for text in pq.read_table(part, columns=["content"])["content"].to_pylist()
    )


async def test_saving_promotes_what_was_typed(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        text = "def promoted():\n    pass\n"
        open_document(client, path, path.read_text())
        change(client, path, 2, types.TextDocumentContentChangeWholeDocument(text))
        assert (await until_found(client, "promoted")).freshness == "live"
        client.save(path, text)
        async with asyncio.timeout(PATIENCE_S):
            while (await until_found(client, "promoted")).freshness != "saved":
                await asyncio.sleep(0.02)
        assert (await client.search("promoted")).coverage.live == 0


async def test_a_new_file_is_found_before_it_exists_unless_it_would_be_ignored(workspace: Path) -> None:
    (workspace / ".gitignore").write_text("build/\n")
    async with connected(workspace, options=TEXT_ONLY) as client:
        open_document(client, workspace / "build" / "made.py", "made_by_a_tool = 1\n")
        open_document(client, workspace / "new.py", "not_yet_there = 1\n")
        await until_found(client, "not_yet_there")
        assert not (await client.search('"made_by_a_tool"')).hits


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_edits_behind_wide_characters_land_where_they_were_made(workspace: Path, encoding: str) -> None:
    path = workspace / "wide.py"
    path.write_text("a = '😀é'\n", encoding=UTF8)
    units = {"utf-8": 6, "utf-16": 3, "utf-32": 2}[encoding]

    def speak(capabilities: types.ClientCapabilities) -> None:
        capabilities.general = types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(encoding)]
        )

    async with connected(workspace, options=TEXT_ONLY, change=speak) as client:
        open_document(client, path, path.read_text(encoding=UTF8))
        insert(client, path, 2, 0, 5 + units, "_typed_here")
        assert (await until_found(client, "😀é_typed_here")).freshness == "live"


async def test_edits_that_cannot_be_applied_leave_the_file_as_it_was_saved(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        insert(client, workspace / "never_opened.py", 2, 0, 0, "nobody_opened_this = 1\n")
        open_document(client, path, "first_version = 1\n", version=5)
        await until_found(client, "first_version")
        insert(client, path, 4, 0, 0, "out_of_order = 1\n")
        await until_found(client, "Wait twice as long")
        backwards = types.Range(types.Position(1, 0), types.Position(0, 0))
        change(client, path, 6, types.TextDocumentContentChangePartial(backwards, "backwards = 1\n"))
        change(client, path, 7, types.TextDocumentContentChangeWholeDocument("in_step_again = 1\n"))
        assert (await until_found(client, "in_step_again")).freshness == "live"
        for phrase in ("nobody_opened_this", "out_of_order", "backwards", "first_version"):
            assert not (await client.search(f'"{phrase}"')).hits


async def test_documents_stay_live_when_the_settings_change(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, configuration={"codeintel": TEXT_ONLY}) as client:
        open_document(client, path, "kept_open = 1\n")
        await until_found(client, "kept_open")
        client.set_configuration({"codeintel": {**TEXT_ONLY, "search": {"limit": 3}}})
        client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await asyncio.sleep(0.1)
        assert (await until_found(client, "kept_open")).freshness == "live"


async def test_status_changes_are_told(workspace: Path) -> None:
    path = workspace / "retry.py"
    async with connected(workspace, options=TEXT_ONLY) as client:
        await until(lambda: bool(client.statuses) and client.statuses[-1].state == "ready")
        open_document(client, path, "typed = 1\n")
        await until(lambda: client.statuses[-1].live == 1)
        told: protocol.StatusChanged = client.statuses[-1]
        assert told.chunks > 0 and not told.following


async def test_files_that_others_change_are_noticed(workspace: Path) -> None:
    """By the client where it offers to watch (VS Code), by ourselves where it does not (Neovim on Linux)."""
    for editor in ("visual-studio-code", "neovim@0.11"):
        async with connected(workspace, options=TEXT_ONLY, editor=editor) as client:
            path = workspace / "later.py"
            path.write_text(f"written_by_another = '{editor}'\n")
            watches = [
                r for r in client.registrations if r.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            ]
            if watches:
                tell(client, path, types.FileChangeType.Created)
            await until_found(client, f"written_by_another = '{editor}'")
            path.unlink()
            if watches:
                tell(client, path, types.FileChangeType.Deleted)
            await until_gone(client, "written_by_another")


def tell(client: Client, path: Path, kind: types.FileChangeType) -> None:
    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams([types.FileEvent(path.as_uri(), kind)])
    )


async def test_a_second_server_follows_the_first_and_takes_over_from_it(workspace: Path) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(killed(workspace))
        second = await stack.enter_async_context(connected(workspace, options=TEXT_ONLY, indexed=False))
        await until_found(second, "Wait twice as long")
        first.save(workspace / "queue.py", "written_by_the_first = 1\n")
        await until_found(second, "written_by_the_first")
        open_document(second, workspace / "retry.py", "typed_in_the_second = 1\n")
        await until_found(second, "typed_in_the_second")
        assert not (await first.search('"typed_in_the_second"')).hits
        assert first._server is not None
        first._server.kill()
        second.save(workspace / "queue.py", "written_by_the_second = 1\n")
        await until_found(second, "written_by_the_second")
        await until_found(second, "typed_in_the_second")
        await until(lambda: "written_by_the_second" in published(workspace))


@asynccontextmanager
async def killed(workspace: Path) -> AsyncIterator[Client]:
    """A session whose server is killed before it can be shut down."""
    with contextlib.suppress(RuntimeError):
        async with connected(workspace, options=TEXT_ONLY) as client:
            yield client
