"""workspace/executeCommand: what the custom requests do, and upkeep, for clients without code of their own.

Arguments are one object, or its fields in order; endpoint.py has read them when a command runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from codeintel.cancellation import CancelCheck
from codeintel.lsp import conversion, protocol
from codeintel.lsp.features.explain import explain_line
from codeintel.lsp.features.search import search
from codeintel.lsp.features.status import status
from codeintel.lsp.locations import naming, path_of
from codeintel.lsp.opening import index_whole, open_workspace
from codeintel.lsp.progress import own_token

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the commands."""
    for name, command in COMMANDS.items():
        server.command(name)(command)


async def explain(ls: CodeIntelServer, params: protocol.PlaceParams) -> protocol.ExplainResult:
    """Explain the chunk that holds a line."""
    with naming(path="uri"):
        return await explain_line(ls, params.query, path_of(params.uri, "uri"), params.line)


async def reindex(ls: CodeIntelServer, params: protocol.ReindexParams) -> protocol.IndexResult:
    """Bring the whole workspace up to date."""
    return conversion.index_result(await index_whole(ls, await own_token(ls), params.force))


async def rebuild(ls: CodeIntelServer, _: protocol.RebuildParams) -> protocol.IndexResult:
    """Remove the index and make it anew, also where the workspace was not opened because of it."""
    await open_workspace(ls, anew=True)
    return conversion.index_result(await index_whole(ls, None))


async def reindex_file(ls: CodeIntelServer, params: protocol.FileParams) -> protocol.IndexResult:
    """Bring one file up to date; its meaning follows in the background."""
    path = path_of(params.uri, "uri")
    opened = await ls.session.opened()
    return conversion.index_result(await asyncio.wrap_future(opened.scheduler.touched([path])))


async def export_id_map(ls: CodeIntelServer, params: protocol.ExportParams) -> protocol.ExportResult:
    """Write the table that leads from rows of FAISS to ids of chunks."""

    def question(service: Service, _: CancelCheck) -> protocol.ExportResult:
        path = service.roots[0].path / Path(params.path).expanduser()
        return protocol.ExportResult(path=str(path), rows=service.export_idmap(path))

    return await ls.session.ask(question)


COMMANDS: Final[Mapping[str, Callable[..., Awaitable[Any]]]] = {
    "codeintel.server.search": search,
    "codeintel.server.explain": explain,
    "codeintel.server.reindex": reindex,
    "codeintel.server.reindexFile": reindex_file,
    "codeintel.server.rebuild": rebuild,
    "codeintel.server.exportIdMap": export_id_map,
    "codeintel.server.status": status,
}
