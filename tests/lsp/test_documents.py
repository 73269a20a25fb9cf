"""textDocument/didSave."""

from __future__ import annotations

from pathlib import Path

from lsp.client import TEXT_ONLY, connected, until_found


async def test_a_saved_file_is_found_by_its_new_text_and_not_by_the_old(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        assert (await client.search('"backoff_delay"')).hits
        client.save(workspace / "retry.py", "def linear_pause(attempt):\n    return attempt\n")
        await until_found(client, "linear_pause")
        assert (await client.search('"backoff_delay"')).hits == []
        hit = (await client.search("linear_pause", limit=1)).hits[0]
        assert (hit.range.start.line, hit.range.end.line) == (0, 1)


async def test_a_new_file_is_found_once_it_is_saved(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        client.save(workspace / "brand_new.py", "def unheard_of_name():\n    pass\n")
        assert (await until_found(client, "unheard_of_name")).path == "brand_new.py"


async def test_many_saves_in_a_row_end_with_the_last_text(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        for number in range(30):
            client.save(workspace / "retry.py", f"def version_{number}():\n    return {number}\n")
        await until_found(client, "version_29")
        assert (await client.search('"version_28"')).hits == []


async def test_a_file_saved_outside_the_workspace_is_not_indexed_and_harms_nothing(
    workspace: Path, tmp_path: Path
) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        client.save(tmp_path / "stray.py", "def stray_function():\n    pass\n")
        client.save(workspace / "inside.py", "def inside_function():\n    pass\n")
        await until_found(client, "inside_function")
        assert (await client.search('"stray_function"')).hits == []
        assert client.messages == []


async def test_a_file_saved_right_at_the_start_is_indexed(workspace: Path) -> None:
    async with connected(workspace, indexed=False) as client:
        client.save(workspace / "early.py", "def early_bird():\n    pass\n")
        assert (await until_found(client, "early_bird")).path == "early.py"
