"""Places by late interaction: those of the scores among whom it knows; who is not known yet keeps its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.catalog.rows import Chunk
from codeintel.search.intent import intent_of
from codeintel.search.late_ranks import LATE, rank_late
from codeintel.search.locations import Located, Location
from codeintel.search.ranking import Candidate, ChannelHit, rank
from codeintel.search.weights import DEFAULT_WEIGHTS
from codeintel.workspace.roots import open_root
from workspaces import chunk_table

ROOT = open_root(".")
WEIGHT = 0.3
SCORES = st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.5, 0.9]))
"""Of candidates in the order of the other channel; None where late interaction does not know one."""


@cache
def chunks(count: int) -> Sequence[Chunk]:
    return sorted(
        chunk_table({f"{number}.py": f"x = {number}\n" for number in range(count)}), key=lambda c: c.id
    )


def placed(scores: Sequence[float | None]) -> list[Candidate]:
    """Candidates that another channel found in this order, once late interaction has given them their places."""
    made = [
        Candidate(ROOT, chunk, [ChannelHit("bm25", place, 9.0, 1.0)])
        for place, chunk in enumerate(chunks(len(scores)), 1)
    ]
    scored = [(score, one) for score, one in zip(scores, made, strict=True) if score is not None]
    lacking = [one for score, one in zip(scores, made, strict=True) if score is None]
    rank_late(scored, lacking, made, WEIGHT, DEFAULT_WEIGHTS)
    return made


def places(candidates: Sequence[Candidate]) -> list[int]:
    return [hit.rank for one in candidates for hit in one.found if hit.channel == LATE]


def test_where_all_are_known_the_scores_alone_decide() -> None:
    assert places(placed([0.1, 0.5, 0.9, 0.5])) == [4, 2, 1, 3]  # equal ones by id


def test_who_is_not_known_keeps_its_place_and_the_others_share_the_rest() -> None:
    found = placed([0.1, None, 0.9, None, 0.5])
    assert places(found) == [5, 2, 1, 4, 3]
    (held,) = (hit for hit in found[1].found if hit.channel == LATE)
    assert (held.score, held.weight) == (None, WEIGHT)


def test_the_explanation_says_so() -> None:
    ranked = rank(placed([None, 0.5]), intent_of("q"), DEFAULT_WEIGHTS)
    reasons = {
        one.chunk.uri: part.reason for one in ranked for part in one.contributions if part.source == LATE
    }
    assert sorted(reasons.values()) == ["not compared yet, as rank 1", "word by word, rank 2"]


@settings(deadline=None)
@given(st.lists(SCORES, max_size=12))
def test_everybody_has_a_place_of_its_own(scores: list[float | None]) -> None:
    found = placed(scores)
    assert sorted(places(found)) == list(range(1, len(scores) + 1))
    assert [place for place, score in zip(places(found), scores, strict=True) if score is None] == [
        place for place, score in enumerate(scores, 1) if score is None
    ]
    known = sorted(
        (place, score) for place, score in zip(places(found), scores, strict=True) if score is not None
    )
    assert [score for _, score in known] == sorted((score for _, score in known), reverse=True)


@settings(deadline=None)
@given(st.integers(0, 12))
def test_an_order_of_whom_nobody_is_known_stays_as_it_is(count: int) -> None:
    flat = replace(DEFAULT_WEIGHTS, coherence=0.0, repeat=0.0)
    found = placed([None] * count)
    assert [one.chunk.id for one in rank(found, intent_of("q"), flat)] == [one.chunk.id for one in found]


def test_who_was_found_by_its_place_alone_comes_after_those_that_a_channel_found() -> None:
    found = placed([None, 0.5])
    for one in found:
        one.found = [hit for hit in one.found if hit.channel != LATE]
    named = Candidate(ROOT, chunks(3)[2], located=Located(chunks(3)[2], Location("2.py", 1, (0, 6)), 1.0))
    everyone = [named, *found]
    rank_late([(0.5, found[1])], [named, found[0]], everyone, WEIGHT, DEFAULT_WEIGHTS)
    assert places(everyone) == [3, 1, 2]


def test_what_only_late_interaction_found_comes_in_between() -> None:
    """As in the wide mode, which finds chunks that no other channel has."""
    found = placed([None, None])
    for one in found:
        one.found = [hit for hit in one.found if hit.channel != LATE]
    alone = [Candidate(ROOT, chunk) for chunk in chunks(4)[2:]]
    rank_late([(0.9, alone[0]), (0.5, alone[1])], [found[1]], [*found, *alone], WEIGHT, DEFAULT_WEIGHTS)
    assert places(found[:1]) == []  # known to late interaction, and not among its best
    assert places([found[1], *alone]) == [2, 1, 3]
