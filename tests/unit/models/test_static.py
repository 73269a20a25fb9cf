"""The static table: means of token vectors, as the plain formula gives them, over tables of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_samples import WriteTable
from tokenizers import Tokenizer

from codeintel.errors import Cancelled, ModelError
from codeintel.models import words
from codeintel.models.folder import embedded_folder
from codeintel.models.passage import query_text
from codeintel.models.static import StaticTable, read_tensors

RED, GREEN, BLUE = [3, 0], [0, 4], [6, 8]
ROWS = np.array([[9, 9], RED, GREEN, BLUE])
STATIC = embedded_folder() / "static"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200).map(query_text))
def test_a_vector_is_the_normalised_mean_of_its_token_rows(table: StaticTable, text: str) -> None:
    rows = read_tensors(STATIC / "model.safetensors")["embeddings"].astype(np.float64)
    tokenizer = Tokenizer.from_file(str(STATIC / "tokenizer.json"))
    ids = [token for token in tokenizer.encode(text, add_special_tokens=False).ids if token > 1]
    expected = rows[ids].mean(axis=0) / np.linalg.norm(rows[ids].mean(axis=0)) if ids else np.zeros(256)
    assert np.allclose(table.encode([text])[0], expected, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_vectors_have_unit_length_or_are_zero_and_stand_alone(table: StaticTable, texts: list[str]) -> None:
    vectors = table.encode(texts)
    assert vectors.shape == (len(texts), 256) and vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(norms - 1) < 1e-5) | (norms == 0))
    assert all(np.array_equal(table.encode([text])[0], row) for text, row in zip(texts, vectors, strict=True))


@pytest.mark.parametrize("text", ["", " \n", "\0", "\ud800", "x" * 100_000, "a" * 101])
def test_odd_text_has_a_finite_vector(table: StaticTable, text: str) -> None:
    assert np.isfinite(table.encode([text])).all()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_token_shares_sum_to_the_dot_product(table: StaticTable, text: str) -> None:
    query = table.encode_query("read the configuration file")
    shares = table.token_shares(query, text)
    assert sum(share.share for share in shares) == pytest.approx(
        float(query @ table.encode([text])[0]), abs=1e-5
    )
    assert all(0 <= share.start <= share.end <= len(text) for share in shares)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("bert", [True, False])
def test_tables_of_any_type_and_tokenizer_are_read(write_table: WriteTable, dtype: str, bert: bool) -> None:
    table = StaticTable(write_table(embeddings=ROWS.astype(dtype), bert=bert))
    found = table.encode(["red", "red green", "mauve", "mauve blue", "red red red blue"])
    expected = [[1.0, 0.0], [0.6, 0.8], [0.0, 0.0], [0.6, 0.8], [1.0, 0.0]]
    assert np.allclose(found, expected)


@pytest.mark.parametrize("bert", [True, False])
def test_shares_lie_on_their_words(write_table: WriteTable, bert: bool) -> None:
    table = StaticTable(write_table(embeddings=ROWS.astype("int8"), bert=bert))
    shares = table.token_shares(np.array([1, 0], np.float32), " red  mauve green red")
    assert [(share.start, share.end) for share in shares] == [(1, 4), (6, 11), (12, 17)]
    assert [share.share for share in shares] == pytest.approx([0.6, 0, 0])


def test_a_table_with_shared_rows_and_weights_is_read(write_table: WriteTable) -> None:
    folder = write_table(
        embeddings=np.array([RED, GREEN], "float16"),
        mapping=np.array([0, 0, 1, 1]),
        weights=np.array([1, 2, 3, 0], "float32"),
    )
    found = StaticTable(folder).encode(["red green", "blue"])
    assert np.allclose(found, [[6 / np.hypot(6, 12), 12 / np.hypot(6, 12)], [0.0, 0.0]])


def test_forgetting_words_changes_no_vector(table: StaticTable, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["alpha beta", "gamma delta", "alpha delta"]
    monkeypatch.setattr(words, "CACHE_CHARACTERS", 5)
    small = StaticTable(STATIC)
    assert np.array_equal(small.encode(texts), table.encode(texts))
    assert np.array_equal(small.encode(texts), table.encode(texts))


def test_a_query_is_put_into_passage_form_and_remembered(table: StaticTable) -> None:
    vector = table.encode_query("readConfig_file()")
    assert np.array_equal(vector, table.encode(["read Config file"])[0])
    assert table.encode_query("readConfig_file()") is vector
    assert not vector.flags.writeable


def test_cancelling_stops(table: StaticTable) -> None:
    with pytest.raises(Cancelled):
        table.encode(["text"], cancelled=lambda: True)


def test_a_half_copied_table_is_named(write_table: WriteTable) -> None:
    folder = write_table(embeddings=ROWS.astype("float32"))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ModelError, match=r"model\.safetensors is not a complete safetensors file.*copy"):
        StaticTable(folder).encode(["red"])


def test_a_table_of_another_width_than_configured_is_refused(write_table: WriteTable) -> None:
    folder = write_table(embeddings=ROWS.astype("float32"), dim=3)
    with pytest.raises(ModelError, match=r"4 x 2.*config.json says 3"):
        StaticTable(folder).encode(["red"])


def test_a_file_without_a_table_is_refused(write_table: WriteTable) -> None:
    folder = write_table(other=ROWS.astype("float32"))
    with pytest.raises(ModelError, match="no table 'embeddings'"):
        StaticTable(folder).encode(["red"])
