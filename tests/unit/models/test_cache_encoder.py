"""An encoder with a cache encodes what the cache lacks, once, and answers what the encoder would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import Cancelled
from codeintel.models.cache import VectorCache
from codeintel.models.cache_encoder import CachedEncoder
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import Models, load_models
from codeintel.models.vectors import TokenShare, Vectors


class Letters:
    """Counts letters; remembers what it was asked to encode."""

    model_id = "letters@1"
    dim = 4
    max_tokens = 128
    reads_path = True

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        stop_if(cancelled)
        self.asked.append(list(texts))
        return np.array([[text.count(letter) for letter in "abcd"] for text in texts], np.float32)

    def encode_query(self, text: str) -> Vectors:
        return self.encode([text])[0]

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        return [TokenShare(0, len(text), float(query_vector @ self.encode([text])[0]))]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[VectorCache]:
    opened = VectorCache.open(tmp_path)
    yield opened
    opened.close()


def test_only_what_is_missing_is_encoded_and_in_order(kept: VectorCache) -> None:
    letters = Letters()
    cached = CachedEncoder(letters, kept)
    cached.encode(["a", "bb"])
    vectors = cached.encode(["ccc", "a", "dd", "bb"])
    assert vectors.tolist() == [[0, 0, 3, 0], [1, 0, 0, 0], [0, 0, 0, 2], [0, 2, 0, 0]]
    assert letters.asked == [["a", "bb"], ["ccc", "dd"]]
    assert (cached.hits, cached.encoded) == (2, 4)


def test_switching_back_encodes_nothing(kept: VectorCache) -> None:
    CachedEncoder(Letters(), kept).encode(["a", "b"])
    later = CachedEncoder(letters := Letters(), kept)
    assert later.encode(["b", "a"]).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]
    assert (later.hits, later.encoded, letters.asked) == (2, 0, [])


def test_equal_passages_are_encoded_once(kept: VectorCache) -> None:
    cached = CachedEncoder(letters := Letters(), kept)
    assert cached.encode(["a", "b", "a", "a"]).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], *[[1, 0, 0, 0]] * 2]
    assert letters.asked == [["a", "b"]]
    assert cached.encoded == 2


def test_nothing_asked_is_nothing_done(kept: VectorCache) -> None:
    cached = CachedEncoder(letters := Letters(), kept)
    assert cached.encode([]).shape == (0, 4)
    assert letters.asked == []


def test_cancelling_reaches_the_encoder_and_keeps_nothing(kept: VectorCache) -> None:
    cached = CachedEncoder(Letters(), kept)
    with pytest.raises(Cancelled):
        cached.encode(["a"], lambda: True)
    assert kept.size().entries == 0
    cached.encode(["a"])
    assert cached.encode(["a"], lambda: True).tolist() == [[1, 0, 0, 0]]  # there is nothing to cancel


def test_queries_and_shares_never_reach_the_disk(kept: VectorCache) -> None:
    cached = CachedEncoder(Letters(), kept)
    assert cached.encode_query("ab").tolist() == [1, 1, 0, 0]
    assert cached.token_shares(cached.encode_query("b"), "abb") == [TokenShare(0, 3, 2.0)]
    assert kept.path is not None
    assert not kept.path.exists()
    assert (cached.hits, cached.encoded) == (0, 0)


def test_it_is_the_encoder_in_every_other_way(kept: VectorCache) -> None:
    cached, letters = CachedEncoder(Letters(), kept), Letters()
    for name in ("model_id", "dim", "max_tokens", "reads_path"):
        assert getattr(cached, name) == getattr(letters, name)


def test_without_a_usable_file_everything_is_encoded(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cached = CachedEncoder(Letters(), VectorCache.open(tmp_path / "file" / "no folder"))
    for _ in range(2):
        assert cached.encode(["a", "d"]).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    assert (cached.hits, cached.encoded) == (0, 4)


def test_the_vectors_of_the_model_are_the_same_to_the_last_bit(
    kept: VectorCache, encoder: OnnxEncoder
) -> None:
    texts = ["retry with backoff", "class TokenBucket", "retry with backoff", ""]
    expected = encoder.encode(texts)
    models = load_models(cache=kept)
    for _ in range(2):
        assert np.array_equal(models.encoder.encode(texts).view(np.uint32), expected.view(np.uint32))
    assert isinstance(models.encoder, CachedEncoder)
    assert (models.encoder.hits, models.encoder.encoded) == (4, 3)
    models.close()


def test_without_a_cache_the_encoder_is_bare() -> None:
    models = load_models()
    assert isinstance(models.encoder, OnnxEncoder)
    models.close()


def test_closing_the_models_lets_go_of_the_file(kept: VectorCache) -> None:
    models = Models(CachedEncoder(Letters(), kept), Letters())
    models.encoder.encode(["a"])
    assert kept._file is not None
    models.close()
    assert kept._file is None
    models.encoder.encode(["b"])
    assert kept.size().entries == 2
