"""Several roots, and roots that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import TEXT_ONLY, Client, connected, until_indexed


@pytest.fixture
def other(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "parse.py").write_text("def parse_header(line):\n    return line.partition(':')\n")
    return folder


def change(client: Client, added: list[Path], removed: list[Path]) -> None:
    event = types.WorkspaceFoldersChangeEvent(
        added=[types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in added],
        removed=[types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in removed],
    )
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))


async def test_every_root_is_searched_and_named(workspace: Path, other: Path) -> None:
    async with connected(workspace, other, options=TEXT_ONLY) as client:
        header = (await client.search("parse_header", limit=1)).hits[0]
        delay = (await client.search("backoff_delay", limit=1)).hits[0]
        assert (header.root, header.path, header.uri) == ("other", "parse.py", (other / "parse.py").as_uri())
        assert (delay.root, delay.path) == ("tiny", "retry.py")


async def test_roots_of_the_same_name_get_distinct_names(workspace: Path, tmp_path: Path) -> None:
    twin = tmp_path / "elsewhere" / workspace.name
    twin.mkdir(parents=True)
    (twin / "parse.py").write_text("def parse_header(line):\n    return line\n")
    async with connected(workspace, twin, options=TEXT_ONLY) as client:
        roots = [root["name"] for root in (await client.command("status"))["roots"]]
        assert len(set(roots)) == 2


async def test_an_added_root_is_found_and_a_removed_one_is_not(workspace: Path, other: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        change(client, [other], [])
        await until_indexed(client, runs=2)
        assert (await client.search("parse_header", limit=1)).hits[0].root == "other"
        change(client, [], [workspace])
        assert {hit.root for hit in (await client.search("backoff_delay parse_header")).hits} == {"other"}


async def test_questions_asked_while_roots_change_are_answered(workspace: Path, other: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        for _ in range(4):
            change(client, [other], [])
            change(client, [], [other])
        assert (await client.search("backoff_delay", limit=1)).hits[0].root == "tiny"
        assert client.messages == []


async def test_the_last_root_may_be_removed(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        change(client, [], [workspace])
        with pytest.raises(Exception, match="No folder is open"):
            await client.search("backoff_delay")


async def test_folders_with_the_punctuation_of_uris_in_their_names_are_opened(
    workspace: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "C# what? 100%25 ü"
    workspace.rename(odd)
    async with connected(odd, options=TEXT_ONLY) as client:
        found = (await client.search("backoff delay")).hits[0]
        assert found.uri == (odd / "retry.py").as_uri()
