"""Models for the tests: the embedded ones, opened once, and a tiny static table written for the occasion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from model_samples import WriteTable, safetensors_bytes
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers

from codeintel.models.encoder import OnnxEncoder
from codeintel.models.folder import embedded_folder
from codeintel.models.static import StaticTable

VOCABULARY = {"[UNK]": 0, "red": 1, "green": 2, "blue": 3}


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    """The embedded encoder."""
    return OnnxEncoder(embedded_folder() / "encoder")


@pytest.fixture(scope="session")
def table() -> StaticTable:
    """The embedded static table."""
    return StaticTable(embedded_folder() / "static")


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    """Writes a static model of VOCABULARY whose tensors are the keyword arguments."""

    def write(dim: int = 2, bert: bool = True, **tensors: NDArray[np.generic]) -> Path:
        folder = tmp_path / "tiny"
        folder.mkdir()
        tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer() if bert else pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "config.json").write_text(json.dumps({"hidden_dim": dim, "max_length": 3}))
        (folder / "model.safetensors").write_bytes(safetensors_bytes(tensors))
        return folder

    return write
