"""The optional adapter, against a stand-in for the package that is not a dependency."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from codeintel.errors import Cancelled, ModelError
from codeintel.models.folder import load_models
from codeintel.models.sentence_transformers import SentenceTransformersEncoder


class Tensor(np.ndarray):
    """An array with the one method of a torch tensor that is used."""

    def cpu(self) -> Tensor:
        return self


class StandIn:
    """A model whose states are (1, word length); it pools by the mean, or takes the first word."""

    max_seq_length = 8
    first_only = False

    def __init__(self, name: str, device: str, local_files_only: bool) -> None:
        if name == "absent":
            raise OSError("no such model")
        assert device == "cpu" and local_files_only

    def state_dict(self) -> dict[str, Tensor]:
        return {"weight": np.ones(2).view(Tensor)}

    def encode(self, texts: Any, **options: object) -> Any:
        if options.get("output_value") == "token_embeddings":
            return np.array([[1, len(word)] for word in texts.split()], np.float32).view(Tensor)
        rows = [[[1, len(word)] for word in text.split()] for text in texts]
        return np.array([row[0] if self.first_only else np.mean(row, axis=0) for row in rows])

    def tokenizer(self, text: str, **options: object) -> dict[str, list[tuple[int, int]]]:
        assert options["return_offsets_mapping"]
        starts = [text.index(word) for word in text.split()]
        return {
            "offset_mapping": [(at, at + len(word)) for at, word in zip(starts, text.split(), strict=True)]
        }


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=StandIn))


@pytest.mark.usefixtures("package")
def test_it_has_the_surface_of_an_encoder() -> None:
    encoder = load_models("sentence-transformers:org/tiny").encoder
    assert encoder.model_id.startswith("tiny@") and (encoder.dim, encoder.max_tokens) == (2, 8)
    vectors = encoder.encode(["a", "bb dddd"] * 40)
    assert vectors.dtype == np.float32 and np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(encoder.encode_query("bbDddd"), encoder.encode(["bb Dddd"])[0])


@pytest.mark.usefixtures("package")
def test_shares_sum_to_the_dot_product_where_the_mean_is_pooled() -> None:
    encoder = SentenceTransformersEncoder("tiny")
    query = encoder.encode_query("a")
    shares = encoder.token_shares(query, "bb dddd")
    assert [(share.start, share.end) for share in shares] == [(0, 2), (3, 7)]
    assert sum(share.share for share in shares) == pytest.approx(
        float(query @ encoder.encode(["bb dddd"])[0])
    )


@pytest.mark.usefixtures("package")
def test_another_pooling_has_no_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandIn, "first_only", True)
    encoder = SentenceTransformersEncoder("tiny")
    assert encoder.token_shares(encoder.encode_query("a"), "bb dddd") == []


@pytest.mark.usefixtures("package")
def test_cancelling_stops() -> None:
    with pytest.raises(Cancelled):
        SentenceTransformersEncoder("tiny").encode(["a"], cancelled=lambda: True)


@pytest.mark.usefixtures("package")
def test_a_model_that_is_not_on_this_machine_is_named() -> None:
    with pytest.raises(ModelError, match=r"absent cannot be loaded.*nothing is downloaded"):
        SentenceTransformersEncoder("absent").encode(["a"])


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError, match=r"pip install \"codeintel\[sentence-transformers\]\""):
        _ = load_models("sentence-transformers:tiny").encoder.dim
