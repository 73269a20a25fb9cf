"""Model folders: what is found, what is verified, and what each unusable folder is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from model_samples import identity_network

from codeintel.errors import ModelError
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import embedded_folder, load_models, model_card, verify
from codeintel.models.vectors import mean_shares, unit


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the embedded models that a test may damage."""
    return Path(shutil.copytree(embedded_folder(), tmp_path / "model"))


@pytest.fixture
def own(copied: Path) -> Path:
    """An encoder folder of somebody's own: no checksums."""
    (copied / "checksums.json").unlink()
    return copied / "encoder"


def test_the_embedded_model_matches_its_checksums() -> None:
    shipped = {path.relative_to(embedded_folder()).as_posix() for path in embedded_folder().glob("*/*")}
    assert set(verify()) == shipped


def test_the_cards_name_licence_base_and_sizes() -> None:
    encoder, static = model_card()
    assert (encoder.dim, encoder.max_tokens, static.dim, static.max_tokens) == (384, 128, 256, 512)
    assert encoder.licence == static.licence == "Apache-2.0"
    assert encoder.base == "sentence-transformers/all-MiniLM-L6-v2"
    assert (
        encoder.model_id.startswith("codeintel-encoder-int8@") and len(encoder.model_id.split("@")[1]) == 12
    )


def test_a_copy_has_the_same_identity_and_vectors(copied: Path) -> None:
    ours, theirs = load_models(), load_models(copied)
    assert theirs.encoder.model_id == ours.encoder.model_id
    assert np.array_equal(theirs.static.encode(["text"]), ours.static.encode(["text"]))


def test_an_encoder_folder_alone_keeps_the_embedded_table(own: Path) -> None:
    models = load_models(own)
    assert models.static.model_id == load_models().static.model_id
    assert models.encoder.encode(["text"]).shape == (1, 384)


def test_other_settings_make_another_model_id(own: Path) -> None:
    before = OnnxEncoder(own).model_id
    rewrite(own, max_tokens=64)
    assert OnnxEncoder(own).model_id != before


def test_settings_of_published_encoders_are_read(own: Path) -> None:
    (own / "config.json").write_text(json.dumps({"hidden_size": 384, "max_position_embeddings": 100}))
    (own / "model_int8.onnx").rename(own / "model.onnx")
    encoder = OnnxEncoder(own)
    assert (encoder.dim, encoder.max_tokens) == (384, 100)
    assert encoder.model_id.startswith("encoder@")
    assert encoder.encode(["text " * 200]).shape == (1, 384)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere does not exist"):
        load_models(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "model_int8.onnx"])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / "encoder" / name).unlink()
    with pytest.raises(ModelError, match=rf"has no {name}.*Copy the folder again"):
        load_models(copied)
    with pytest.raises(ModelError, match=f"{name} is missing"):
        verify(copied)


@pytest.mark.parametrize("file", ["encoder/model_int8.onnx", "static/model.safetensors"])
def test_a_half_copied_file_is_named_with_its_sizes(copied: Path, file: str) -> None:
    path = copied / file
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ModelError, match="has 1,000,000 bytes instead of"):
        verify(copied)
    models = load_models(copied)
    with pytest.raises(ModelError, match="has 1,000,000 bytes instead of"):
        (models.encoder if "onnx" in file else models.static).encode(["text"])


def test_a_changed_byte_is_a_checksum_mismatch(copied: Path) -> None:
    path = copied / "encoder" / "model_int8.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="does not have the sha256"):
        verify(copied)
    with pytest.raises(ModelError, match="does not have the sha256"):
        load_models(copied).encoder.encode(["text"])


def test_a_folder_without_checksums_cannot_be_verified(own: Path) -> None:
    with pytest.raises(ModelError, match=r"has no checksums\.json"):
        verify(own)


def test_a_dimension_that_is_not_the_models_is_refused(own: Path) -> None:
    rewrite(own, dim=768)
    with pytest.raises(ModelError, match=r"vectors of 384 dimensions.*says 768"):
        OnnxEncoder(own).encode(["text"])


@pytest.mark.parametrize("value", [None, "384", 0, -1])
def test_an_unusable_dimension_is_refused(own: Path, value: object) -> None:
    rewrite(own, dim=value)
    with pytest.raises(ModelError, match="no usable 'dim'"):
        load_models(own)


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_config_is_named(own: Path, text: str) -> None:
    (own / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json"):
        load_models(own)


def test_a_damaged_tokenizer_is_named(own: Path) -> None:
    (own / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is not a tokenizer"):
        OnnxEncoder(own).encode(["text"])


@pytest.mark.parametrize("content", [b"", b"not a model", b"\0" * 100])
def test_a_damaged_network_is_named(own: Path, content: bytes) -> None:
    (own / "model_int8.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model_int8\.onnx"):
        OnnxEncoder(own).encode(["text"])


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (["pixels"], ["token_states"], "takes the inputs pixels"),
        (["input_ids", "pixels"], ["token_states"], "takes the inputs input_ids, pixels"),
        (["input_ids"], ["logits"], "gives the outputs logits"),
    ],
)
def test_a_network_of_another_form_is_refused(
    own: Path, inputs: list[str], outputs: list[str], message: str
) -> None:
    (own / "model_int8.onnx").write_bytes(identity_network(inputs, outputs))
    with pytest.raises(ModelError, match=message):
        OnnxEncoder(own).encode(["text"])


def test_a_model_of_another_pooling_is_refused(own: Path) -> None:
    rewrite(own, pooling="cls")
    with pytest.raises(ModelError, match="does not pool by the mean"):
        load_models(own)


def test_a_published_folder_of_another_pooling_is_refused(own: Path) -> None:
    (own / "1_Pooling").mkdir()
    (own / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": False}))
    with pytest.raises(ModelError, match="does not pool by the mean"):
        load_models(own)


def test_rows_that_are_not_finite_become_zero() -> None:
    rows = np.array([[3, 4], [np.nan, 1], [np.inf, 1], [0, 0]], np.float32)
    assert np.allclose(unit(rows), [[0.6, 0.8], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert mean_shares(rows[1:], np.ones(2, np.float32)).tolist() == [0, 0, 0]


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
