"""workspace/executeCommand: what the custom requests do, and upkeep, for clients without code of their own.

Arguments are one object, or its fields in order; endpoint.py has read them when a command runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.features.explain import explain_line
from codeintel.lsp.features.judge import judge_line
from codeintel.lsp.features.references import references_command
from codeintel.lsp.features.search import answer, limit_of, search
from codeintel.lsp.features.status import status
from codeintel.lsp.features.why_not import why_not_there
from codeintel.lsp.locations import naming, path_of
from codeintel.lsp.opening import index_whole, open_workspace
from codeintel.lsp.progress import own_work_done

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.answers import Answer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the commands."""
    for name, command in COMMANDS.items():
        server.command(name)(command)


async def explain(ls: CodeIntelServer, params: protocol.PlaceParams) -> protocol.ExplainResult:
    """Explain the chunk that holds a line."""
    with naming(path="uri"):
        return await explain_line(ls, params.query, path_of(params.uri, "uri"), params.line)


async def why_not(ls: CodeIntelServer, params: protocol.AbsenceParams) -> protocol.WhyNotResult:
    """Tell what became of a line, a file or a symbol that was expected."""
    if params.line is not None and params.uri is None:
        raise UsageError("A line needs a file.", "Name its uri.", "uri")
    path = path_of(params.uri, "uri") if params.uri is not None else None
    with naming(path="uri"):
        return await why_not_there(ls, params.query, path, params.line, params.symbol, params.limit)


async def judge(ls: CodeIntelServer, params: protocol.VerdictParams) -> protocol.JudgeResult:
    """Keep a verdict on the chunk that holds a line."""
    with naming(path="uri"):
        return await judge_line(ls, params.query, path_of(params.uri, "uri"), params.line, params.verdict)


async def reindex(ls: CodeIntelServer, params: protocol.ReindexParams) -> protocol.IndexResult:
    """Bring the whole workspace up to date."""
    return conversion.index_result(await index_whole(ls, params.force))


async def rebuild(ls: CodeIntelServer, _: protocol.RebuildParams) -> protocol.IndexResult:
    """Remove the index and make it anew, also where the workspace was not opened because of it."""
    await open_workspace(ls, anew=True)
    return conversion.index_result(await index_whole(ls, shown=False))  # opening it shows a bar


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


async def similar(ls: CodeIntelServer, params: protocol.LineParams) -> protocol.SearchResult:
    """Find chunks like the one that holds a line."""
    path, limit = path_of(params.uri, "uri"), await limit_of(ls, params.limit)

    def find(service: Service, cancelled: CancelCheck) -> Answer:
        return service.similar(path, params.line, limit, cancelled)

    with naming(path="uri"):
        return await answer(ls, find, None)


async def sql(ls: CodeIntelServer, params: protocol.SqlParams) -> protocol.SqlResult:
    """Ask the views of the index."""

    def question(service: Service, cancelled: CancelCheck) -> protocol.SqlResult:
        asked = service.sql(
            params.text, max_rows=params.max_rows, timeout_s=params.timeout_seconds, cancelled=cancelled
        )
        return conversion.sql_result(asked)

    with naming(sql="text", limit="maxRows", timeout="timeoutSeconds"):
        return await ls.session.ask(question, at_length=True)


async def refresh_scip(ls: CodeIntelServer, _: protocol.RefreshScipParams) -> protocol.RefreshScipResult:
    """Run the indexers that are installed, showing how far they are; the bar's cancel stops them."""
    async with own_work_done(ls, "Refreshing symbols", cancellable=True) as progress:

        def question(service: Service, unwanted: CancelCheck) -> protocol.RefreshScipResult:
            def cancelled() -> bool:
                return unwanted() or progress.cancelled()

            return conversion.refresh_scip_result(service.refresh_scip(progress.report, cancelled))

        return await ls.session.ask(question, at_length=True)


COMMANDS: Final[Mapping[str, Callable[..., Awaitable[Any]]]] = {
    "codeintel.server.search": search,
    "codeintel.server.explain": explain,
    "codeintel.server.whyNot": why_not,
    "codeintel.server.judge": judge,
    "codeintel.server.reindex": reindex,
    "codeintel.server.reindexFile": reindex_file,
    "codeintel.server.rebuild": rebuild,
    "codeintel.server.exportIdMap": export_id_map,
    "codeintel.server.status": status,
    "codeintel.server.similar": similar,
    "codeintel.server.references": references_command,
    "codeintel.server.sql": sql,
    "codeintel.server.refreshScip": refresh_scip,
}
