"""Late interaction from the query to the explained hit, over an encoder that makes equal words into equal vectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from codeintel.indexing.index_folders import check_indexes
from codeintel.models.folder import Models
from codeintel.models.outputs import Output
from codeintel.search.channel_outputs import LateMode
from codeintel.search.expectations import Expected
from codeintel.search.weights import DEFAULT_WEIGHTS
from codeintel.service import SearchRequest, Service
from codeintel.settings import ChannelSettings
from lookup_model import lookup_models, write_lookup_model
from workspaces import MEANING, opened, ranking, snapshot, write

MODES: tuple[LateMode, ...] = ("narrow", "wide")
FILES = {
    "retry.py": "class RetryPolicy:\n    def backoff(self):\n        return 'wait longer'\n",
    "bucket.py": "def take_tokens(bucket):\n    return bucket.size - 1\n",
    "queue.py": "def pushJob(queue, job):\n    queue.append(job)  # wait\n",
    "größe.py": "# Größe der Schlange 🙂\ndef größe(schlange):\n    return len(schlange)\n",
}
QUERIES = ["retry backoff", "wait", "push a job", "bucket size", "größe"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return replace(lookup_models(tmp_path_factory.mktemp("lookup")), wanted=frozenset({Output.TOKENS}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


@contextmanager
def service(folder: Path, models: Models, late: LateMode) -> Iterator[Service]:
    chosen = replace(MEANING, channels=ChannelSettings(late, splade=False))
    used = models if late != "off" else replace(models, wanted=frozenset())
    with opened(folder, settings=chosen, models=used) as found:
        found.index()
        yield found


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists from the first chunk on, so that the wide mode of so small a workspace has any."""
    monkeypatch.setattr("codeintel.indexing.token_lists.LISTED_CHUNKS", 1)


@pytest.mark.parametrize("late", MODES)
def test_late_interaction_is_a_part_of_the_score_and_is_explained(
    folder: Path, models: Models, late: LateMode
) -> None:
    with service(folder, models, late) as one:
        assert bool(snapshot(one).token_lists) == (late == "wide")
        for query in QUERIES:
            for hit in one.search(SearchRequest(query)).hits:
                assert sum(part.contribution for part in hit.contributions) == hit.score
                told = one.explain(query, folder / hit.chunk.uri, hit.chunk.start_line).hit
                assert told is not None
                part = next(part for part in told.contributions if part.source == "late")
                assert part.score == pytest.approx(sum(e.share for e in part.evidence), abs=1e-6)
                assert part.reason == f"word by word, rank {part.rank}"
                data = (folder / hit.chunk.uri).read_bytes()
                for found in part.evidence:
                    there = data[found.start_byte : found.end_byte].decode()
                    assert there in ("", found.text)
                    assert found.query in query.lower()


@pytest.mark.parametrize("late", MODES)
def test_each_word_is_aligned_with_itself_where_the_text_has_it(
    folder: Path, models: Models, late: LateMode
) -> None:
    with service(folder, models, late) as one:
        told = one.explain("queue job", folder / "queue.py", 0).hit
        assert told is not None
        (part,) = (part for part in told.contributions if part.source == "late")
        assert [(found.query, found.text.lower()) for found in part.evidence] == [
            ("queue", "queue"),
            ("job", "job"),
        ]
        assert part.score is not None and 0.6 < part.score < 0.95  # each shares its vector with a neighbour


def test_without_late_interaction_a_hit_ranks_as_if_it_were_off(folder: Path, models: Models) -> None:
    with service(folder, models, "off") as off:
        plain = {query: ranking(off, query) for query in QUERIES}
    with service(folder, models, "narrow") as one:
        for query, expected in plain.items():
            for place, (chunk_id, _) in enumerate(expected, 1):
                chunk = snapshot(one).chunks.get(chunk_id)
                assert chunk is not None
                told = one.explain(query, folder / chunk.uri, chunk.start_line)
                assert told.without["late"] == place
                assert {"bm25", "dense"} >= told.without.keys() - {"late"}


def test_wide_finds_what_narrow_compares(folder: Path, models: Models) -> None:
    """Of a workspace this small the other channels propose every chunk, so that both must agree."""
    with service(folder, models, "narrow") as narrow:
        found = {query: ranking(narrow, query) for query in QUERIES}
    with service(folder, models, "wide") as wide:
        assert {query: ranking(wide, query) for query in QUERIES} == found


@pytest.mark.parametrize("late", MODES)
def test_answers_are_the_same_after_a_restart_and_of_a_fresh_index(
    folder: Path, models: Models, late: LateMode, tmp_path: Path
) -> None:
    with service(folder, models, late) as one:
        write(folder, {"queue.py": FILES["queue.py"].replace("job", "task"), "more.py": "wait = 1\n"})
        (folder / "bucket.py").unlink()
        one.index()
        found = {query: ranking(one, query) for query in QUERIES}
    with service(folder, models, late) as again:
        assert {query: ranking(again, query) for query in QUERIES} == found
    texts = {path.name: path.read_text() for path in folder.glob("*.py")}
    with service(write(tmp_path / "fresh", texts), models, late) as fresh:
        assert {query: ranking(fresh, query) for query in QUERIES} == found


def test_unsaved_text_is_compared(folder: Path, models: Models) -> None:
    with service(folder, models, "wide") as one:
        one.edit(folder / "bucket.py", "def drain(lake):\n    return lake\n")
        while one.encode_some():
            pass
        hit = one.search(SearchRequest("drain the lake")).hits[0]
        assert (hit.chunk.uri, hit.freshness) == ("bucket.py", "live")
        assert [part.rank for part in hit.contributions if part.source == "late"]


@pytest.mark.parametrize("late", MODES)
def test_a_candidate_without_token_vectors_keeps_its_place_and_status_says_so(
    folder: Path, models: Models, late: LateMode
) -> None:
    with service(folder, models, late) as one:
        one.edit(folder / "new.py", "def retry_backoff():\n    pass\n")
        answer = one.search(SearchRequest("retry backoff"))
        assert [chunk.uri for _, chunk in answer.uncompared] == ["new.py"]
        parts = {
            hit.chunk.uri: part for hit in answer.hits for part in hit.contributions if part.source == "late"
        }
        assert parts["new.py"].score is None
        assert parts["new.py"].reason == f"not compared yet, as rank {parts['new.py'].rank}"
        assert parts["retry.py"].score
        assert parts["new.py"].weight == parts["retry.py"].weight == DEFAULT_WEIGHTS.late
        assert "not compared word by word" in one.explain("retry backoff", folder / "new.py", 0).note
        assert one.explain("retry backoff", folder / "retry.py", 0).note == ""
        (root,) = one.status().roots
        assert root.outputs == {"tokens": root.chunks - 1}


@pytest.mark.parametrize("late", MODES)
@pytest.mark.parametrize("query", ["the of", "a", "🙂", "it " * 5_000, "lang:python", "\ud800 retry", "-"])
def test_any_query_is_answered(folder: Path, models: Models, late: LateMode, query: str) -> None:
    with service(folder, models, late) as one:
        for hit in one.search(SearchRequest(query)).hits:
            assert sum(part.contribution for part in hit.contributions) == hit.score


def test_a_chunk_without_tokens_is_no_obstacle(tmp_path: Path, models: Models) -> None:
    texts = {"one.py": "wait = 1\n", "none.py": "\n\n", "signs.txt": "(((\n"}
    for late in MODES:
        with service(write(tmp_path / late, texts), models, late) as one:
            assert one.search(SearchRequest("wait")).hits


@pytest.mark.parametrize("late", MODES)
def test_a_filter_holds(folder: Path, models: Models, late: LateMode) -> None:
    with service(folder, models, late) as one:
        hits = one.search(SearchRequest("path:retry wait job")).hits
        assert {hit.chunk.uri for hit in hits} == {"retry.py"}


def test_similar_chunks_are_compared_word_by_word(folder: Path, models: Models) -> None:
    with service(folder, models, "narrow") as one:
        hits = one.similar(folder / "queue.py", 0).hits
        assert any(part.source == "late" for hit in hits for part in hit.contributions)


def test_why_not_names_how_far_the_token_vectors_are(folder: Path, models: Models) -> None:
    with service(folder, models, "narrow") as one:
        told = one.why_not("retry", Expected(path=folder / "queue.py", line=0), limit=1)
        assert told.hit is not None
        assert "late" in {part.source for part in told.hit.contributions}


def test_lists_that_are_lost_are_made_again(folder: Path, models: Models) -> None:
    with service(folder, models, "wide") as one:
        found = ranking(one, "wait")
    for path in (folder / ".codeintel" / "tokens").glob("*.lists"):
        path.unlink()
    with opened(
        folder, settings=replace(MEANING, channels=ChannelSettings("wide", splade=False)), models=models
    ) as again:
        assert any(".lists" in warning for warning in again.warnings)
        assert ranking(again, "wait") == found
        again.index()
        assert snapshot(again).token_lists
        assert check_indexes([folder], MEANING) == []


def test_a_model_without_token_vectors_is_named_and_searched_without(folder: Path, tmp_path: Path) -> None:
    model = write_lookup_model(tmp_path / "model")
    config = model / "config.json"
    config.write_text(config.read_text().replace('"tokens": "token_vectors", ', ""))
    chosen = replace(
        MEANING,
        channels=ChannelSettings("narrow", splade=False),
        model=replace(MEANING.model, folder=str(model), cache="off"),
    )
    with Service.open([folder], chosen) as one:
        assert any("no token vectors: channels.late has no effect" in warning for warning in one.warnings)
        one.index()
        hits = one.search(SearchRequest("retry backoff")).hits
        assert hits and "late" not in {part.source for hit in hits for part in hit.contributions}


WORDS = ["retry", "waitLonger", "queue_size", "größe", "🙂", "x", "\t", "()", "ValueError"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, models: Models) -> Iterator[tuple[Service, Path]]:
    folder = write(tmp_path_factory.mktemp("shared") / "ws", {"notes.txt": "retry\n"})
    with service(folder, models, "narrow") as one:
        yield one, folder


@examples(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
)
def test_alignments_point_at_their_words_in_any_text(
    shared: tuple[Service, Path], lines: list[str], line_break: str, query: str
) -> None:
    one, folder = shared
    text = line_break.join(["retry", *lines])
    one.edit(folder / "notes.txt", text)
    while one.encode_some():
        pass
    for hit in one.search(SearchRequest(f"retry {query}")).hits:
        told = one.explain(f"retry {query}", folder / "notes.txt", hit.chunk.start_line).hit
        for part in told.contributions if told else ():
            for found in part.evidence if part.source == "late" else ():
                assert hit.chunk.start_byte <= found.start_byte <= found.end_byte <= hit.chunk.end_byte
                there = text.encode()[found.start_byte : found.end_byte].decode()
                assert there in ("", found.text)
