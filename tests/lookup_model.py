"""An encoder with every output, written by hand: what a token is made into depends on its id alone.

Equal words then have equal token vectors and others nearly orthogonal ones, so that tests can tell what matches.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import Models, embedded_folder
from codeintel.models.static import StaticTable

STATE_WIDTH, TOKEN_WIDTH = 16, 8
NAMES = {"tokens": "token_vectors", "terms": "term_weights"}


def write_lookup_model(folder: Path, **changes: NDArray[np.float32] | None) -> Path:
    """The folder of an encoder; `changes` replace a table by the name of its output, or leave it out."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(embedded_folder() / "encoder" / "tokenizer.json", folder)
    settings = {
        "name": "lookup", "dim": STATE_WIDTH, "max_tokens": 128, "token_dim": TOKEN_WIDTH, "outputs": NAMES,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(settings))
    tables = {name: table for name, table in {**lookup_tables(), **changes}.items() if table is not None}
    (folder / "model.onnx").write_bytes(lookup_network(tables))
    return folder


def lookup_models(folder: Path) -> Models:
    """Such an encoder with the embedded static table."""
    encoder = OnnxEncoder(write_lookup_model(folder), threads=1)
    return Models(encoder, StaticTable(embedded_folder() / "static"))


@cache
def lookup_tables() -> dict[str, NDArray[np.float32]]:
    """What each of 30,522 tokens is made into: unit vectors, and weights from .5 to 1.5."""
    random = np.random.default_rng(1)
    states = random.standard_normal((30_522, STATE_WIDTH)).astype(np.float32)
    vectors = random.standard_normal((30_522, TOKEN_WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = random.uniform(0.5, 1.5, 30_522).astype(np.float32)
    return {"token_states": states, "token_vectors": vectors, "term_weights": weights}


def lookup_network(tables: Mapping[str, NDArray[np.float32]]) -> bytes:
    """An ONNX model (fields numbered as in onnx.proto) with an output a table: its rows at `input_ids`."""
    nodes, initializers, outputs = b"", b"", b""
    for name, table in tables.items():
        inputs = _text(1, f"{name}.table") + _text(1, "input_ids")
        nodes += _bytes(1, inputs + _text(2, name) + _text(4, "Gather"))
        shape = b"".join(_number(1, size) for size in table.shape)
        body = shape + _number(2, 1) + _text(8, f"{name}.table") + _bytes(9, table.tobytes())
        initializers += _bytes(5, body)
        outputs += _bytes(12, _value(name, 1, ["one", "tokens", *table.shape[1:]]))
    graph = nodes + _text(2, "lookup") + initializers
    graph += _bytes(11, _value("input_ids", 7, ["one", "tokens"])) + outputs
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 13))


def _value(name: str, element: int, shape: list[str | int]) -> bytes:
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, element) + _bytes(2, sizes)))


def _varint(number: int) -> bytes:
    digits = []
    while True:
        number, low = number >> 7, number & 127
        digits.append(low | (128 if number else 0))
        if not number:
            return bytes(digits)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _bytes(field, content.encode())
