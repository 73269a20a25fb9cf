"""A masked language model as a source of term weights: log(1 + relu(logit)), the greatest over the tokens."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from codeintel.cancellation import CancelCheck
from codeintel.errors import Cancelled, ModelError
from codeintel.models.cache import VectorCache
from codeintel.models.cache_encoder import CachedEncoder
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.expanding_encoder import ExpandingEncoder
from codeintel.models.outputs import TERM, Output, Row
from codeintel.models.splade import SpladeModel
from lookup_model import write_lookup_model
from splade_model import WORDS, logits, write_splade_model

TERMS = frozenset({Output.TERMS})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_splade_model(tmp_path_factory.mktemp("splade"))


@pytest.fixture(scope="module")
def splade(folder: Path) -> SpladeModel:
    return SpladeModel(folder)


def named(row: Row) -> dict[str, float]:
    return {WORDS[term]: pytest.approx(weight, abs=1e-6) for term, weight in row.tolist()}


def test_a_text_gets_the_terms_that_its_words_suggest(splade: SpladeModel) -> None:
    (row,) = splade.weigh(["car fuel the car"])
    assert row.dtype == TERM
    assert (np.diff(row["id"]) > 0).all()
    assert named(row) == {"car": math.log1p(6), "wheel": math.log1p(2), "fuel": math.log1p(4)}
    assert splade.token_places("car fuel").spans.tolist() == [[0, 3], [4, 8]]
    assert splade.term_text(WORDS.index("wheel")) == "wheel"
    assert splade.term_text(9_999) == ""


@pytest.mark.parametrize("text", ["", " \t", "the the", "🙂 unknown", "\ud800", "the " * 100_000])
def test_a_text_that_suggests_nothing_has_no_term(splade: SpladeModel, text: str) -> None:
    assert [len(row) for row in splade.weigh([text])] == [0]
    assert len(splade.weigh_query(text)) == 0


def test_a_query_is_weighed_as_a_passage_and_remembered(splade: SpladeModel) -> None:
    row = splade.weigh_query("the_car")
    assert named(row) == named(splade.weigh(["the car"])[0])
    assert splade.weigh_query("the_car") is row
    assert not row.flags.writeable


def test_what_is_no_number_is_refused_when_the_model_is_opened(tmp_path: Path) -> None:
    broken = logits()
    broken[0] = np.nan
    with pytest.raises(ModelError, match="not numbers"):
        SpladeModel(write_splade_model(tmp_path, broken)).weigh(["car"])


def test_one_word_of_nonsense_leaves_the_other_terms(tmp_path: Path) -> None:
    broken = logits()
    broken[WORDS.index("sky"), WORDS.index("blue")] = np.nan
    broken[WORDS.index("sky"), WORDS.index("fuel")] = np.inf
    (row,) = SpladeModel(write_splade_model(tmp_path, broken)).weigh(["sky car"])
    assert {"sky", "car", "wheel"} <= named(row).keys()
    assert np.isfinite(row["weight"]).all()


def test_an_output_of_another_name_is_taken_where_it_is_the_only_one(
    tmp_path: Path, splade: SpladeModel
) -> None:
    other = SpladeModel(write_splade_model(tmp_path, output="scores"))
    assert named(other.weigh(["sky"])[0]) == named(splade.weigh(["sky"])[0])


@pytest.mark.parametrize(
    ("table", "message"),
    [(np.zeros((8, 3), np.float32), "weighs 3 terms"), (np.zeros(8, np.float32), "none of them a weight")],
)
def test_a_graph_of_another_form_is_refused(
    tmp_path: Path, table: np.ndarray[tuple[int, ...], np.dtype[np.float32]], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        SpladeModel(write_splade_model(tmp_path, table)).weigh(["car"])


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_folder_half_copied_is_named(tmp_path: Path, missing: str) -> None:
    folder = write_splade_model(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=missing.split(".")[0]):
        SpladeModel(folder).weigh(["car"])


def test_weighing_stops_when_nobody_wants_the_answer(splade: SpladeModel) -> None:
    with pytest.raises(Cancelled):
        splade.weigh(["car"], lambda: True)


class Counting(SpladeModel):
    """Remembers what it was asked to weigh."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    def weigh(self, texts: list[str], cancelled: CancelCheck = lambda: False) -> tuple[Row, ...]:  # type: ignore[override]
        self.asked += texts
        return super().weigh(texts, cancelled)


def test_an_encoder_takes_its_terms_from_the_model_and_keeps_all_else(folder: Path, tmp_path: Path) -> None:
    plain = OnnxEncoder(write_lookup_model(tmp_path / "encoder"))
    both = ExpandingEncoder(plain, SpladeModel(folder))
    texts = ["car", "sky fuel", "car"]
    found = both.encode_outputs(texts, frozenset(Output))
    own = plain.encode_outputs(texts, frozenset(Output))
    assert np.array_equal(found.dense, own.dense)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(found.tokens, own.tokens, strict=True))
    assert [named(row) for row in found.terms] == [named(row) for row in SpladeModel(folder).weigh(texts)]
    assert both.model_id == plain.model_id
    assert both.maker(Output.TOKENS) == plain.maker(Output.TOKENS)
    assert both.maker(Output.TERMS) != plain.maker(Output.TERMS)
    assert np.array_equal(both.encode_query_outputs("sky fuel").terms[0], found.terms[1])
    assert len(both.encode_outputs(texts, frozenset()).terms) == 0


def test_weights_are_cached_by_the_model_that_made_them(folder: Path, tmp_path: Path) -> None:
    cache = VectorCache.open(tmp_path / "cache")
    plain = CachedEncoder(OnnxEncoder(write_lookup_model(tmp_path / "encoder")), cache)
    first, second = Counting(folder), Counting(folder)
    one = ExpandingEncoder(plain, first, cache).encode_outputs(["car", "car", "sky"], TERMS)
    again = ExpandingEncoder(plain, second, cache).encode_outputs(["sky", "fuel", "car"], TERMS)
    assert first.asked == ["car", "sky"]
    assert second.asked == ["fuel"]
    assert np.array_equal(one.terms[2], again.terms[0])
    own = plain.encode_outputs(["car"], TERMS).terms[0]
    assert not np.array_equal(own, one.terms[0])
    cache.close()
