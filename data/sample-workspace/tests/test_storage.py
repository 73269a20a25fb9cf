from pathlib import Path

import pytest

from courier.message import Message
from courier.storage import LEASE_SECONDS, QueueStore


@pytest.fixture
def store(tmp_path: Path) -> QueueStore:
    return QueueStore(tmp_path / "queue.sqlite")


def message(host: str = "a.example") -> Message:
    return Message(f"https://{host}/hook", b"{}")


def test_a_lease_hides_the_message_and_holds_back_its_receiver(store: QueueStore) -> None:
    first, second, other = message(), message(), message("b.example")
    for number, each in enumerate((first, second, other)):
        store.enqueue(each, due_at=100.0 + number)
    assert store.lease("w", now=200.0) == first
    assert store.lease("w", now=200.0) == other
    assert store.lease("w", now=200.0) is None


def test_an_expired_lease_returns_to_the_queue(store: QueueStore) -> None:
    store.enqueue(message(), due_at=1.0)
    store.lease("w", now=2.0)
    assert store.reclaim_expired(now=3.0) == 0
    assert store.reclaim_expired(now=3.0 + LEASE_SECONDS) == 1


def test_the_dead_are_counted(store: QueueStore) -> None:
    dead = message()
    store.enqueue(dead)
    store.bury(dead, "410 Gone")
    assert store.counts() == {"dead": 1}
