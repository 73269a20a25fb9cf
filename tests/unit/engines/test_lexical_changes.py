"""Recent changes laid over a committed index: searched as if tantivy had them, scored by its statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines import lexical_base
from codeintel.engines.lexical import LexicalDocument, LexicalIndex, LexicalView
from codeintel.engines.lexical_bm25 import LENGTHS, length_code
from codeintel.engines.lexical_query import MAX_QUERY_TERMS
from codeintel.engines.lexical_schema import FIELDS, MAX_TERM_BYTES

BOOSTS = {"body": 1.0, "symbols": 3.0, "path": 1.5, "stem": 2.0}

Contents = Mapping[int, LexicalDocument]


def committed(documents: Sequence[LexicalDocument], removed: Sequence[int] = ()) -> LexicalView:
    index = LexicalIndex.open(None)
    index.replace([], documents)
    index.commit()
    index.replace(removed, [])
    index.commit()
    return index.view()


def body(number: int, text: str) -> LexicalDocument:
    return LexicalDocument(number, text)


def found(view: LexicalView, *terms: str) -> list[int]:
    return sorted(view.search(terms, 1_000).ids.tolist())


def lists(document: LexicalDocument) -> list[Sequence[str]]:
    return [document.terms, document.symbols, document.path, document.stem]


def bm25(
    visible: Contents, counted: Contents, living: Contents, memory: Contents, terms: Sequence[str]
) -> dict[int, float]:
    """Scores of `visible` documents by the statistics of those `counted`, or of `memory` where none is `living`."""
    counted = counted if living else memory
    scores: dict[int, float] = {}
    for place, field in enumerate(FIELDS):
        source = counted if any(lists(document)[place] for document in living.values()) else memory
        mean = sum(len(lists(document)[place]) for document in source.values()) / max(1, len(source))
        for term in dict.fromkeys(terms):
            df = sum(term in lists(document)[place] for document in counted.values())
            idf = math.log(1 + (len(counted) - df + 0.5) / (df + 0.5))
            for number, document in visible.items():
                tokens = lists(document)[place]
                if tf := tokens.count(term):
                    norm = 1.2 * (0.25 + 0.75 * LENGTHS[length_code(len(tokens))] / mean)
                    scores[number] = scores.get(number, 0) + BOOSTS[field] * idf * 2.2 * tf / (tf + norm)
    return scores


words = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "éta", "名前"]), max_size=8)
long_words = st.builds(lambda some, times: some * times, words, st.sampled_from([1, 1, 1, 7]))
documents = st.builds(LexicalDocument, st.integers(1, 12), long_words, words, words, words)
changes = st.tuples(
    st.lists(st.integers(1, 14), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(documents, max_size=5), max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(
    base=st.lists(documents, max_size=14, unique_by=lambda document: document.id),
    deleted=st.lists(st.integers(1, 12), max_size=4, unique=True),
    edits=st.lists(changes, max_size=5),
    terms=words,
    k=st.integers(1, 20),
    allowed=st.none() | st.lists(st.integers(1, 14), max_size=12),
)
def test_a_search_finds_the_exact_top_by_the_statistics_of_the_base(
    base: list[LexicalDocument],
    deleted: list[int],
    edits: list[tuple[list[int], dict[str, list[LexicalDocument]]]],
    terms: list[str],
    k: int,
    allowed: list[int] | None,
) -> None:
    view = committed(base, deleted)
    counted = {document.id: document for document in base}
    living = {number: document for number, document in counted.items() if number not in deleted}
    visible, memory = dict(living), dict[int, LexicalDocument]()
    for removed, given_anew in edits:
        view = view.changed(removed, given_anew)
        fresh = {document.id: document for group in given_anew.values() for document in group}
        memory = {n: d for n, d in memory.items() if n not in removed} | fresh
        visible = {n: d for n, d in visible.items() if n not in removed} | fresh
    assert view.ids().tolist() == sorted(visible)
    assert len(view) == len(visible)
    scores = bm25(visible, counted, living, memory, terms)
    eligible = {n: score for n, score in scores.items() if allowed is None or n in allowed}
    for union_limit in (0, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lexical_base, "UNION_LIMIT", union_limit)
            hits = view.search(terms, k, allowed, BOOSTS)
        assert len(set(hits.ids.tolist())) == hits.ids.size
        np.testing.assert_allclose(hits.scores, sorted(eligible.values(), reverse=True)[:k], rtol=1e-4)
        for number, score in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True):
            assert score == pytest.approx(eligible[number], rel=1e-4)
    for number in range(1, 15):
        parts = view.explain(terms, number, BOOSTS)
        assert sum(part.score for part in parts) == pytest.approx(scores.get(number, 0), rel=1e-4)


def test_documents_score_the_same_in_memory_and_in_tantivy() -> None:
    texts = [f"load {'file ' * (n % 5)} from disk w{n} {'pad ' * (n * 3 % 70)}" for n in range(1, 120)]
    every = [
        LexicalDocument(n, text, ["load"] * (n % 2), ["src", f"p{n % 9}"], [f"s{n % 4}"])
        for n, text in enumerate(texts, start=1)
    ]
    view = committed(every)
    groups: dict[str, list[LexicalDocument]] = {}
    for document in every[::3]:
        groups.setdefault(f"g{document.id % 8}", []).append(document)
    layered = view.changed([], groups)
    assert len(layered) == len(view)
    for terms in (["load"], ["load", "file", "w9", "p3"], ["s1", "disk", "absent"], ["w30"]):
        for boosts in (None, BOOSTS, {"body": 0.0}):
            ours, theirs = layered.search(terms, 200, boosts=boosts), view.search(terms, 200, boosts=boosts)
            by_id = dict(zip(ours.ids.tolist(), ours.scores.tolist(), strict=True))
            assert by_id == pytest.approx(
                dict(zip(theirs.ids.tolist(), theirs.scores.tolist(), strict=True)), rel=1e-4
            )
    for document in every[:9]:
        terms = ["load", "file", "p3", "s1"]
        assert [vars_of(part) for part in layered.explain(terms, document.id)] == [
            (part.term, part.field, pytest.approx(part.score, rel=1e-4))
            for part in view.explain(terms, document.id)
        ]


def vars_of(part: Any) -> tuple[str, str, float]:
    return part.term, part.field, part.score


def test_typing_in_one_file_moves_no_other_score() -> None:
    view = committed([body(number, f"parse value {'x ' * number}") for number in range(1, 40)])
    before = view.search(["parse", "value"], 100)
    typed = view
    for text in ("parse", "parse parse", "parse value value", ""):
        typed = typed.changed([], {"open": [body(7, text), body(1_000, text * 50)]})
        after = typed.search(["parse", "value"], 100)
        scores = dict(zip(after.ids.tolist(), after.scores.tolist(), strict=True))
        assert all(
            scores[number] == score
            for number, score in zip(before.ids.tolist(), before.scores.tolist(), strict=True)
            if number != 7
        )
    assert typed.idf("parse") == view.idf("parse")


def test_a_change_hides_what_it_replaces_wherever_that_was() -> None:
    view = committed([body(1, "old one"), body(2, "old two"), body(3, "old three")])
    first = view.changed([1], {"a": [body(2, "new two"), body(10, "new ten")], "b": [body(11, "new eleven")]})
    assert found(first, "old") == [3]
    assert found(first, "new") == [2, 10, 11]
    second = first.changed([11], {"b": [body(10, "moved")]})  # what "a" held of 10 is replaced too
    assert found(second, "new") == [2]
    assert found(second, "moved") == [10]
    third = second.changed([2, 10, 3, 999], {})
    assert third.ids().tolist() == []
    assert len(third) == 0
    assert third.search(["old", "new", "moved"], 5).ids.size == 0
    assert third.explain(["old"], 1) == third.explain(["new"], 2) == []
    assert found(first, "new") == [2, 10, 11]  # views are what they were
    assert found(view, "old") == [1, 2, 3]


def test_what_a_group_held_stays_unless_it_is_given_again() -> None:
    view = committed([]).changed([], {"a": [body(1, "x"), body(2, "x")]})
    assert found(view.changed([], {"a": [body(3, "x")]}), "x") == [1, 2, 3]
    assert found(view.changed([], {"a": [body(2, "y")]}), "x") == [1]
    assert found(view.changed([], {"a": []}), "x") == [1, 2]


def test_of_several_documents_of_one_id_the_last_counts() -> None:
    view = committed([]).changed([], {"a": [body(1, "x"), body(1, "y")], "b": [body(1, "z")]})
    assert [found(view, term) for term in "xyz"] == [[], [], [1]]
    assert len(view) == 1


def test_equal_scores_ascend_by_id_across_the_layers() -> None:
    view = committed([body(number, "same") for number in range(1, 100)])
    layered = view.changed(
        [], {"a": [body(number, "same") for number in (3, 50, 7)], "b": [body(200, "same")]}
    )
    assert layered.search(["same"], 5).ids.tolist() == [1, 2, 3, 4, 5]
    assert layered.search(["same"], 3, allowed=[200, 50, 20, 7]).ids.tolist() == [7, 20, 50]


def test_equal_sums_of_many_terms_are_ties_across_the_layers() -> None:
    same = LexicalDocument(1, "load the file from disk again", ["load", "file"], ["src"], ["file"])
    other = [body(number, f"file w{number} {'from ' * (number % 9)}") for number in range(500, 560)]
    twins = [replace(same, id=number) for number in range(1, 40)]
    layered = committed([*twins, *other]).changed([], {"a": twins[3:30:4], "b": [replace(same, id=40)]})
    terms = ["src", "load", "again", "file", "disk", "from", "w501"]
    hits = layered.search(terms, 40)
    assert hits.ids.tolist() == list(range(1, 41))
    assert len(set(hits.scores.tolist())) == 1


def test_many_better_hidden_documents_do_not_crowd_out_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    better = [body(number, "needle needle needle") for number in range(1, 1_500)]
    view = committed([*better, body(5_000, "needle and much other text beside it")])
    layered = view.changed([document.id for document in better], {})
    assert layered.search(["needle"], 1).ids.tolist() == [5_000]
    monkeypatch.setattr(lexical_base, "UNION_LIMIT", 0)
    assert layered.search(["needle"], 1, allowed=range(1, 6_000)).ids.tolist() == [5_000]


def test_without_a_base_the_memory_has_its_own_statistics() -> None:
    contents = [LexicalDocument(n, f"common {'rare' if n == 4 else 'x'}", ["f"]) for n in range(1, 9)]
    in_memory = committed([]).changed([], {"a": contents[:3], "b": contents[3:]})
    in_tantivy = committed(contents)
    for terms in (["common"], ["rare", "common", "f"], ["absent"]):
        ours, theirs = in_memory.search(terms, 10), in_tantivy.search(terms, 10)
        assert ours.ids.tolist() == theirs.ids.tolist()
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-4)
        assert [in_memory.idf(term) for term in terms] == [in_tantivy.idf(term) for term in terms]


def test_a_field_that_only_memory_has_is_scored() -> None:
    view = committed([body(1, "a"), body(2, "b")])
    layered = view.changed([], {"a": [LexicalDocument(3, ["c"], path=["src"])]})
    assert layered.search(["src"], 5).scores[0] > 0


def test_a_term_that_only_memory_has_is_kept_among_thousands() -> None:
    common = [f"common{number}" for number in range(600)]
    view = committed([LexicalDocument(n, common) for n in range(1, 4)])
    layered = view.changed([], {"a": [body(9, "fresh")]})
    hits = layered.search([*common, *(f"absent{n}" for n in range(600)), "fresh"], 5)
    assert 9 in hits.ids
    assert len(layered.explain([*common, "fresh"], 1)) == MAX_QUERY_TERMS - 1


def test_odd_documents_are_taken_apart_as_tantivy_does() -> None:
    odd = [
        LexicalDocument(1, ["good", "bad\ud800"], path="src lib"),
        LexicalDocument(2, f"good {'z' * (MAX_TERM_BYTES + 1)} y"),
        LexicalDocument(3, f"good {'é' * (MAX_TERM_BYTES // 2)} y"),
        LexicalDocument(4, []),
        LexicalDocument(5, "good" + " x" * 3_000),
    ]
    view = committed(odd)
    layered = view.changed([], {"a": odd})
    assert layered.ids().tolist() == [1, 2, 3, 4, 5]
    for term in (
        "good",
        "bad?",
        "lib",
        "y",
        "x",
        "z" * (MAX_TERM_BYTES + 1),
        "é" * (MAX_TERM_BYTES // 2),
        "",
    ):
        ours, theirs = layered.search([term], 9), view.search([term], 9)
        assert ours.ids.tolist() == theirs.ids.tolist()
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-6)


@pytest.mark.parametrize("bad", [0, -1, 2**63])
def test_an_id_that_is_no_positive_int64_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=str(bad)):
        committed([]).changed([], {"a": [body(bad, "x")]})


def test_removing_more_than_a_union_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    view = committed([body(number, "x") for number in range(1, 50)])
    monkeypatch.setattr(lexical_base, "UNION_LIMIT", 5)
    assert view.changed([*range(1, 49), 500], {}).ids().tolist() == [49]


def test_a_document_that_was_deleted_from_the_base_is_not_counted_as_hidden() -> None:
    view = committed([body(1, "x"), body(2, "x")], removed=[1])
    assert len(view.changed([1], {})) == 1
    assert len(view.changed([], {"a": [body(1, "x")]})) == 2
