"""What is done so that answers come first: deeper tiers make way, and the first question finds everything open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel import scheduler
from codeintel.indexing import root_structure
from codeintel.models.folder import load_models
from codeintel.scheduler import Scheduler
from codeintel.service import SearchRequest, Service, Tier
from lookup_model import write_lookup_model
from workspaces import MEANING, opened, snapshot, write

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


def test_the_first_question_finds_the_encoder_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A server that has nothing to encode answers one question before anybody asks, and remembers no hit of it."""
    folder = write(tmp_path / "ws", {"handled.py": "def where_is_an_error_handled():\n    return None\n"})
    model = write_lookup_model(tmp_path / "model")
    caplog.set_level(logging.INFO, "codeintel.models.encoder")
    with opened(folder, settings=MEANING, models=load_models(model)) as service:
        Scheduler(service, answers=True)._keep_up()
        assert "opening encoder" not in caplog.text  # nothing is indexed that could be asked
        service.index()
    with opened(folder, settings=MEANING, models=load_models(model)) as service:
        caplog.clear()
        Scheduler(service, answers=True)._keep_up()
        assert "opening encoder" in caplog.text
        caplog.clear()
        assert service.last_hit_at(folder / "handled.py", 0) is None
        assert service.search(SearchRequest("where is an error handled")).hits
        assert "opening encoder" not in caplog.text


def test_occurrences_are_folded_once_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each document that lies over the arrays costs every query, so that upkeep comes after the last of them."""
    monkeypatch.setattr(scheduler, "UPKEEP_QUIET_S", 0.0)
    monkeypatch.setattr(root_structure, "BATCH_BYTES", 1)
    files = {f"part{number}.py": "def shared():\n    return shared()\n" for number in range(40)}
    with opened(write(tmp_path / "ws", files), settings=MEANING) as service:
        work = Scheduler(service)
        service.index(until=Tier.TEXT)
        work._note_change()
        while service.urgency is not None:
            service.encode_some()
        while not snapshot(service).symbols.needs_fold:
            assert service.structure_some()
        settle(work)
        assert snapshot(service).symbols.needs_fold  # others wait for theirs
        while service.structure_some():
            pass
        symbols = snapshot(service).symbols
        settle(work)
        folded = snapshot(service).symbols
        assert not folded.needs_fold
        assert folded.references("shared") == symbols.references("shared") == 40


def settle(work: Scheduler) -> None:
    """Keep up until there is nothing to publish, and upkeep once more if it is due."""
    while work._keep_up():
        pass
    work._keep_up()
