"""textDocument/definition, references, documentSymbol and codeLens: off unless switched on, offered as clients want."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from lsp.client import Client, connected, until

METHODS = {
    types.TEXT_DOCUMENT_DEFINITION,
    types.TEXT_DOCUMENT_REFERENCES,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL,
    types.TEXT_DOCUMENT_CODE_LENS,
}
OFF = {"index": {"tier": "structure"}}
ON: dict[str, Any] = OFF | {
    "navigation": {"definition": True, "references": True, "documentSymbol": True},
    "codeLens": {"references": True, "similar": True},
}
SUPPORTS = ("definition", "references", "document_symbol", "code_lens")


@pytest.fixture
def shop(workspace: Path) -> Path:
    """The tiny workspace with a file that uses another one's function."""
    (workspace / "use.py").write_text("from retry import backoff_delay\n\nprint(backoff_delay(2))\n")
    return workspace


def registering(wanted: bool) -> Any:
    def change(capabilities: types.ClientCapabilities) -> None:
        assert capabilities.text_document is not None
        for name in SUPPORTS:
            getattr(capabilities.text_document, name).dynamic_registration = wanted

    return change


def at(path: Path, line: int, character: int) -> dict[str, Any]:
    return {
        "text_document": types.TextDocumentIdentifier(path.as_uri()),
        "position": types.Position(line, character),
    }


def places(found: list[types.Location]) -> list[tuple[str, int, int, int]]:
    return [
        (Path(one.uri).name, one.range.start.line, one.range.start.character, one.range.end.character)
        for one in found
    ]


def registered(client: Client) -> set[str]:
    return {one.method for one in client.registrations} & METHODS


def offered(client: Client) -> list[str]:
    return [name for name in SUPPORTS if getattr(client.server, f"{name}_provider")]


@pytest.mark.parametrize("registers", [True, False])
async def test_nothing_is_offered_unless_it_is_switched_on(shop: Path, registers: bool) -> None:
    async with connected(shop, options=OFF, change=registering(registers)) as client:
        assert (offered(client), registered(client)) == ([], set())
        asked = types.DefinitionParams(**at(shop / "use.py", 2, 8))
        assert await client.text_document_definition_async(asked) is None


async def test_a_client_that_lets_methods_be_registered_follows_the_settings(shop: Path) -> None:
    (shop / "codeintel.toml").write_text("[navigation]\ndefinition = true\n")
    async with connected(shop, options=OFF, change=registering(True)) as client:
        assert (offered(client), registered(client)) == ([], {types.TEXT_DOCUMENT_DEFINITION})
        unregistered: list[str] = []

        @client.feature(types.CLIENT_UNREGISTER_CAPABILITY)
        def note(params: types.UnregistrationParams) -> None:
            unregistered.extend(one.method for one in params.unregisterations)

        client.set_configuration({"codeintel": {"navigation": {"definition": False, "references": True}}})
        client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        await until(lambda: types.TEXT_DOCUMENT_REFERENCES in registered(client))
        assert unregistered == [types.TEXT_DOCUMENT_DEFINITION]


async def test_any_other_is_told_at_the_start(shop: Path) -> None:
    options = OFF | {"navigation": {"references": True}}
    async with connected(shop, options=options, change=registering(False)) as client:
        assert (offered(client), registered(client)) == (["references"], set())


async def test_definitions_references_outline_and_lenses_are_answered(shop: Path) -> None:
    async with connected(shop, options=ON, change=registering(False)) as client:
        use, retry = shop / "use.py", shop / "retry.py"
        await known(client, retry)
        found = await client.text_document_definition_async(types.DefinitionParams(**at(use, 2, 8)))
        assert places(found) == [("retry.py", 0, 4, 17)]
        asked = types.ReferenceParams(types.ReferenceContext(True), **at(retry, 0, 5))
        assert places(await client.text_document_references_async(asked)) == [
            ("retry.py", 0, 4, 17),
            ("use.py", 0, 18, 31),
            ("use.py", 2, 6, 19),
        ]
        (queue,) = await outline(client, shop / "queue.py")
        assert (queue.name, queue.kind, queue.selection_range.start) == (
            "JobQueue",
            types.SymbolKind.Class,
            types.Position(0, 6),
        )
        assert [(one.name, one.kind) for one in queue.children] == [("take", types.SymbolKind.Method)]
        await lenses_work(client, retry)


async def lenses_work(client: Client, path: Path) -> None:
    document = types.TextDocumentIdentifier(path.as_uri())
    counting, similar = await client.text_document_code_lens_async(types.CodeLensParams(document))
    counted = await client.code_lens_resolve_async(counting)
    assert counted.command.title == "2 references"
    for lens, key in ((counted, "references"), (similar, "hits")):
        name = lens.command.command.removeprefix("codeintel.server.")
        assert len((await client.command(name, *lens.command.arguments))[key]) == 2
    assert await client.code_lens_resolve_async(types.CodeLens(counting.range)) == types.CodeLens(
        counting.range
    )


async def outline(client: Client, path: Path) -> list[types.DocumentSymbol]:
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(path.as_uri()))
    return await client.text_document_document_symbol_async(params) or []


async def known(client: Client, path: Path) -> None:
    """Wait for the structure of every document."""
    status = None
    while status is None or status["roots"][0]["structured"] < status["roots"][0]["documents"]:
        status = await client.command("status")
    assert await outline(client, path)


async def test_a_client_without_trees_gets_a_list(shop: Path) -> None:
    def flat(capabilities: types.ClientCapabilities) -> None:
        registering(False)(capabilities)
        capabilities.text_document.document_symbol.hierarchical_document_symbol_support = False

    async with connected(shop, options=ON, change=flat) as client:
        await known(client, shop / "queue.py")
        listed = await outline(client, shop / "queue.py")
        assert [(one.name, one.container_name) for one in listed] == [
            ("JobQueue", None),
            ("take", "JobQueue"),
        ]


async def test_a_document_outside_the_workspace_has_no_answer(shop: Path) -> None:
    async with connected(shop, options=ON, change=registering(False)) as client:
        for path in (Path("/etc/hosts"), shop / "absent.py"):
            assert not await client.text_document_definition_async(types.DefinitionParams(**at(path, 0, 0)))
            assert not await outline(client, path)
