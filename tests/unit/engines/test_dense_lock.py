"""The readers-writer lock: readers together, a writer alone and not starved."""

from __future__ import annotations

import threading

from codeintel.engines.dense_lock import ReadersWriterLock


def test_readers_hold_it_together() -> None:
    lock = ReadersWriterLock()
    both = threading.Barrier(2, timeout=60)

    def read() -> None:
        with lock.reading():
            both.wait()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not both.broken


def test_a_waiting_writer_goes_before_later_readers() -> None:
    lock = ReadersWriterLock()
    order: list[str] = []

    def write() -> None:
        with lock.writing():
            order.append("writer")

    def read() -> None:
        with lock.reading():
            order.append("reader")

    with lock.reading():
        writer = threading.Thread(target=write)
        writer.start()
        while not lock._writers_waiting:
            pass
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(0.05)
        assert order == []
    writer.join(60)
    reader.join(60)
    assert order == ["writer", "reader"]


def test_an_exception_releases_it() -> None:
    lock = ReadersWriterLock()
    for held in (lock.reading, lock.writing):
        try:
            with held():
                raise LookupError
        except LookupError:
            pass
    with lock.writing():
        pass
