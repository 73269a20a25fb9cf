"""codeintel/search: hits for a query, in one answer or streamed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.lsp import conversion, protocol
from codeintel.lsp.locations import Ranges
from codeintel.lsp.progress import work_done
from codeintel.lsp.session import Question

if TYPE_CHECKING:  # imported late to start fast; the server registers this module
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.search.answers import Answer
    from codeintel.service import Service

BATCH_HITS: Final = 10
"""Hits in a partial result: what a result list shows at first."""


def register(server: CodeIntelServer) -> None:
    """Register the request."""
    server.feature(protocol.SEARCH)(search)


async def search(ls: CodeIntelServer, params: protocol.SearchParams) -> protocol.SearchResult:
    """Search; under a partial-result token the hits go ahead in batches and the result has none."""

    def find(service: Service, cancelled: CancelCheck) -> Answer:
        from codeintel.service import SearchRequest  # loaded with the service, long after this module

        return service.search(SearchRequest(params.query, limit, params.explain), cancelled)

    limit = await limit_of(ls, params.limit)
    async with work_done(ls, "Searching", params.work_done_token):
        return await answer(ls, find, params.partial_result_token)


async def limit_of(ls: CodeIntelServer, wanted: int | None) -> int:
    """How many hits to answer with, where the request may leave it to the settings."""
    return (await ls.session.opened()).settings.search.limit if wanted is None else wanted


async def answer(
    ls: CodeIntelServer, find: Question[Answer], partial_result_token: protocol.Token | None
) -> protocol.SearchResult:
    """Put a question whose answer has hits, and convert or stream them, in the executor that found them."""
    encoding, loop = ls.encoding, asyncio.get_running_loop()

    def send(hits: list[protocol.Hit]) -> None:
        value = types.ProgressParams(partial_result_token, protocol.PartialHits(hits=hits))  # type: ignore[arg-type]
        loop.call_soon_threadsafe(ls.protocol.notify, types.PROGRESS, value)

    def question(service: Service, cancelled: CancelCheck) -> protocol.SearchResult:
        found = find(service, cancelled)
        ranges = Ranges(service, encoding)
        if partial_result_token is None:
            return conversion.search_result(found, [conversion.hit(hit, ranges) for hit in found.hits])
        for start in range(0, len(found.hits), BATCH_HITS):
            stop_if(cancelled)
            send([conversion.hit(hit, ranges) for hit in found.hits[start : start + BATCH_HITS]])
        return conversion.search_result(found, [])

    return await ls.session.ask(question)
