"""codeintel/whyNot: what became of something that a person expected among the hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.errors import UsageError
from codeintel.lsp import conversion, protocol
from codeintel.lsp.features.search import limit_of
from codeintel.lsp.locations import Ranges, naming, path_of
from codeintel.lsp.progress import work_done

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.expectations import Expected
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.WHY_NOT)(why_not)


async def why_not(ls: CodeIntelServer, params: protocol.WhyNotParams) -> protocol.WhyNotResult:
    """Tell what became of the place, the file or the symbol."""
    encoding, limit = ls.encoding, await limit_of(ls, params.limit)

    def question(service: Service, cancelled: CancelCheck) -> protocol.WhyNotResult:
        found = service.why_not(params.query, _expected(params), limit, cancelled)
        return conversion.why_not_result(found, Ranges(service, encoding))

    async with work_done(ls, "Looking for it", params.work_done_token):
        with naming(path="textDocument"):
            return await ls.session.ask(question)


def _expected(params: protocol.WhyNotParams) -> Expected:
    from codeintel.search.expectations import Expected  # loaded with the service, long after this module

    if params.position is not None and params.text_document is None:
        raise UsageError("A position needs a document.", "Name its textDocument.", "textDocument")
    document = params.text_document
    path = path_of(document.uri, "textDocument.uri") if document else None
    return Expected(path, params.position.line if params.position else None, params.symbol or "")
