"""Settings: initialization options, workspace/configuration, and changes of it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from lsp.client import TEXT_ONLY, connected, until_indexed


async def test_the_configuration_of_the_editor_is_asked_for_and_applies(workspace: Path) -> None:
    configuration = {"codeintel": {"search": {"limit": 1}, "index": {"tier": "text"}}}
    async with connected(workspace, configuration=configuration) as client:
        found = await client.search("attempt")
        assert len(found.hits) == 1
        assert found.coverage.meaning == 0


async def test_a_bad_option_is_said_and_the_rest_applies(workspace: Path) -> None:
    options = {"index": {"tier": "text"}, "search": {"limit": "many"}, "colour": "blue"}
    async with connected(workspace, options=options) as client:
        assert (await client.search("attempt")).coverage.meaning == 0
        said = " ".join(message.message for message in client.messages)
        assert "search.limit" in said
        assert "colour" in said


async def test_a_changed_configuration_takes_effect(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        assert types.WORKSPACE_DID_CHANGE_CONFIGURATION in [one.method for one in client.registrations]
        assert len((await client.search("attempt")).hits) == 2
        client.set_configuration({"search": {"limit": 1}}, section="codeintel")
        client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await until_indexed(client, runs=2)
        assert len((await client.search("attempt")).hits) == 1


def without_asking(capabilities: types.ClientCapabilities) -> None:
    capabilities.workspace.configuration = False


async def test_a_client_that_cannot_be_asked_may_push(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY, change=without_asking) as client:
        settings = {"codeintel": {"search": {"limit": 1}}}
        client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await until_indexed(client, runs=2)
        assert len((await client.search("attempt")).hits) == 1


async def test_an_unchanged_configuration_does_not_open_the_workspace_again(workspace: Path) -> None:
    async with connected(workspace, options=TEXT_ONLY) as client:
        client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await client.command("status")
        assert len(client.progress_reports) == 1


async def test_a_workspace_that_is_not_trusted_chooses_no_model(workspace: Path) -> None:
    (workspace / "codeintel.toml").write_text('[model]\nfolder = "their-model"\n\n[search]\nlimit = 1\n')
    async with connected(workspace, options={**TEXT_ONLY, "trusted": False}) as client:
        assert len((await client.search("attempt")).hits) == 1
        (said,) = [message.message for message in client.messages]
        assert "model.folder" in said
        assert "not trusted" in said
