"""Searching and explaining the lexical index, against BM25 computed by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.engines import lexical_base
from codeintel.engines.lexical import LexicalDocument, LexicalIndex, LexicalView
from codeintel.engines.lexical_query import MAX_QUERY_TERMS
from codeintel.engines.lexical_schema import FIELDS, MAX_ID

Fields = Mapping[str, Sequence[str]]
BOOSTS = {"body": 1.0, "symbols": 3.0, "path": 1.5, "stem": 2.0}


def view_of(documents: Sequence[LexicalDocument]) -> LexicalView:
    index = LexicalIndex.open(None)
    index.replace([], documents)
    index.commit()
    return index.view()


def body(*texts: str) -> LexicalView:
    return view_of([LexicalDocument(number, text.split()) for number, text in enumerate(texts, start=1)])


def bm25(corpus: Mapping[int, Fields], terms: Sequence[str], boosts: Mapping[str, float]) -> dict[int, float]:
    """Robertson's BM25, k1 = 1.2 and b = 0.75, summed over fields; only documents that match."""
    scores: dict[int, float] = {}
    for field, boost in boosts.items():
        counts = {number: Counter(fields[field]) for number, fields in corpus.items()}
        mean = sum(count.total() for count in counts.values()) / len(counts)
        for term in dict.fromkeys(terms):
            containing = [number for number, count in counts.items() if count[term]]
            idf = math.log(1 + (len(counts) - len(containing) + 0.5) / (len(containing) + 0.5))
            for number in containing:
                tf = counts[number][term]
                norm = 1.2 * (1 - 0.75 + 0.75 * counts[number].total() / mean)
                scores[number] = scores.get(number, 0.0) + boost * idf * 2.2 * tf / (tf + norm)
    return scores


words = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "éta", "δ", "名前"]), max_size=8)
fields = st.fixed_dictionaries(dict.fromkeys(FIELDS, words))
corpora = st.dictionaries(st.integers(1, MAX_ID), fields, min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(corpus=corpora, terms=words, data=st.data())
def test_hits_are_the_exact_top_of_the_allowed_documents(
    corpus: dict[int, Fields], terms: list[str], data: st.DataObject
) -> None:
    view = view_of(
        [LexicalDocument(n, f["body"], f["symbols"], f["path"], f["stem"]) for n, f in corpus.items()]
    )
    allowed = data.draw(st.none() | st.lists(st.sampled_from([*corpus, 1, 2]), max_size=20))
    k = data.draw(st.integers(1, 30))
    scores = bm25(corpus, terms, BOOSTS)
    eligible = {n: s for n, s in scores.items() if allowed is None or n in allowed}
    expected = sorted(eligible.values(), reverse=True)[:k]
    for union_limit in (0, 1_000):  # once by dropping what is not allowed, once inside tantivy
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lexical_base, "UNION_LIMIT", union_limit)
            hits = view.search(terms, k, allowed, BOOSTS)
        np.testing.assert_allclose(hits.scores, expected, atol=1e-4)
        for number, score in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True):
            assert eligible[number] == pytest.approx(score, abs=1e-4)
            assert sum(part.score for part in view.explain(terms, number, BOOSTS)) == pytest.approx(
                score, abs=1e-4
            )


def test_equal_scores_ascend_by_id_whatever_the_order_of_writing() -> None:
    ids = list(range(1, 200))
    for order in (ids, ids[::-1], ids[100:] + ids[:100]):
        view = view_of([LexicalDocument(number, ["same"]) for number in order])
        assert view.search(["same"], 5).ids.tolist() == [1, 2, 3, 4, 5]
        assert view.search(["same"], 3, allowed=[150, 20, 90, 7]).ids.tolist() == [7, 20, 90]


def test_a_rare_allowed_document_is_found_below_many_better_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_base, "UNION_LIMIT", 0)
    view = body(*["needle needle needle"] * 500, "needle and much other text beside it")
    assert view.search(["needle"], 1, allowed=[501]).ids.tolist() == [501]


def test_boosts_weigh_fields_and_zero_switches_one_off() -> None:
    view = view_of([LexicalDocument(1, ["x"], ["run"]), LexicalDocument(2, ["run"], ["x"])])
    assert view.search(["run"], 2, boosts={"symbols": 2.0}).ids.tolist() == [1, 2]
    assert view.search(["run"], 2, boosts={"body": 2.0}).ids.tolist() == [2, 1]
    assert view.search(["run"], 2, boosts={"symbols": 0.0}).ids.tolist() == [2]
    with pytest.raises(ValueError, match="title"):
        view.search(["run"], 2, boosts={"title": 1.0})


def test_explanation_names_term_and_field_highest_first() -> None:
    view = view_of(
        [LexicalDocument(1, ["load", "file"], ["load"], ["src"], ["src"]), LexicalDocument(2, ["file"])]
    )
    parts = view.explain(["load", "file", "absent"], 1, {"symbols": 3.0})
    assert [(part.term, part.field) for part in parts] == [
        ("load", "symbols"),
        ("load", "body"),
        ("file", "body"),
    ]
    boosts = {"symbols": 0.5}
    hit = view.search(["load"], 1, boosts=boosts)
    assert sum(p.score for p in view.explain(["load"], 1, boosts)) == pytest.approx(hit.scores[0])
    assert view.explain(["load"], 3) == []
    assert view.explain(["load"], -1) == []


def test_nothing_asked_finds_nothing() -> None:
    view = body("a b")
    for hits in (
        view.search([], 5),
        view.search(["a"], 0),
        view.search(["a"], -1),
        view.search(["a"], 5, allowed=[]),
        body().search(["a"], 5),
    ):
        assert hits.ids.dtype == np.int64
        assert not hits.ids.size


def test_a_huge_k_is_capped() -> None:
    assert body("a", "a b").search(["a"], 2**62).ids.tolist() == [1, 2]


def test_unusual_terms_neither_break_nor_match() -> None:
    view = body("plain", "+plain AND title:x", "x " + "z" * 100_000 + " y")
    for term in ("z" * 100_000, "", "\ud800", "\0", "a b"):
        assert view.search([term], 5).ids.tolist() == []
    assert view.search(["title:x"], 5).ids.tolist() == [2]
    assert view.search(["AND", "z" * 100_000], 5).ids.tolist() == [2]
    assert view.search(["y"], 5).ids.tolist() == [3]


def test_of_thousands_of_terms_the_rarest_are_kept_and_explained() -> None:
    common = [f"common{number}" for number in range(3_000)]
    view = view_of([*(LexicalDocument(n, common) for n in range(1, 4)), LexicalDocument(9, ["rare"])])
    terms = [*common, "rare", *(f"absent{number}" for number in range(3_000))]
    hits = view.search(terms, 5)
    assert 9 in hits.ids
    parts = view.explain(terms, 1)
    assert len(parts) == MAX_QUERY_TERMS - 1
    assert sum(part.score for part in parts) == pytest.approx(
        hits.scores[hits.ids.tolist().index(1)], rel=1e-4
    )


def test_repeated_terms_count_once() -> None:
    view = body("a b", "b")
    assert view.search(["a"] * 5, 2).scores.tolist() == view.search(["a"], 2).scores.tolist()


def test_ids_are_all_live_ones_ascending() -> None:
    ids = [MAX_ID, 3, 2**40]
    view = view_of([LexicalDocument(number, []) for number in ids])
    assert view.ids().tolist() == sorted(ids)
    assert len(view) == 3
    assert body().ids().tolist() == []
