"""What an answer could not compare word by word is encoded before all else: once, and only while somebody wants it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeintel import scheduler
from codeintel.errors import Cancelled, ModelError
from codeintel.indexing.root_index import PROMPT_BATCH
from codeintel.models.cache import VectorCache
from codeintel.models.cache_encoder import CachedEncoder
from codeintel.models.folder import Models
from codeintel.models.outputs import Encoded, Output, Outputs
from codeintel.models.vectors import passage_for
from codeintel.scheduler import Scheduler
from codeintel.search.answers import Answer
from codeintel.search.searcher import ON_DEMAND
from codeintel.service import SearchRequest, Service
from codeintel.settings import ChannelSettings
from lookup_model import lookup_models
from workspaces import MEANING, TEXT_ONLY, opened, snapshot, write

NARROW = replace(MEANING, channels=ChannelSettings("narrow", splade=False))
PATIENCE_S = 120.0
MANY = {f"wait{number}.py": f"def wait_{number}(job):\n    return job\n" for number in range(2 * ON_DEMAND)}
NEW = "def drain(lake):\n    '''Wait until the lake is empty.'''\n    return lake\n"


class WatchedEncoder:
    """Another encoder, which remembers what it was given, stops at a gate, and may break."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()
        self.texts: list[str] = []
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_outputs(self, texts: Sequence[str], wanted: Outputs, _cancelled: Any = None) -> Encoded:
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        if self.broken:
            raise ModelError("It broke.", "Mend it.")
        self.texts += texts
        found: Encoded = self._encoder.encode_outputs(texts, wanted)
        return found


@pytest.fixture
def encoder(tmp_path: Path) -> WatchedEncoder:
    return WatchedEncoder(lookup_models(tmp_path / "model").encoder)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    found = VectorCache.open(tmp_path / "cache")
    yield found
    found.close()


@pytest.fixture
def models(encoder: WatchedEncoder, cache: VectorCache, tmp_path: Path) -> Models:
    static = lookup_models(tmp_path / "model").static
    return Models(CachedEncoder(encoder, cache), static, frozenset({Output.TOKENS}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", {"retry.py": "def backoff():\n    return 'wait longer'\n"})


@contextmanager
def at_work(folder: Path, models: Models, settings: Any = NARROW) -> Iterator[tuple[Service, Scheduler]]:
    """A service whose meaning tier rests, as it does while somebody types."""
    with opened(folder, settings=settings, models=models) as service:
        service.index()
        scheduler = Scheduler(service)
        scheduler.start()
        try:
            yield service, scheduler
        finally:
            scheduler.close()


@pytest.fixture(autouse=True)
def typing_pause(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    def lasts(seconds: float) -> None:
        monkeypatch.setattr(scheduler, "TYPING_PAUSE_S", seconds)

    lasts(1e9)
    return lasts


def ask(service: Service, query: str = "wait") -> Answer:
    return service.search(SearchRequest(query))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def typed(service: Service, scheduler: Scheduler, path: Path, text: str) -> None:
    scheduler.edited(path, text)
    until(lambda: snapshot(service).freshness(path.name) == "live")


def late_scores(answer: Answer) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {}
    for hit in answer.hits:
        found.setdefault(hit.chunk.uri, []).extend(
            part.score for part in hit.contributions if part.source == "late"
        )
    return found


def test_the_first_answer_does_without_and_the_next_is_compared(
    folder: Path, models: Models, encoder: WatchedEncoder, cache: VectorCache
) -> None:
    with at_work(folder, models) as (service, scheduler):
        encoder.texts.clear()
        typed(service, scheduler, folder / "lake.py", NEW)
        first = ask(service)
        assert late_scores(first)["lake.py"] == [None]
        assert encoder.texts == []
        assert scheduler.wanted(first.uncompared).result(PATIENCE_S) == 1
        second = ask(service)
        assert second.uncompared == ()
        assert None not in late_scores(second)["lake.py"]
        (chunk,) = (chunk for _, chunk in first.uncompared)
        passage = passage_for(models.encoder, chunk.uri, chunk.breadcrumb, chunk.content)
        assert encoder.texts == [passage]
        assert cache.get_bytes(models.maker(Output.TOKENS), [passage]) != [None]


def test_nothing_is_encoded_a_second_time(
    folder: Path,
    models: Models,
    encoder: WatchedEncoder,
    typing_pause: Callable[[float], None],
) -> None:
    with at_work(folder, models) as (service, scheduler):
        typed(service, scheduler, folder / "lake.py", NEW)
        wanted = ask(service).uncompared
        assert scheduler.wanted(wanted).result(PATIENCE_S) == 1
        assert scheduler.wanted(wanted).result(PATIENCE_S) == 0
        typing_pause(0.0)
        write(folder, {"lake.py": NEW})
        scheduler.touched([folder / "lake.py"]).result(PATIENCE_S)
        until(lambda: scheduler.idle)
        assert service.unencoded == 0
        assert len(encoder.texts) == len(set(encoder.texts))
    with opened(folder, settings=NARROW, models=models) as again:
        assert again.unencoded == 0  # it was published with the file
        assert len(encoder.texts) == len(set(encoder.texts))


def test_only_the_best_candidates_are_asked_for(
    folder: Path, models: Models, encoder: WatchedEncoder
) -> None:
    with at_work(folder, models) as (service, scheduler):
        encoder.texts.clear()
        typed(service, scheduler, folder / "other.py", NEW)
        write(folder, MANY)
        scheduler.touched([folder / uri for uri in MANY]).result(PATIENCE_S)
        answer = ask(service)
        assert answer.candidates > ON_DEMAND
        assert len(answer.uncompared) == ON_DEMAND
        assert scheduler.wanted(answer.uncompared).result(PATIENCE_S) == ON_DEMAND
        assert len(encoder.texts) == ON_DEMAND
        assert all(None not in scores for scores in late_scores(ask(service)).values())


def test_who_changes_their_mind_stops_it(folder: Path, models: Models, encoder: WatchedEncoder) -> None:
    with at_work(folder, models) as (service, scheduler):
        typed(service, scheduler, folder / "other.py", NEW)
        write(folder, MANY)
        scheduler.touched([folder / uri for uri in MANY]).result(PATIENCE_S)
        encoder.texts.clear()
        encoder.entered.clear()
        encoder.gate.clear()
        answer = ask(service)
        wanted = scheduler.wanted(answer.uncompared)
        assert encoder.entered.wait(PATIENCE_S)
        assert wanted.cancel()
        encoder.gate.set()
        until(lambda: not scheduler._encoding)
        assert len(encoder.texts) == PROMPT_BATCH
        kept = {chunk.id for _, chunk in answer.uncompared[:PROMPT_BATCH]}
        assert not kept & {chunk.id for _, chunk in ask(service).uncompared}


def test_a_newer_answer_goes_first(folder: Path, models: Models, encoder: WatchedEncoder) -> None:
    with at_work(folder, models) as (service, scheduler):
        typed(service, scheduler, folder / "other.py", NEW)
        write(folder, MANY)
        scheduler.touched([folder / uri for uri in MANY]).result(PATIENCE_S)
        encoder.entered.clear()
        encoder.gate.clear()
        older = scheduler.wanted(ask(service).uncompared)
        assert encoder.entered.wait(PATIENCE_S)
        encoder.texts.clear()
        newer = scheduler.wanted(ask(service, "path:other lake").uncompared)
        encoder.gate.set()
        assert newer.result(PATIENCE_S) == 1
        with pytest.raises(Cancelled):
            older.result(PATIENCE_S)
        assert len(encoder.texts) == PROMPT_BATCH + 1


def test_an_encoder_that_breaks_leaves_the_answer_as_it_was(
    folder: Path, models: Models, encoder: WatchedEncoder
) -> None:
    with at_work(folder, models) as (service, scheduler):
        typed(service, scheduler, folder / "lake.py", NEW)
        encoder.broken = True
        wanted = ask(service).uncompared
        with pytest.raises(ModelError):
            scheduler.wanted(wanted).result(PATIENCE_S)
        with pytest.raises(Cancelled):  # it is not asked again at once
            scheduler.wanted(wanted).result(PATIENCE_S)
        assert late_scores(ask(service))["lake.py"] == [None]


def test_an_index_without_a_meaning_tier_encodes_nothing(
    folder: Path, models: Models, encoder: WatchedEncoder
) -> None:
    text_only = replace(TEXT_ONLY, channels=NARROW.channels)
    with at_work(folder, models, text_only) as (service, scheduler):
        assert scheduler.wanted(ask(service).uncompared).result(PATIENCE_S) == 0
        assert encoder.texts == []


def test_what_is_gone_by_then_is_not_encoded(folder: Path, models: Models, encoder: WatchedEncoder) -> None:
    with at_work(folder, models) as (service, scheduler):
        encoder.texts.clear()
        typed(service, scheduler, folder / "lake.py", NEW)
        wanted = ask(service).uncompared
        typed(service, scheduler, folder / "lake.py", "nothing = 'like before'\n")
        until(lambda: snapshot(service).chunks.get(wanted[0][1].id) is None)
        assert scheduler.wanted(wanted).result(PATIENCE_S) == 0
        assert encoder.texts == []
