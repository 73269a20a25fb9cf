"""codeintel/similar: chunks like the one at a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeintel.cancellation import CancelCheck
from codeintel.lsp import protocol
from codeintel.lsp.features.search import answer, limit_of
from codeintel.lsp.locations import naming, path_of
from codeintel.lsp.progress import work_done

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.answers import Answer
    from codeintel.service import Service


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.SIMILAR)(similar)


async def similar(ls: CodeIntelServer, params: protocol.SimilarParams) -> protocol.SearchResult:
    """Find chunks like the one at the position, which is left out itself."""
    path = path_of(params.text_document.uri, "textDocument.uri")
    line, limit = params.position.line, await limit_of(ls, params.limit)

    def find(service: Service, cancelled: CancelCheck) -> Answer:
        return service.similar(path, line, limit, cancelled)

    async with work_done(ls, "Looking for similar code", params.work_done_token):
        with naming(path="textDocument.uri", line="position.line"):
            return await answer(ls, find, params.partial_result_token)
