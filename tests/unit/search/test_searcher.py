"""The searcher: answers over snapshots, explanations that are the ranking, and evidence that points at the text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.catalog.rows import Chunk
from codeintel.errors import Cancelled, NotReady, UsageError
from codeintel.search.answers import Answer, Evidence, Hit
from codeintel.search.searcher import MAX_LIMIT, Searcher, SearchRequest
from codeintel.service import Service
from codeintel.snapshot import Snapshot
from codeintel.workspace.decoding import decode
from workspaces import shared_models, snapshot_of

QUERIES = [
    "where are retries handled?",
    "TokenBucket",
    "lease the oldest due message",
    "lang:go worker pool",
    'message "dead letter"',
    "tests of the retry policy",
    "def:retry_with_backoff",
    "path:courier/** -path:api",
    "-lang:python configuration",
    "Größe naïve 東京",
    "?",
]


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(shared_models())


@pytest.fixture(scope="module")
def snapshots(sample: Service) -> tuple[Snapshot, ...]:
    return sample._snapshots()


def check_additive(hit: Hit) -> None:
    """The explanation is the ranking: the contributions sum to the score."""
    assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)
    assert all(part.reason for part in hit.contributions)


def words_of_the_sample() -> st.SearchStrategy[str]:
    words = "retry backoff message worker lease token signature config metrics Poller the of"
    qualifiers = "lang:python -path:tests kind:function"
    return st.lists(st.sampled_from([*words.split(), *qualifiers.split()]), min_size=1, max_size=5).map(
        " ".join
    )


@given(
    query=st.sampled_from(QUERIES) | words_of_the_sample(), limit=st.integers(1, 40), explain=st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_contributions_sum_to_the_score_best_first(
    searcher: Searcher, snapshots: tuple[Snapshot, ...], query: str, limit: int, explain: bool
) -> None:
    answer = searcher.search(snapshots, SearchRequest(query, limit, explain))
    for hit in answer.hits:
        check_additive(hit)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.chunk.id for hit in answer.hits}) == len(scores) <= limit


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_question_gets_the_same_answer(
    searcher: Searcher, snapshots: tuple[Snapshot, ...], query: str
) -> None:
    first, second = (searcher.search(snapshots, SearchRequest(query, 50)) for _ in range(2))
    assert first.hits == second.hits
    assert first.plan == second.plan


def test_a_longer_answer_begins_with_the_shorter_one(
    searcher: Searcher, snapshots: tuple[Snapshot, ...]
) -> None:
    short, long = (searcher.search(snapshots, SearchRequest("retry a message", limit)) for limit in (5, 40))
    assert long.hits[:5] == short.hits
    assert long.candidates == short.candidates


@pytest.mark.parametrize("query", ["retry a message", "lang:go worker", "kind:class lang:python"])
def test_the_explained_rank_is_the_rank_of_the_search(
    searcher: Searcher, snapshots: tuple[Snapshot, ...], query: str
) -> None:
    answer = searcher.search(snapshots, SearchRequest(query, 12))
    for place, hit in enumerate(answer.hits):
        told = searcher.explain(snapshots, query, hit.root, hit.chunk)
        assert told.rank == place + 1
        assert told.hit is not None
        assert told.hit.score == pytest.approx(hit.score, abs=1e-6)
        check_additive(told.hit)
        if place + 1 < len(answer.hits):
            assert told.next_hit is not None
            assert told.next_hit.chunk == answer.hits[place + 1].chunk


def test_every_channel_is_tried_without(searcher: Searcher, snapshots: tuple[Snapshot, ...]) -> None:
    answer = searcher.search(snapshots, SearchRequest("TokenBucket", 50))
    best = answer.hits[0]
    told = searcher.explain(snapshots, "TokenBucket", best.root, best.chunk)
    assert set(told.without) == {"bm25", "dense"}
    only_dense = next(
        h for h in answer.hits if [p.source for p in h.contributions if p.kind == "channel"] == ["dense"]
    )
    told = searcher.explain(snapshots, "TokenBucket", only_dense.root, only_dense.chunk)
    assert told.without["dense"] is None
    assert told.without["bm25"] is not None


def test_a_chunk_that_a_qualifier_leaves_out_is_told_so(
    searcher: Searcher, snapshots: tuple[Snapshot, ...]
) -> None:
    chunk = next(chunk for chunk in snapshots[0].chunks if chunk.lang == "go")
    told = searcher.explain(snapshots, "lang:python worker pool", snapshots[0].root, chunk)
    assert (told.hit, told.rank, told.next_hit, told.without) == (None, None, None, {})
    assert told.note == "lang:python leaves it out."


def test_dense_evidence_is_every_token_and_sums_to_the_cosine(
    searcher: Searcher, snapshots: tuple[Snapshot, ...]
) -> None:
    query = "lease the oldest due message"
    for hit in searcher.search(snapshots, SearchRequest(query, 3)).hits:
        told = searcher.explain(snapshots, query, hit.root, hit.chunk).hit
        assert told is not None
        dense = next(part for part in told.contributions if part.source == "dense")
        assert sum(found.share for found in dense.evidence) == pytest.approx(dense.score, abs=1e-4)


def test_term_evidence_is_a_share_of_the_bm25_score(
    searcher: Searcher, snapshots: tuple[Snapshot, ...]
) -> None:
    for hit in searcher.search(snapshots, SearchRequest("retry token message", 10)).hits:
        for part in hit.contributions:
            if part.source == "bm25":
                assert sum(found.share for found in part.evidence) == pytest.approx(1.0)
                assert part.reason.endswith(", ".join(found.text for found in part.evidence))


def test_without_explain_there_is_no_evidence(searcher: Searcher, snapshots: tuple[Snapshot, ...]) -> None:
    for hit in searcher.search(snapshots, SearchRequest("retry token", explain=False)).hits:
        assert not any(part.evidence for part in hit.contributions)


def test_similar_finds_its_kin_and_leaves_the_chunk_out(
    searcher: Searcher, snapshots: tuple[Snapshot, ...]
) -> None:
    here = snapshots[0]
    for chunk in list(here.chunks)[::12]:
        answer = searcher.similar(snapshots, here.root, chunk)
        assert chunk.id not in {hit.chunk.id for hit in answer.hits}
        assert answer.hits
        for hit in answer.hits:
            check_additive(hit)


def test_a_copy_is_the_most_similar_even_in_another_root() -> None:
    body = "def settle(message):\n    acknowledge(message)\n"
    first = snapshot_of({"a.py": body, "z.py": "class Other:\n    pass\n"}, name="first")
    second = snapshot_of({"a.py": body, "y.py": "zebra = 1\n"}, name="second")
    chunk = next(iter(first.chunks))
    (best, *_) = Searcher(shared_models()).similar([first, second], first.root, chunk).hits
    assert (best.root.name, best.chunk.content) == ("second", body)


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1, 10**9])
def test_a_limit_out_of_range_is_refused(
    searcher: Searcher, snapshots: tuple[Snapshot, ...], limit: int
) -> None:
    here = snapshots[0]
    for ask in (
        lambda: searcher.search(snapshots, SearchRequest("retry", limit)),
        lambda: searcher.similar(snapshots, here.root, next(iter(here.chunks)), limit),
    ):
        with pytest.raises(UsageError, match="limit") as caught:
            ask()
        assert caught.value.field == "limit"


def test_nothing_indexed_is_not_ready(searcher: Searcher) -> None:
    with pytest.raises(NotReady):
        searcher.search([snapshot_of({})], SearchRequest("retry"))


def test_a_cancelled_search_stops(searcher: Searcher, snapshots: tuple[Snapshot, ...]) -> None:
    with pytest.raises(Cancelled):
        searcher.search(snapshots, SearchRequest("retry"), lambda: True)


def test_half_a_meaning_tier_shares_the_weight(searcher: Searcher) -> None:
    texts = {"a.py": "def retry():\n    pass\n"}
    done, waiting = snapshot_of(texts, meaning=True, name="done"), snapshot_of(texts, name="waiting")
    answer = searcher.search([done, waiting], SearchRequest("retry again"))
    assert answer.coverage.share == 0.5
    weights = {part.source: part.weight for hit in answer.hits for part in hit.contributions}
    full = searcher._weights
    assert weights["dense"] == pytest.approx(full.dense / 2)
    assert weights["static"] == pytest.approx(full.static / 2)


def test_a_name_alone_counts_where_it_stands_more_than_what_is_near(searcher: Searcher) -> None:
    texts = {"a.py": "def retry():\n    pass\n"}
    full = searcher._weights
    for query, share in (("retry", full.lone_name), ("retry again", 1.0)):
        answer = searcher.search([snapshot_of(texts, meaning=True)], SearchRequest(query))
        weights = {part.source: part.weight for hit in answer.hits for part in hit.contributions}
        assert weights["dense"] == pytest.approx(full.dense * share)
        assert weights["bm25"] == full.bm25


def test_the_order_of_the_roots_decides_nothing(searcher: Searcher) -> None:
    first = snapshot_of({"aa.py": "x = retry\n", "cc.py": "y = other\n"}, name="first")
    second = snapshot_of({"bb.py": "x = retry\n", "dd.py": "y = other\n"}, name="second")
    for limit in (1, 10):
        forward, backward = (
            searcher.search(roots, SearchRequest("retry", limit)).hits
            for roots in ([first, second], [second, first])
        )
        assert forward == backward


def test_qualifiers_alone_list_what_they_admit_in_order(searcher: Searcher) -> None:
    snapshot = snapshot_of({f"{name}.py": "x = 1\n" for name in "cab"} | {"tests/t.py": "x = 1\n"})
    answer = searcher.search([snapshot], SearchRequest("lang:python"))
    assert [hit.chunk.uri for hit in answer.hits] == ["a.py", "b.py", "c.py", "tests/t.py"]
    assert answer.plan == "lang:python"


# Evidence in files of any encoding: ranges are bytes of the text as UTF-8 without its byte order mark.
WORDS = [
    "größe",
    "naïve",
    "東京",
    "retry",
    "tokenBucket",
    "HTTPServer",
    "max_retries",
    "😀",
    "été",
    "x1",
    "Ω",
]
LINES = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=30)
BREAKS = st.sampled_from(["\n", "\r\n", "\r"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])


@given(
    lines=LINES,
    line_break=BREAKS,
    encoding=ENCODINGS,
    query=st.lists(st.sampled_from(WORDS[:-1]), min_size=1, max_size=3).map(" ".join),
)
@settings(max_examples=40, deadline=None)
def test_evidence_points_at_the_term_in_the_file(
    lines: list[str], line_break: str, encoding: str, query: str
) -> None:
    text = line_break.join(lines)
    data = text.encode(encoding, "ignore")
    text = data.decode(encoding)
    snapshot = snapshot_of({"notes.txt": data}, meaning=True)
    file = snapshot.chunks.file("notes.txt")
    assert file is not None
    if not file.chunks:
        return
    searcher = Searcher(shared_models())
    answer = searcher.search([snapshot], SearchRequest(query))
    for hit in answer.hits:
        told = searcher.explain([snapshot], query, hit.root, hit.chunk).hit
        assert told is not None
        for found, source in evidence_of(hit, told):
            check_place(text.encode(), hit.chunk, found, source)


def evidence_of(*hits: Hit) -> Iterator[tuple[Evidence, str]]:
    for hit in hits:
        for part in hit.contributions:
            for found in part.evidence:
                yield found, part.source


def check_place(data: bytes, chunk: Chunk, found: Evidence, source: str) -> None:
    """The range lies in the chunk, on whole characters, and holds the term (or the token) it stands for."""
    assert chunk.start_byte <= found.start_byte <= found.end_byte <= chunk.end_byte
    there = data[found.start_byte : found.end_byte].decode()
    if source == "bm25":
        in_text = found.text in terms(data[chunk.start_byte : chunk.end_byte].decode())
        assert (found.text in terms(there)) if in_text else there == ""
    elif there:
        assert there == found.text
    assert np.isfinite(found.share)


def test_evidence_of_the_sample_points_at_the_text_of_the_file(sample: Service) -> None:
    checked = 0
    for query in ("Größe", "retry token signature", "Ansprechpartner", "heartbeat interval"):
        answer: Answer = sample.search(SearchRequest(query, 20))
        for hit in answer.hits:
            text = decode((hit.root.path / hit.chunk.uri).read_bytes()).text
            for found, source in evidence_of(hit):
                check_place(text.encode(), hit.chunk, found, source)
                checked += 1
    assert checked > 20
