"""The contextual encoder: vectors that depend on their text alone, and the exact split of a dot product."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from codeintel.errors import Cancelled
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import embedded_folder
from codeintel.models.passage import query_text

ODD_TEXTS = [
    "",
    " \t\n",
    "\0\0",
    "x" * 100_000,
    "word " * 20_000,
    "🙂" * 9,
    "\ud800",
    "\u202e\ufeff\U0010ffff",
    "中文",
]
CODE = "def load_settings(path): return json.loads(path.read_text())"


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_any_text_has_a_finite_unit_vector(encoder: OnnxEncoder, text: str) -> None:
    vectors = encoder.encode([text])
    assert vectors.shape == (1, 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


def test_no_text_has_no_vector(encoder: OnnxEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=6))
def test_a_vector_does_not_depend_on_the_texts_beside_it(encoder: OnnxEncoder, texts: list[str]) -> None:
    together = encoder.encode([*texts, CODE * 9])
    assert np.array_equal(together[:-1], np.concatenate([encoder.encode([text]) for text in texts]))


def test_vectors_are_the_models_own_dense_output(encoder: OnnxEncoder) -> None:
    folder = embedded_folder() / "encoder"
    row = np.array([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(CODE).ids], np.int64)
    session = onnxruntime.InferenceSession(folder / "model_int8.onnx")
    (dense,) = session.run(["dense"], {"input_ids": row, "attention_mask": np.ones_like(row)})
    assert np.allclose(encoder.encode([CODE]), dense, atol=1e-5)


def test_code_is_nearer_to_what_it_does_than_to_another_task(encoder: OnnxEncoder) -> None:
    near, far = encoder.encode([query_text("read the configuration file"), query_text("draw a red circle")])
    assert near @ encoder.encode([CODE])[0] > far @ encoder.encode([CODE])[0] + 0.1


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=300))
def test_token_shares_sum_to_the_dot_product(encoder: OnnxEncoder, text: str) -> None:
    query = encoder.encode_query("read the configuration file")
    shares = encoder.token_shares(query, text)
    assert sum(share.share for share in shares) == pytest.approx(
        float(query @ encoder.encode([text])[0]), abs=1e-5
    )
    assert all(0 <= share.start <= share.end <= len(text) for share in shares)


def test_shares_name_the_token_that_matches(encoder: OnnxEncoder) -> None:
    text = "the sun and the banana and the table"
    best = max(encoder.token_shares(encoder.encode_query("banana"), text), key=lambda share: share.share)
    assert text[best.start : best.end] == "banana"


def test_a_query_is_put_into_passage_form_and_remembered(encoder: OnnxEncoder) -> None:
    vector = encoder.encode_query("readConfig_file()")
    assert np.array_equal(vector, encoder.encode(["read Config file"])[0])
    assert encoder.encode_query("readConfig_file()") is vector
    assert not vector.flags.writeable


def test_text_beyond_max_tokens_does_not_count(encoder: OnnxEncoder) -> None:
    assert np.array_equal(encoder.encode(["red " * 200])[0], encoder.encode(["red " * 126 + "blue"])[0])


def test_threads_agree(encoder: OnnxEncoder) -> None:
    texts = [f"{CODE} {n}" for n in range(8)]
    expected = encoder.encode(texts)
    assert np.array_equal(OnnxEncoder(embedded_folder() / "encoder", threads=1).encode(texts), expected)
    with ThreadPoolExecutor(3) as pool:
        assert all(np.array_equal(found, expected) for found in pool.map(encoder.encode, [texts] * 3))


def test_cancelling_stops_between_texts(encoder: OnnxEncoder) -> None:
    polls = iter([False] * 3 + [True] * 300)
    with pytest.raises(Cancelled):
        encoder.encode([CODE] * 300, cancelled=lambda: next(polls))


def test_loading_models_does_not_import_onnxruntime() -> None:
    probe = (
        "import sys; from codeintel.models.folder import load_models; m = load_models(); m.encoder.model_id;"
        "sys.exit('onnxruntime' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_the_runtime_leaves_no_telemetry_behind(tmp_path: Path) -> None:
    """onnxruntime 1.32 names the device in a file and uploads events from its import on, unless told not to."""
    code = "from codeintel.models.folder import load_models; load_models().encoder.encode(['text'])"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment = {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3] / "server")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
