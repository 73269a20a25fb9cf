"""Questions while a service is being opened, replaced and closed."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from lsp_fakes import FakeScheduler, FakeService

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.errors import Cancelled, NotReady, WorkspaceError
from codeintel.lsp.session import Session
from codeintel.service import Service


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeService]:
    """The services that were opened, in order; each takes a moment to open."""
    services: list[FakeService] = []

    def open_service(*_: object, **__: object) -> FakeService:
        time.sleep(0.05)
        services.append(FakeService(f"service {len(services)}"))
        return services[-1]

    monkeypatch.setattr(Service, "open", open_service)
    monkeypatch.setattr("codeintel.scheduler.Scheduler", FakeScheduler)
    return services


def new_session() -> Session:
    return Session(lambda: None, lambda _: None)


def text_of(service: Service, _: CancelCheck) -> str | None:
    return service.text  # type: ignore[attr-defined, no-any-return]


async def test_a_question_waits_for_the_service_that_is_being_opened(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    early = asyncio.create_task(session.ask(text_of))
    await session.open([tmp_path], [])
    assert await early == "service 0"
    assert await session.close()
    assert opened[0].closed


async def test_opening_again_closes_the_old_service_and_questions_get_the_new_one(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    await session.open([tmp_path], [])
    again = asyncio.create_task(session.open([tmp_path], []))
    await asyncio.sleep(0)
    assert await session.ask(text_of) == "service 1"
    await again
    assert [service.closed for service in opened] == [True, False]
    await session.close()


async def test_of_many_openings_in_a_row_only_the_first_and_the_last_happen(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    outcomes = await asyncio.gather(*(session.open([tmp_path], []) for _ in range(5)))
    assert outcomes[-1] is not None
    assert len(opened) <= 2
    assert await session.ask(text_of) == opened[-1].text
    await session.close()


async def test_a_question_fails_with_what_opening_raised_until_it_works(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    for folders, error in (([], NotReady), ([tmp_path / "missing"], WorkspaceError)):
        with pytest.raises(error):
            await session.open(folders, [])
        with pytest.raises(error):
            await session.ask(text_of)
    await session.open([tmp_path], [])
    assert await session.ask(text_of) == "service 0"
    await session.close()
    assert len(opened) == 1


async def test_a_cancelled_question_is_told_and_does_not_harm_others(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session, noticed, begun = new_session(), threading.Event(), threading.Event()

    def endless(_: Service, cancelled: CancelCheck) -> None:
        begun.set()
        try:
            while True:
                stop_if(cancelled)
                time.sleep(0.002)
        finally:
            noticed.set()

    await session.open([tmp_path], [])
    asked = asyncio.create_task(session.ask(endless))
    while not begun.is_set():
        await asyncio.sleep(0.002)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await asyncio.to_thread(noticed.wait, 5)
    assert await session.ask(text_of) == opened[0].text
    await session.close()


async def test_closing_while_a_service_is_being_opened_closes_that_one_too(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    opening = asyncio.create_task(session.open([tmp_path], []))
    await asyncio.sleep(0.01)
    assert await session.close()
    await asyncio.wait({opening})
    assert all(service.closed for service in opened)


async def test_what_is_asked_at_length_holds_up_no_question_and_ends_with_its_service(
    opened: list[FakeService], tmp_path: Path
) -> None:
    session = new_session()
    await session.open([tmp_path], [])

    def long(_: Service, unwanted: CancelCheck) -> None:
        while True:
            stop_if(unwanted)
            time.sleep(0.01)

    errands = [asyncio.create_task(session.ask(long, at_length=True)) for _ in range(3)]
    assert await session.ask(text_of) == "service 0"
    await session.open([tmp_path], [])
    ended = await asyncio.gather(*errands, return_exceptions=True)
    assert all(isinstance(one, Cancelled) for one in ended[:2])
    errands[2].cancel()
    await session.close()
    assert len(opened) == 2
