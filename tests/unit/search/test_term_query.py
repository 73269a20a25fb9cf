"""A query as weighed terms: capped, expanded ones told apart; and evidence that stands where it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.catalog.rows import Chunk
from codeintel.engines.sparse import SparseView
from codeintel.engines.sparse_source import impact_rows
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.expanding_encoder import ExpandingEncoder
from codeintel.models.outputs import TERM, Encoded, Output, OutputsEncoder, TokenPlaces
from codeintel.models.passage import query_text
from codeintel.models.splade import SpladeModel
from codeintel.models.vectors import passage_for
from codeintel.search import evidence
from codeintel.search.answers import Evidence
from codeintel.search.evidence import weighed_term_evidence
from codeintel.search.term_query import MOST_EXPANDED, MOST_TERMS, TermQuery, term_query
from lookup_model import write_lookup_model
from splade_model import SUGGESTS, write_splade_model

TERMS = frozenset({Output.TERMS})
PLACE = Chunk(1, "shed/box.py", "root", 0, 9, 700, 0, "", "python", "class", "Shed.Box", 1, ())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    return OnnxEncoder(write_lookup_model(tmp_path_factory.mktemp("lookup")))


@pytest.fixture(scope="module")
def expanding(plain: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> ExpandingEncoder:
    return ExpandingEncoder(plain, SpladeModel(write_splade_model(tmp_path_factory.mktemp("splade"))))


def asked_of(encoder: OutputsEncoder, query: str) -> TermQuery:
    """A query as typed."""
    return term_query(encoder, encoder.encode_query_outputs(query).terms[0], query_text(query))


def chunk_of(content: str) -> Chunk:
    return replace(PLACE, content=content, end_byte=PLACE.start_byte + len(content.encode()))


def evidence_of(encoder: OutputsEncoder, content: str, asked: TermQuery) -> tuple[Evidence, ...]:
    """What stands for the query in a chunk of its own index."""
    chunk = chunk_of(content)
    passage = passage_for(encoder, chunk.uri, chunk.breadcrumb, chunk.content)
    (row,) = encoder.encode_outputs([passage], TERMS).terms
    sums = SparseView.build(impact_rows({chunk.id: row})).explain(asked.query, chunk.id)
    return weighed_term_evidence(chunk, encoder, asked, sums)


def written(content: str, piece: Evidence) -> str:
    """The text at the place that evidence names."""
    start, end = piece.start_byte - PLACE.start_byte, piece.end_byte - PLACE.start_byte
    return content.encode()[start:end].decode()


TEXTS = st.lists(
    st.sampled_from(
        ["car", "Sky", "fuelWheel", "the_engine", "naïve", "🙂", "中文", "tokenizers", "\n", "(", "ß"]
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(content=TEXTS, query=TEXTS)
def test_every_range_holds_its_term(plain: OnnxEncoder, content: str, query: str) -> None:
    for piece in evidence_of(plain, content, asked_of(plain, query)):
        text = written(content, piece)
        names = {text.lower(), text.lower().replace("ï", "i")}
        assert piece.text in names if text else piece.text in PLACE.breadcrumb.lower()
        assert not piece.expanded


@settings(max_examples=60, deadline=None)
@given(content=TEXTS, query=TEXTS)
def test_what_has_no_range_is_marked_where_a_model_brought_it_in(
    expanding: ExpandingEncoder, content: str, query: str
) -> None:
    asked = asked_of(expanding, query)
    words = {word.lower() for word in query.replace("_", " ").replace("W", " W").split()}
    for piece in evidence_of(expanding, content, asked):
        text = written(content, piece)
        assert text.lower() == piece.text if text else piece.expanded
        assert piece.expanded == (not text or piece.text not in words)


def test_shares_are_of_the_whole_score_though_few_are_shown(plain: OnnxEncoder) -> None:
    words = " ".join(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"])
    pieces = evidence_of(plain, words, asked_of(plain, words))
    assert len(pieces) == evidence.SHOWN_TERMS
    shares = [piece.share for piece in pieces]
    assert shares == sorted(shares, reverse=True) and 0.5 < sum(shares) < 1


def test_terms_are_named_and_those_that_the_text_lacks_are_known(expanding: ExpandingEncoder) -> None:
    asked = asked_of(expanding, "car sky")
    assert set(asked.names.values()) == {*SUGGESTS["car"], *SUGGESTS["sky"]}
    assert {asked.names[term] for term in asked.expanded} == {"wheel", "fuel", "blue"}


class Verbose(OnnxEncoder):
    """Weighs what it is given: `row` for every text, of which the first `own` terms stand in it."""

    def __init__(self, folder: Path, row: np.ndarray[tuple[int], np.dtype[np.void]], own: int) -> None:
        super().__init__(folder)
        self._row, self._own = row, own

    def encode_query_outputs(self, _text: str) -> Encoded:
        return Encoded(np.zeros((1, self.dim), np.float32), terms=(self._row,))

    def term_places(self, _text: str) -> TokenPlaces:
        ids = self._row["id"][: self._own]
        return TokenPlaces(ids, np.zeros((len(ids), 2), np.int32))


def row_of(weights: list[float]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    row = np.empty(len(weights), TERM)
    row["id"], row["weight"] = np.arange(2_000, 2_000 + len(weights)), weights
    return row


def test_own_terms_and_expanded_ones_are_capped_apart_the_weightiest_kept(tmp_path: Path) -> None:
    folder = write_lookup_model(tmp_path)
    weights = [1.0] * 10 + [2.0] * 90 + [0.5] * 20 + [3.0] * 5 + [0.25] * 100
    asked = asked_of(Verbose(folder, row_of(weights), 100), "anything")
    assert len(asked) == MOST_TERMS + MOST_EXPANDED
    assert len(asked.expanded) == MOST_EXPANDED
    own = [term for term in asked.query.terms.tolist() if term not in asked.expanded]
    assert own == list(range(2_010, 2_010 + MOST_TERMS))
    assert sorted(asked.expanded) == [*range(2_100, 2_111), *range(2_120, 2_125)]


def test_weights_that_are_no_numbers_ask_for_nothing(tmp_path: Path) -> None:
    weights = [float("nan"), float("inf"), -1.0, 0.0, 1.5]
    asked = asked_of(Verbose(write_lookup_model(tmp_path), row_of(weights), 5), "anything")
    assert asked.query.terms.tolist() == [2_004]


@pytest.mark.parametrize("query", ["", "(", "🙂", "the of and", "x", "go " * 5_000, "\ud800"])
def test_any_query_can_be_weighed(expanding: ExpandingEncoder, plain: OnnxEncoder, query: str) -> None:
    for encoder in (plain, expanding):
        asked = asked_of(encoder, query)
        assert len(asked) <= MOST_TERMS + MOST_EXPANDED
        assert set(asked.names) == set(asked.query.terms.tolist()) >= asked.expanded
