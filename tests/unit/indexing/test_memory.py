"""Memory that was freed goes back to the system, where the C library has a way to say so."""

from __future__ import annotations

import pytest

from codeintel.indexing import memory


def test_asks_the_c_library_to_trim(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "_malloc_trim", lambda: asked.append)
    memory.give_back_memory()
    assert asked == [0]


def test_does_without_where_there_is_no_such_library(monkeypatch: pytest.MonkeyPatch) -> None:
    memory._malloc_trim.cache_clear()
    monkeypatch.setattr("ctypes.CDLL", lambda _: (_ for _ in ()).throw(OSError("no such library")))
    assert memory._malloc_trim() is None
    memory.give_back_memory()
    memory._malloc_trim.cache_clear()
