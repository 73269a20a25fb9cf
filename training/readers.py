"""A model, whatever its form, as arrays of what it makes of texts: for measuring, not for the product."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codeintel.models.static import StaticTable
from training.batches import padded, tokenised
from training.code_encoder import LAST_SPECIAL_ID, CodeEncoder
from training.export_model import DENSE, MAX_TOKENS, TERM_WEIGHTS, TOKEN_VECTORS
from training.train_encoder import load, tokenizer_of_base

Floats = NDArray[np.float32]
TOGETHER = 32
THREADS = 2


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as a model reads them: `dense` [texts, dim]; words of text i are rows starts[i] to starts[i + 1].

    `tokens` [words, width] are at unit length, `terms` [words] weigh the vocabulary's `ids` [words].
    """

    dense: Floats
    starts: NDArray[np.int64]
    ids: NDArray[np.int64]
    tokens: Floats | None
    terms: Floats | None


class Reader(Protocol):
    """Anything that reads texts."""

    def read(self, texts: Sequence[str]) -> Read:
        """What the model makes of `texts`, in their order."""


class TorchReader:
    """A model of train_encoder in bfloat16 autocast, or in fp32 for comparison with int8."""

    def __init__(self, model: CodeEncoder, exact: bool = False) -> None:
        self._model = model
        self._tokenizer = tokenizer_of_base()
        self._exact = exact

    def read(self, texts: Sequence[str]) -> Read:
        """Length by length, so that little is padding."""
        ids = tokenised(iter(texts), self._tokenizer, MAX_TOKENS)
        rows = sorted(range(len(texts)), key=lambda row: len(ids[row]))
        gathered = _Gathered(len(texts))
        with torch.inference_mode():
            for start in range(0, len(rows), TOGETHER):
                together = rows[start : start + TOGETHER]
                values, mask = padded([ids[row] for row in together])
                with torch.autocast("cpu", torch.bfloat16, enabled=not self._exact):
                    found = self._model(values, mask)
                for place, row in enumerate(together):
                    kept = found.kept[place]
                    gathered.put(
                        row,
                        found.dense[place].float().numpy(),
                        values[place][kept].numpy(),
                        found.tokens[place][kept].float().numpy(),
                        found.terms[place][kept].float().numpy(),
                    )
        return gathered.read()


class OnnxReader:
    """An exported encoder, one text a run and two runs side by side, as the product does; outputs it lacks are None."""

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        outputs = {node.name for node in self._session.get_outputs()}
        self._wanted = [name for name in (DENSE, TOKEN_VECTORS, TERM_WEIGHTS) if name in outputs]

    def read(self, texts: Sequence[str]) -> Read:
        """Text by text."""
        ids = tokenised(iter(texts), self._tokenizer, MAX_TOKENS)
        gathered = _Gathered(len(texts))

        def read_row(row: int) -> None:
            values = ids[row].astype(np.int64)[None]
            given = {"input_ids": values, "attention_mask": np.ones_like(values)}
            found = dict(zip(self._wanted, self._session.run(self._wanted, given), strict=True))
            kept = values[0] > LAST_SPECIAL_ID
            tokens, terms = found.get(TOKEN_VECTORS), found.get(TERM_WEIGHTS)
            gathered.put(
                row,
                found[DENSE][0],
                values[0][kept],
                None if tokens is None else tokens[0][kept],
                None if terms is None else terms[0][kept],
            )

        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(read_row, range(len(texts))):
                pass
        return gathered.read()


class StaticReader:
    """A static table; it has no tokens and terms."""

    def __init__(self, table: StaticTable) -> None:
        self._table = table

    def read(self, texts: Sequence[str]) -> Read:
        """All at once."""
        return Read(
            self._table.encode(texts), np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.int64), None, None
        )


class _Gathered:
    """Readings by row, until all are there."""

    def __init__(self, count: int) -> None:
        self._dense: list[Floats | None] = [None] * count
        self._words: list[tuple[NDArray[np.int64], Floats | None, Floats | None] | None] = [None] * count

    def put(
        self, row: int, dense: Floats, ids: NDArray[np.int64], tokens: Floats | None, terms: Floats | None
    ) -> None:
        """Keep one text's reading."""
        self._dense[row] = dense
        self._words[row] = (ids, tokens, terms)

    def read(self) -> Read:
        """All readings, in order."""
        words = [word for word in self._words if word is not None]
        starts = np.concatenate([[0], np.cumsum([len(ids) for ids, _, _ in words])]).astype(np.int64)
        return Read(
            np.stack([dense for dense in self._dense if dense is not None]),
            starts,
            np.concatenate([ids for ids, _, _ in words]),
            _joined([tokens for _, tokens, _ in words]),
            _joined([terms for _, _, terms in words]),
        )


def _joined(parts: Sequence[Floats | None]) -> Floats | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if len(present) == len(parts) else None


def reader_of(model: str) -> Reader:
    """The reader of `base`, a .pt file, an .onnx file beside its tokenizer.json, or a folder with either model."""
    path = Path(model)
    if model == "base":
        return TorchReader(load(None))
    if path.suffix == ".pt":
        return TorchReader(load(path))
    if path.suffix == ".onnx":
        return OnnxReader(path, path.parent / "tokenizer.json")
    if (path / "model_int8.onnx").is_file():
        return OnnxReader(path / "model_int8.onnx", path / "tokenizer.json")
    return StaticReader(StaticTable(path))
