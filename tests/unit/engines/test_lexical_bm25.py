"""Our BM25 against what tantivy explains of its own."""

from __future__ import annotations

import json
from bisect import bisect_right

import numpy as np
import pytest

from codeintel.engines.lexical import LexicalDocument, LexicalIndex
from codeintel.engines.lexical_base import CommittedLayer
from codeintel.engines.lexical_bm25 import LENGTHS, Statistics, length_code, norms, weights
from codeintel.engines.lexical_query import field_term

TESTED_LENGTHS = sorted(
    {*range(1, 300), *(n + d for n in LENGTHS if n < 40_000 for d in (-1, 0, 1) if n > 1)}
)


def committed(documents: list[LexicalDocument]) -> CommittedLayer:
    index = LexicalIndex.open(None)
    index.replace([], documents)
    index.commit()
    return index.view()._base


def explained(base: CommittedLayer, term: str, field: str, number: int) -> dict[str, float]:
    """The named values of tantivy's explanation of a term's match, with the whole score as `score`."""
    address = base._address(number)
    assert address is not None
    query = field_term(base._schema, term, field, 1.0)
    found = json.loads(query.explain(base._searcher, address).to_json())
    values, parts = {"score": float(found["value"])}, [found]
    while parts:
        part = parts.pop()
        values[part["description"].partition(",")[0]] = float(part["value"])
        parts += part.get("details", [])
    return values


def test_lengths_are_rounded_as_tantivy_rounds_them() -> None:
    base = committed([LexicalDocument(length, "x " * length) for length in TESTED_LENGTHS])
    rounded = [explained(base, "x", "body", length)["dl"] for length in TESTED_LENGTHS]
    assert [float(LENGTHS[length_code(length)]) for length in TESTED_LENGTHS] == rounded


def test_the_codes_ascend_through_a_byte_and_round_down() -> None:
    assert len(set(LENGTHS)) == 256
    assert list(LENGTHS) == sorted(LENGTHS)
    assert [length_code(length) for length in LENGTHS] == list(range(256))
    assert length_code(10**12) == 255
    assert all(
        bisect_right(LENGTHS, length - 1) - 1 == code - 1 for code, length in enumerate(LENGTHS) if code
    )


@pytest.mark.parametrize("term", ["common", "rare"])
def test_statistics_and_scores_are_those_that_tantivy_explains(term: str) -> None:
    documents = [
        LexicalDocument(number, f"{'common ' * (number % 7 + 1)} other w{number}", ["seen"] * (number % 3))
        for number in range(1, 80)
    ]
    base = committed([*documents, LexicalDocument(80, "rare rare common")])
    expected = explained(base, term, "body", 80)
    statistics = base.statistics([term])
    assert statistics.documents == base.counted == expected["N"] == 80
    assert statistics.frequencies[0, 0] == expected["n"]
    assert statistics.mean_lengths[0] == np.float32(expected["avgdl"])
    assert statistics.mean_lengths[1] == np.float32(explained(base, "seen", "symbols", 1)["avgdl"])
    assert statistics.mean_lengths[2:].tolist() == [0, 0]
    tf, norm = expected["freq"], norms(statistics.mean_lengths)[0, length_code(3)]
    score = weights(statistics, {"body": 1.0})[0, 0] * tf / (tf + norm)
    assert score == pytest.approx(expected["score"], rel=1e-6)


def test_deleted_documents_count_until_they_are_merged_away() -> None:
    index = LexicalIndex.open(None)
    index.replace([], [LexicalDocument(number, "self " * number, ["gone"]) for number in range(1, 21)])
    index.commit()
    before = index.view()._base
    index.replace(range(1, 20), [])
    index.commit()
    base = index.view()._base
    assert (len(base), base.counted) == (1, 20)
    assert base.mean_lengths.tolist() == before.mean_lengths.tolist() == [10.5, 1, 0, 0]
    assert base.frequency("gone", "symbols") == 20


def test_a_mean_is_found_whatever_the_terms_are() -> None:
    for term in ("self", "return", "zebra", "名前", "~"):
        assert committed([LexicalDocument(1, [term] * 5), LexicalDocument(2, [])]).mean_lengths[0] == 2.5


def test_an_empty_index_has_no_statistics() -> None:
    base = committed([])
    assert (base.counted, base.mean_lengths.tolist()) == (0, [0, 0, 0, 0])


def test_a_boost_multiplies_and_a_field_without_one_weighs_nothing() -> None:
    statistics = Statistics(10, np.array([[1, 2, 0, 3]]), np.ones(4, np.float32))
    once = weights(statistics, {"body": 1.0, "path": 1.0})
    np.testing.assert_allclose(weights(statistics, {"body": 2.0, "path": 3.0}), once * [2, 1, 3, 1])
    assert (once[0] > 0).tolist() == [True, False, True, False]
