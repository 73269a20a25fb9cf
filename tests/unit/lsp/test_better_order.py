"""A streamed answer that a better order may follow: when it is sent, and that nobody waits who has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from lsp_fakes import FakeService, chunk_of

from codeintel.cancellation import CancelCheck, never
from codeintel.errors import Cancelled
from codeintel.lsp import protocol
from codeintel.lsp.features.search import answer
from codeintel.search.answers import Answer, Coverage, Hit

TOKEN = "token"


def found(*scores: float, lacks: bool) -> Answer:
    root, chunk = chunk_of("retry = 1\n", 0, 9)
    hits = tuple(Hit(root, replace(chunk, id=number), score, ()) for number, score in enumerate(scores))
    return Answer("q", "q", hits, Coverage(1, 1), 1, 0.1, ((root, chunk),) if lacks else ())


class Connection:
    """A server of which only that is there what answers need: it remembers what it sent and was asked to encode."""

    encoding = "utf-16"

    def __init__(self) -> None:
        self.sent: list[protocol.PartialHits] = []
        self.wanted: Future[int] | None = None
        scheduler = SimpleNamespace(wanted=self._want, searched=lambda: None)
        self.session = SimpleNamespace(ask=self._ask, now=SimpleNamespace(scheduler=scheduler))
        self.protocol = SimpleNamespace(notify=lambda _, params: self.sent.append(params.value))

    async def _ask(self, question: Callable[[Any, CancelCheck], Any]) -> Any:
        return await asyncio.to_thread(question, FakeService("retry = 1\n"), never)

    def _want(self, _: object) -> Future[int]:
        self.wanted = Future()
        return self.wanted

    def ask(self, *answers: Answer, token: str | None = TOKEN) -> asyncio.Task[protocol.SearchResult]:
        given = iter(answers)
        self.asked = asyncio.create_task(answer(self, lambda *_: next(given), token))  # type: ignore[arg-type]
        return self.asked

    async def until_wanted(self) -> Future[int]:
        while self.wanted is None:
            assert not self.asked.done(), self.asked  # a question that failed wants nothing, ever
            await asyncio.sleep(0)
        return self.wanted


def shown(connection: Connection) -> list[tuple[list[float], bool]]:
    return [([hit.score for hit in part.hits], part.replaces) for part in connection.sent]


async def test_the_hits_are_there_before_anything_is_encoded_and_are_replaced_then() -> None:
    connection = Connection()
    asked = connection.ask(found(2.0, 1.0, lacks=True), found(3.0, lacks=False))
    wanted = await connection.until_wanted()
    await asyncio.sleep(0)
    assert shown(connection) == [([2.0, 1.0], False)]
    assert not asked.done()
    wanted.set_result(1)
    assert (await asked).hits == []
    await asyncio.sleep(0)
    assert shown(connection) == [([2.0, 1.0], False), ([3.0], True)]


async def test_only_the_first_batch_of_a_better_order_replaces() -> None:
    connection = Connection()
    asked = connection.ask(found(1.0, lacks=True), found(*range(12), lacks=False))
    (await connection.until_wanted()).set_result(1)
    await asked
    await asyncio.sleep(0)
    assert [(len(scores), replaces) for scores, replaces in shown(connection)] == [
        (1, False), (10, True), (2, False),
    ]  # fmt: skip


async def test_an_order_that_stays_is_not_sent_again_and_one_without_hits_is() -> None:
    for second, expected in ((found(1.0, lacks=False), []), (found(lacks=False), [([], True)])):
        connection = Connection()
        asked = connection.ask(found(1.0, lacks=True), second)
        (await connection.until_wanted()).set_result(1)
        await asked
        await asyncio.sleep(0)
        assert shown(connection) == [([1.0], False), *expected]


@pytest.mark.parametrize("outcome", [0, Cancelled()], ids=["nothing was encoded", "a newer search came"])
async def test_where_nothing_comes_of_it_the_first_answer_stands(outcome: object) -> None:
    connection = Connection()
    asked = connection.ask(found(1.0, lacks=True))  # a second question would fail
    wanted = await connection.until_wanted()
    wanted.set_exception(outcome) if isinstance(outcome, Cancelled) else wanted.set_result(0)
    await asked
    assert shown(connection) == [([1.0], False)]


async def test_a_cancelled_request_wants_nothing_encoded_any_more() -> None:
    connection = Connection()
    asked = connection.ask(found(1.0, lacks=True), found(2.0, lacks=False))
    wanted = await connection.until_wanted()
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert wanted.cancelled()
    assert shown(connection) == [([1.0], False)]


async def test_who_has_nothing_streamed_does_not_wait() -> None:
    connection = Connection()
    result = await connection.ask(found(1.0, lacks=True), token=None)
    assert [hit.score for hit in result.hits] == [1.0]
    assert connection.wanted is not None and not connection.wanted.done()
