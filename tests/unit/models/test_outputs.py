"""Everything that an encoder gives, in one pass: the vectors stay what they were, rows depend on their text alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeintel.errors import ModelError
from codeintel.models.cache import VectorCache
from codeintel.models.cache_encoder import CachedEncoder
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.outputs import (
    POOLED,
    TERM,
    TOKEN_SCALE,
    Encoded,
    Output,
    greatest_weights,
    layouts_of,
    quantized,
    row_of,
    token_layout,
)
from lookup_model import TOKEN_WIDTH, lookup_tables, write_lookup_model

ALL = frozenset(Output)
ODD_TEXTS = ["", "a", " \0 ", "🙂" * 9, "same " * 100_000, "\ud800", "the of and"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lookup_model(tmp_path_factory.mktemp("lookup"))


@pytest.fixture(scope="module")
def lookup(folder: Path) -> OnnxEncoder:
    return OnnxEncoder(folder)


def assert_same(ours: Encoded, theirs: Encoded) -> None:
    assert np.array_equal(ours.dense.view(np.uint32), theirs.dense.view(np.uint32))
    for output in Output:
        pairs = zip(ours.rows(output), theirs.rows(output), strict=True)
        assert all(np.array_equal(mine, other) for mine, other in pairs)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=100), max_size=4), st.sets(st.sampled_from(Output)))
def test_the_vectors_are_the_same_bits_whatever_is_asked_for(
    lookup: OnnxEncoder, texts: list[str], wanted: set[Output]
) -> None:
    found = lookup.encode_outputs(texts, frozenset(wanted))
    assert np.array_equal(found.dense.view(np.uint32), lookup.encode(texts).view(np.uint32))
    assert all(len(found.rows(output)) == (len(texts) if output in wanted else 0) for output in Output)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_any_text_has_an_entry_for_each_of_its_tokens(lookup: OnnxEncoder, text: str) -> None:
    found, places = lookup.encode_outputs([text], ALL), lookup.token_places(text)
    tokens, terms = found.tokens[0], found.terms[0]
    assert tokens.shape == (-(-len(places.ids) // POOLED), TOKEN_WIDTH) and tokens.dtype == np.int8
    assert np.array_equal(terms["id"], np.unique(places.ids)) and terms.dtype == TERM
    assert ((places.spans >= 0) & (places.spans <= len(text))).all()


def test_entries_are_those_of_their_tokens(lookup: OnnxEncoder) -> None:
    text = "the sun and the banana"
    found, places = lookup.encode_query_outputs(text), lookup.token_places(text)
    assert [text[start:end] for start, end in places.spans] == ["the", "sun", "and", "the", "banana"]
    tables = lookup_tables()
    expected = np.rint(tables["token_vectors"][places.ids] * TOKEN_SCALE)
    assert np.array_equal(found.tokens[0], expected)
    assert np.array_equal(found.terms[0]["weight"], tables["term_weights"][np.unique(places.ids)])


def test_two_neighbours_in_a_passage_share_an_entry(lookup: OnnxEncoder) -> None:
    text = "sun and banana"
    first, second, third = lookup.encode_query_outputs(text).tokens[0].astype(np.float32)
    (row,) = lookup.encode_outputs([text], ALL).tokens
    expected = (first + second) / np.linalg.norm(first + second) * TOKEN_SCALE
    assert np.allclose(row[0], expected, atol=1.5)
    assert row[1].tolist() == third.tolist()


def test_a_term_weighs_as_much_as_its_heaviest_occurrence() -> None:
    ids = np.array([7, 3, 7, 9, 4], np.int32)
    weights = np.array([0.5, 1.0, 2.0, 0.0, np.nan], np.float32)
    assert greatest_weights(ids, weights).tolist() == [(3, 1.0), (7, 2.0)]


def test_a_vector_that_is_no_number_is_near_nothing() -> None:
    rows = np.array([[3, 4], [np.nan, 1], [0, 0]], np.float32)
    assert quantized(rows).tolist() == [[76, 102], [0, 0], [0, 0]]


def test_a_query_is_read_once_for_all_outputs(lookup: OnnxEncoder) -> None:
    query = lookup.encode_query_outputs("readConfig_file()")
    passage = lookup.encode_outputs(["read Config file"], ALL)
    assert_same(replace(query, tokens=()), replace(passage, tokens=()))
    assert len(query.tokens[0]) == len(lookup.token_places("read Config file").ids)
    assert lookup.encode_query_outputs("readConfig_file()") is query
    assert not query.tokens[0].flags.writeable


def test_a_model_with_dense_vectors_alone_gives_those(tmp_path: Path) -> None:
    rewrite(write_lookup_model(tmp_path), outputs={})
    plain = OnnxEncoder(tmp_path)
    assert layouts_of(plain) == {}
    assert plain.encode_query_outputs("text").tokens == ()


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_cache_answers_what_the_encoder_would(lookup: OnnxEncoder, tmp_path: Path) -> None:
    texts = ["retry with backoff", "", "token bucket", "retry with backoff"]
    expected = lookup.encode_outputs(texts, ALL)
    cached = CachedEncoder(lookup, VectorCache.open(tmp_path))
    for encoded in (3, 3):
        assert_same(cached.encode_outputs(texts, ALL), expected)
        assert cached.encoded == encoded
    assert cached.layouts == lookup.layouts
    cached.close()


def test_a_passage_of_which_the_cache_lacks_an_output_is_encoded_again(
    lookup: OnnxEncoder, tmp_path: Path
) -> None:
    cached = CachedEncoder(lookup, VectorCache.open(tmp_path))
    cached.encode(["retry"])
    assert len(cached.encode_outputs(["retry"], frozenset({Output.TERMS})).terms) == 1
    assert (cached.hits, cached.encoded) == (0, 2)
    cached.encode_outputs(["retry"], frozenset({Output.TERMS}))
    assert (cached.hits, cached.encoded) == (1, 2)
    cached.close()


def test_an_output_that_config_names_and_the_graph_lacks_is_refused(tmp_path: Path) -> None:
    write_lookup_model(tmp_path, term_weights=None)
    with pytest.raises(ModelError, match="lacks the output term_weights"):
        OnnxEncoder(tmp_path).encode(["text"])


def test_token_vectors_of_another_dimension_are_refused(tmp_path: Path) -> None:
    rewrite(write_lookup_model(tmp_path), token_dim=48)
    with pytest.raises(ModelError, match=r"token_vectors of 8 dimensions.*says 48"):
        OnnxEncoder(tmp_path).encode(["text"])


@pytest.mark.parametrize("outputs", [["tokens"], {"tokens": 1}, "tokens"])
def test_outputs_that_are_no_names_are_refused(tmp_path: Path, outputs: object) -> None:
    rewrite(write_lookup_model(tmp_path), outputs=outputs)
    with pytest.raises(ModelError, match="no usable 'outputs'"):
        OnnxEncoder(tmp_path)


@pytest.mark.parametrize("name", ["token_states", "token_vectors", "term_weights"])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, name: str) -> None:
    write_lookup_model(tmp_path, **{name: np.full_like(lookup_tables()[name], np.nan)})
    with pytest.raises(ModelError, match="not numbers"):
        OnnxEncoder(tmp_path).encode(["text"])


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    write_lookup_model(tmp_path, **{name: table[:1_000] for name, table in lookup_tables().items()})
    with pytest.raises(ModelError, match=r"does not know the tokens of its tokenizer\.json"):
        OnnxEncoder(tmp_path).encode(["text"])


def test_bytes_become_entries_where_they_divide() -> None:
    layout = token_layout(4)
    row = row_of(bytes(8), layout)
    assert row is not None and row.shape == (2, 4)
    assert row_of(bytes(7), layout) is None
    assert np.empty(0, layout).shape == (0, 4)
