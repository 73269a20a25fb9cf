"""codeintel/whyNot: what became of something that a person expected among the hits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.features.search import limit_of
from codeintel.lsp.locations import Ranges, naming, path_of
from codeintel.lsp.progress import work_done

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.WHY_NOT)(why_not)


async def why_not(ls: CodeIntelServer, params: protocol.WhyNotParams) -> protocol.WhyNotResult:
    """Tell what became of the place, the file or the symbol."""
    document, position = params.text_document, params.position
    if position is not None and document is None:
        raise UsageError("A position needs a document.", "Name its textDocument.", "textDocument")
    path = path_of(document.uri, "textDocument.uri") if document else None
    line = position.line if position else None
    async with work_done(ls, "Looking for it", params.work_done_token):
        with naming(path="textDocument"):
            return await why_not_there(ls, params.query, path, line, params.symbol, params.limit)


async def why_not_there(
    ls: CodeIntelServer,
    query: str,
    path: Path | None,
    line: int | None,
    symbol: str | None,
    limit: int | None,
) -> protocol.WhyNotResult:
    """Tell what became of a line (0-based), a file or a symbol."""
    encoding, shown = ls.encoding, await limit_of(ls, limit)

    def question(service: Service, cancelled: CancelCheck) -> protocol.WhyNotResult:
        from codeintel.search.expectations import Expected  # loaded with the service, long after this module

        found = service.why_not(query, Expected(path, line, symbol or ""), shown, cancelled)
        return conversion.why_not_result(found, Ranges(service, encoding))

    return await ls.session.ask(question)
