"""A tiny masked language model, written by hand: what each word of its vocabulary suggests is in a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from lookup_model import lookup_network

WORDS = ("[UNK]", "car", "wheel", "engine", "sky", "blue", "fuel", "the")
SUGGESTS = {
    "car": {"car": 6.0, "wheel": 2.0, "fuel": 1.0},
    "sky": {"sky": 5.0, "blue": 3.0},
    "fuel": {"fuel": 4.0},
}


def logits() -> NDArray[np.float32]:
    """A row a word: the logit of each term, -1 where the word does not suggest it."""
    table = np.full((len(WORDS), len(WORDS)), -1.0, np.float32)
    for word, terms in SUGGESTS.items():
        for term, logit in terms.items():
            table[WORDS.index(word), WORDS.index(term)] = logit
    table[0, 0] = 9.0  # an unknown word suggests itself, which is no term
    return table


def write_splade_model(
    folder: Path, table: NDArray[np.float32] | None = None, output: str = "logits"
) -> Path:
    """The folder of such a model; `table` takes the place of `logits`."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[UNK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"name": "tiny-splade", "max_tokens": 16}))
    (folder / "model.onnx").write_bytes(lookup_network({output: logits() if table is None else table}))
    return folder
