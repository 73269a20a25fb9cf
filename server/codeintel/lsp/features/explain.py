"""codeintel/explain: why a place matches a query, or why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.locations import Ranges, naming, path_of
from codeintel.lsp.progress import work_done
from codeintel.search.summaries import Depth

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.EXPLAIN)(explain)


async def explain(ls: CodeIntelServer, params: protocol.ExplainParams) -> protocol.ExplainResult:
    """Explain the chunk at the position."""
    path = path_of(params.text_document.uri, "textDocument.uri")
    async with work_done(ls, "Explaining", params.work_done_token):
        with naming(path="textDocument.uri", line="position.line"):
            return await explain_line(ls, params.query, path, params.position.line, depth_of(params.depth))


def depth_of(name: str) -> Depth:
    """The depth of that name. Raises UsageError."""
    depths: tuple[Depth, ...] = get_args(Depth)
    for depth in depths:
        if depth == name:
            return depth
    raise UsageError(f"{name[:200]!r} is no depth.", f"Choose one of {', '.join(depths)}.", "depth")


async def explain_line(
    ls: CodeIntelServer, query: str, path: Path, line: int, depth: Depth = "full"
) -> protocol.ExplainResult:
    """Explain the chunk that holds a line, 0-based."""
    encoding = ls.encoding

    def question(service: Service, cancelled: CancelCheck) -> protocol.ExplainResult:
        found = service.explain(query, path, line, depth, cancelled)
        return conversion.explain_result(found, Ranges(service, encoding))

    return await ls.session.ask(question)
