"""codeintel/search: hits for a query, in one answer or streamed, and in a better order where one can be had soon."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.errors import CodeIntelError
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
    """Put a question whose answer has hits, and convert or stream them, in the executor that found them.

    What the answer could not compare yet is encoded before all else. Who has the hits streamed is sent the better order
    in place of them; others find it when they ask again.
    """
    encoding, loop = ls.encoding, asyncio.get_running_loop()
    if (open_now := ls.session.now) is not None:
        open_now.scheduler.searched()
    told: list[Answer] = []

    def send(hits: list[protocol.Hit], *, replaces: bool) -> None:
        partial = protocol.PartialHits(hits=hits, replaces=replaces)
        value = types.ProgressParams(partial_result_token, partial)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(ls.protocol.notify, types.PROGRESS, value)

    def question(service: Service, cancelled: CancelCheck) -> protocol.SearchResult:
        found = find(service, cancelled)
        ranges = Ranges(service, encoding)
        if partial_result_token is None:
            told.append(found)
            return conversion.search_result(found, [conversion.hit(hit, ranges) for hit in found.hits])
        if told and _reads_alike(found, told[0]):
            return conversion.search_result(found, [])
        for start in range(0, max(len(found.hits), len(told)), BATCH_HITS):  # what replaces may be nothing
            stop_if(cancelled)
            batch = found.hits[start : start + BATCH_HITS]
            send([conversion.hit(hit, ranges) for hit in batch], replaces=bool(told) and start == 0)
        told.append(found)
        return conversion.search_result(found, [])

    result = await ls.session.ask(question)
    opened = ls.session.now
    if not told[0].uncompared or opened is None:
        return result
    wanted = opened.scheduler.wanted(told[0].uncompared)
    if partial_result_token is None or not await _encoded(wanted):
        return result
    return await ls.session.ask(question)


async def _encoded(wanted: Future[int]) -> bool:
    """Whether anything came of it; when the asking task is cancelled, nobody wants it any more."""
    try:
        return await asyncio.wrap_future(wanted) > 0
    except CodeIntelError:  # a newer search came, or the encoder does not work: what was told stands
        return False


def _reads_alike(one: Answer, other: Answer) -> bool:
    """Whether two answers have the same hits at the same scores."""
    first, second = ([(hit.root, hit.chunk, hit.score) for hit in found.hits] for found in (one, other))
    return first == second
