"""While somebody searches, the structure of what nobody looks at comes a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel import scheduler
from codeintel.indexing import root_structure
from codeintel.scheduler import Scheduler
from codeintel.service import Service, Tier
from workspaces import MEANING, opened, write

FILES = {f"part{number}.py": f"def part_{number}():\n    return {number}\n" for number in range(6)}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """All its text is read, and a batch of structure is two documents or so."""
    monkeypatch.setattr(root_structure, "BATCH_BYTES", 1)
    with opened(write(tmp_path / "ws", FILES), settings=MEANING) as service:
        service.index(until=Tier.TEXT)
        yield service


def test_the_rest_waits_between_two_batches(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "SEARCH_PAUSE_S", 1e6)
    monkeypatch.setattr(scheduler, "SEARCH_SHARE_S", 1e6)
    work = Scheduler(service)
    work.searched()
    left = service.unstructured
    assert (
        work._structure_rest()
    )  # a batch comes at once, so that a long session of queries does not starve it
    assert 0 < (after := service.unstructured) < left
    assert not work._structure_rest()
    assert service.unstructured == after
    monkeypatch.setattr(scheduler, "SEARCH_SHARE_S", 0.0)  # its second is over
    assert work._structure_rest()
    assert service.unstructured < after


def test_the_rest_goes_on_where_nobody_searches(service: Service) -> None:
    work = Scheduler(service)
    while service.unstructured:
        assert work._structure_rest()
