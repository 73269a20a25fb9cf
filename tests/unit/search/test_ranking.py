"""Ranking: every part of a score with its arithmetic, on candidates made by hand and weights that are stated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.search.intent import intent_of
from codeintel.search.locations import Located, locations_of
from codeintel.search.ranking import Candidate, ChannelHit, rank
from codeintel.search.signals import ALMOST
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.workspace.roots import Root, open_root
from workspaces import Texts, chunk_table

SILENT = replace(
    DEFAULT_WEIGHTS,
    bm25=1.0, dense=1.0, static=1.0, rank_constant=20.0,
    definition=0.0, definition_named=0.0, stem=0.0, path=0.0, coherence=0.0,
    test=0.0, example=0.0, vendor=0.0, doc=0.0, data=0.0, generated=0.0, verbatim=0.0,
    location=0.0, repeat=0.0,
)  # fmt: skip
"""Only the channels count; a test turns on what it is about."""

HERE = open_root(".")
Found = Mapping[tuple[str, int], list[ChannelHit]]


def candidates(texts: Texts, found: Found, root: Root = HERE) -> list[Candidate]:
    """The chunks of `texts` that `found` names by uri and number, each with its places in the channels."""
    table = chunk_table(texts)
    made = []
    for (uri, number), hits in found.items():
        file = table.file(uri)
        assert file is not None
        made.append(Candidate(root, file.chunks[number], list(hits)))
    return made


def first(*channels: str, rank: int = 1) -> list[ChannelHit]:
    return [ChannelHit(channel, rank, 1.0, 1.0) for channel in channels]


def check(candidate: Candidate, expected: Mapping[str, float]) -> None:
    """The contributions by source, all that count for something, and their sum."""
    assert heard(candidate) == pytest.approx(expected)
    assert len({part.source for part in candidate.contributions}) == len(candidate.contributions)
    assert candidate.score == pytest.approx(sum(expected.values()))


def heard(candidate: Candidate) -> dict[str, float]:
    """The contributions that count for something."""
    return {part.source: part.contribution for part in candidate.contributions if part.contribution}


def test_the_first_of_a_channel_adds_its_weight_and_later_ones_less() -> None:
    found = candidates(
        {"a.py": "x = 1\n", "b.py": "y = 1\n"},
        {("a.py", 0): [ChannelHit("bm25", 1, 9.0, 1.0), ChannelHit("dense", 4, 0.5, 0.5)],
         ("b.py", 0): [ChannelHit("bm25", 2, 8.0, 1.0)]},
    )  # fmt: skip
    best, second = rank(found, intent_of("q"), SILENT)
    check(best, {"bm25": 1.0 * 21 / 21, "dense": 0.5 * 21 / 24})
    check(second, {"bm25": 1.0 * 21 / 22})
    part = best.contributions[1]
    assert (part.kind, part.rank, part.score, part.weight) == ("channel", 4, 0.5, 0.5)


def test_a_definition_adds_by_its_agreement() -> None:
    found = candidates({"a.py": "class TokenBucket:\n    pass\n"}, {("a.py", 0): first("bm25")})
    weights = replace(SILENT, definition=0.6, definition_named=1.2)
    (named,) = rank(found, intent_of("TokenBucket"), weights)
    check(named, {"bm25": 1.0, "definition": 1.2 * 1.0})
    assert named.contributions[1].reason == "defines TokenBucket"


def test_words_that_make_up_a_name_add_the_smaller_weight() -> None:
    found = candidates({"a.py": "class TokenBucket:\n    pass\n"}, {("a.py", 0): first("bm25")})
    (described,) = rank(
        found, intent_of("the token bucket"), replace(SILENT, definition=0.6, definition_named=1.2)
    )
    check(described, {"bm25": 1.0, "definition": 0.6 * ALMOST})


def test_the_names_of_file_and_folder_add_by_their_agreement_with_the_query() -> None:
    found = candidates({"router/token.py": "x = 1\n"}, {("router/token.py", 0): first("bm25")})
    (one,) = rank(found, intent_of("router token refill rate"), replace(SILENT, stem=0.4, path=0.2))
    check(one, {"bm25": 1.0, "stem": 0.4 * math.sqrt(1 / 4), "path": 0.2 * 1 / 4})


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("tests/a.py", "test"),
        ("examples/a.py", "example"),
        ("vendor/a.py", "vendor"),
        ("a.md", "doc"),
        ("a.json", "data"),
    ],
)
def test_a_place_costs_its_penalty(uri: str, place: str) -> None:
    found = candidates({uri: "1\n"}, {(uri, 0): first("bm25")})
    (one,) = rank(found, intent_of("retry"), replace(SILENT, **{place: 0.25}))
    check(one, {"bm25": 1.0, place: -0.25})


@pytest.mark.parametrize(
    ("uri", "query"),
    [("tests/a.py", "tests of retry"), ("examples/a.py", "retry example"), ("a.md", "retry documentation")],
)
def test_a_penalty_is_lifted_when_the_query_asks_for_such_files(uri: str, query: str) -> None:
    found = candidates({uri: "x = 1\n"}, {(uri, 0): first("bm25")})
    (one,) = rank(found, intent_of(query), replace(SILENT, test=0.5, example=0.5, doc=0.5))
    assert heard(one) == {"bm25": 1.0}


LONG = "".join(f"def f{n}():\n    return '{'word ' * 200}'\n\n\n" for n in range(4))


def test_the_best_chunk_of_a_file_gains_by_what_matches_in_the_file() -> None:
    found = candidates(
        {"a.py": LONG, "b.py": "y = 1\n"},
        {
            ("a.py", 0): first("bm25", rank=1),
            ("a.py", 1): first("bm25", rank=3),
            ("b.py", 0): first("bm25", rank=2),
        },
    )
    by_place = {
        (one.chunk.uri, one.chunk.start_line > 0): one
        for one in rank(found, intent_of("q"), replace(SILENT, coherence=0.3))
    }
    check(by_place["a.py", False], {"bm25": 1.0, "coherence": 0.3 * 1.0})
    check(by_place["a.py", True], {"bm25": 21 / 23})
    check(by_place["b.py", False], {"bm25": 21 / 22, "coherence": 0.3 * (21 / 22) / (21 / 21 + 21 / 23)})


def test_each_further_chunk_of_a_file_loses_a_growing_share() -> None:
    found = candidates({"a.py": LONG}, {("a.py", n): first("bm25", rank=n + 1) for n in range(3)})
    best, second, third = rank(found, intent_of("q"), replace(SILENT, repeat=0.3))
    check(best, {"bm25": 1.0})
    check(second, {"bm25": 21 / 22, "repeat": -21 / 22 * (1 - 0.7)})
    check(third, {"bm25": 21 / 23, "repeat": -21 / 23 * (1 - 0.7**2)})
    assert second.contributions[1].reason == "1 better hit in the same file"
    assert third.contributions[1].reason == "2 better hits in the same file"


def test_a_repeat_never_rewards_a_negative_score() -> None:
    found = candidates({"tests/a.py": LONG}, {("tests/a.py", n): first("bm25", rank=n + 1) for n in range(3)})
    ranked = rank(found, intent_of("q"), replace(SILENT, test=2.0, repeat=0.3))
    assert [heard(one).get("repeat") for one in ranked] == [None, None, None]


def test_equal_scores_are_ordered_by_uri_and_place_whatever_came_first() -> None:
    texts = {"b.py": LONG, "a.py": "x = 1\n"}
    found = {("b.py", 1): first("bm25"), ("b.py", 0): first("bm25"), ("a.py", 0): first("bm25")}
    for order in (list(found), list(reversed(found))):
        made = candidates(texts, {place: found[place] for place in order})
        ranked = rank(made, intent_of("q"), SILENT)
        places = [(one.chunk.uri, one.chunk.start_byte) for one in ranked]
        assert places == sorted(places)


def test_nothing_is_ranked_where_nothing_was_found() -> None:
    assert rank([], intent_of("q"), DEFAULT_WEIGHTS) == []


CHANNEL_HITS = st.lists(
    st.builds(
        ChannelHit,
        st.sampled_from(["bm25", "dense", "static"]),
        st.integers(1, 200),
        st.floats(0, 30),
        st.floats(0, 2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda hit: hit.channel,
)
TEXTS = {
    "src/token.py": LONG,
    "tests/test_token.py": LONG,
    "docs/token.md": "# Token\n",
    "vendor/f0.py": LONG,
}
PLACES = [(uri, 0) for uri in TEXTS] + [("src/token.py", 1), ("src/token.py", 2), ("tests/test_token.py", 1)]
TABLE = chunk_table(TEXTS)


@given(
    st.dictionaries(st.sampled_from(PLACES), CHANNEL_HITS),
    st.sampled_from(["f0", "token test", "where is the token", "docs of f1", "?"]),
    st.builds(
        Weights,
        definition=st.floats(0, 2), stem=st.floats(0, 1), coherence=st.floats(0, 1),
        test=st.floats(0, 1), doc=st.floats(0, 1), repeat=st.floats(0, 1),
    ),
)  # fmt: skip
def test_contributions_sum_to_the_score_and_order_the_hits(
    found: dict[tuple[str, int], list[ChannelHit]], query: str, weights: Weights
) -> None:
    made = [Candidate(HERE, TABLE.file(uri).chunks[number], hits) for (uri, number), hits in found.items()]  # type: ignore[union-attr]
    ranked = rank(made, intent_of(query), weights)
    scores = [sum(part.contribution for part in one.contributions) for one in ranked]
    assert scores == pytest.approx([one.score for one in ranked], abs=1e-6)
    assert scores == sorted(scores, reverse=True)
    assert len(ranked) == len(found)
    assert all(part.reason for one in ranked for part in one.contributions)


def test_a_generated_file_is_demoted_unless_it_is_a_test_anyhow() -> None:
    found = candidates(
        {"a.go": "package a\n", "b.go": "package b\n", "c_test.go": "package c\n"},
        {(uri, 0): first("bm25") for uri in ("a.go", "b.go", "c_test.go")},
    )
    found[0].head = found[2].head = "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n"
    plain, generated, test = rank(found, intent_of("q"), replace(SILENT, generated=0.4, test=0.5))
    check(plain, {"bm25": 1.0})
    check(generated, {"bm25": 1.0, "generated": -0.4})
    check(test, {"bm25": 1.0, "test": -0.5})


def test_a_place_that_the_query_names_adds_by_its_strength() -> None:
    (found,) = candidates({"a.py": "x = 1\n"}, {("a.py", 0): []})
    (location,) = locations_of("lib/a.py:1")
    found.located = Located(found.chunk, location, 0.5)
    (hit,) = rank([found], intent_of("lib/a.py:1"), replace(SILENT, location=1.5))
    check(hit, {"location": 0.75})
    assert hit.contributions[0].reason == "the query names a.py:1"


def test_copies_of_a_better_hit_lose_as_repeats_do() -> None:
    text = "def same():\n    return 1\n"
    found = candidates(
        {"a.py": text, "b.py": text, "c.py": "def other():\n    return 2\n"},
        {("a.py", 0): first("bm25"), ("b.py", 0): first("bm25", rank=2), ("c.py", 0): first("bm25", rank=9)},
    )
    best, other, copy = rank(found, intent_of("q"), replace(SILENT, repeat=0.5))
    assert [one.chunk.uri for one in (best, other, copy)] == ["a.py", "c.py", "b.py"]
    assert heard(copy)["repeat"] == pytest.approx(-0.5 * 21 / 22)
    assert copy.contributions[-1].reason == "1 better hit with the same text"


def test_words_of_the_query_as_they_stand_add_by_their_share() -> None:
    found = candidates({"a.txt": "the lease of the oldest message\n"}, {("a.txt", 0): first("bm25")})
    (hit,) = rank(found, intent_of("lease of the oldest"), replace(SILENT, verbatim=1.5))
    check(hit, {"bm25": 1.0, "verbatim": 1.5})
    assert hit.contributions[1].reason == "has 'lease of the oldest'"
