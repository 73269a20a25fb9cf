"""The static table: a text is the mean of its tokens' fixed vectors; a whole repository takes under a second.

It reads the folder that the model2vec package writes (model.safetensors, tokenizer.json, config.json) without
that package. Contextual vectors are encoder's task.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import ModelError
from codeintel.models.files import ModelFiles, find_files
from codeintel.models.vectors import TokenShare, Vectors, encodable, mean_shares, remembering, unit
from codeintel.models.words import TextTokens, WordTokens, token_source

log = logging.getLogger(__name__)

WEIGHT_NAMES = ("model.safetensors",)
# model2vec's own default.
DEFAULT_MAX_TOKENS = 512
# Texts tokenized at a time: 5 ms of work, so that cancelling is prompt.
SLICE = 1024
DTYPES: dict[str, type[np.generic]] = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I8": np.int8,
    "I64": np.int64,
    "I32": np.int32,
}
_COPY_AGAIN = "The file is damaged or half copied: copy the folder again."


class StaticTable:
    """A TextEncoder over a model2vec folder; a text without a known token has the zero vector.

    Constructing it opens only config.json; the table (8 MB, 30 ms) is read by the first call that needs it.
    Raises ModelError, then or at the first call, for a folder that is missing, incomplete or of another form.
    """

    reads_path = True

    def __init__(self, folder: Path) -> None:
        self._files = find_files(folder, WEIGHT_NAMES)
        self.dim = self._files.integer("hidden_dim", "dim")
        self.max_tokens = self._files.integer("max_length", default=DEFAULT_MAX_TOKENS)
        self._opening = Lock()
        self._query = remembering(lambda words: self.encode([words])[0])

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>' of the model's files."""
        return self._files.model_id

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim], of unit length or zero; each depends on its text alone.

        About 0.1 s for 2 MB of code. Raises Cancelled between two slices of texts.
        """
        table, tokens = self._model
        sums = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), SLICE):
            stop_if(cancelled)
            for row, ids in enumerate(
                tokens.ids([encodable(text) for text in texts[start : start + SLICE]]), start
            ):
                # Gathering int8 and adding in float32 is exact (512 * 127 < 2**24) and keeps the table small.
                np.add.reduce(table[ids].astype(np.float32), axis=0, out=sums[row])
        return unit(sums)

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed; the last 256 queries are remembered."""
        return self._query(text)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """`query_vector` . `encode([text])[0]`, split exactly among the tokens of `text`."""
        table, tokens = self._model
        offsets = tokens.offsets(encodable(text))
        shares = mean_shares(table[[token for token, _, _ in offsets]].astype(np.float32), query_vector)
        return [
            TokenShare(start, end, float(share))
            for (_, start, end), share in zip(offsets, shares, strict=True)
        ]

    @property
    def _model(self) -> tuple[NDArray[Any], WordTokens | TextTokens]:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> tuple[NDArray[Any], WordTokens | TextTokens]:
        # The id compares the files with checksums.json, so that a damaged model is named before it is parsed.
        log.info("opening static table %s", self.model_id)
        tokenizer = self._files.open_tokenizer()
        table = _read_table(self._files, tokenizer, self.dim)
        return table, token_source(tokenizer, self.max_tokens)


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a safetensors file: eight bytes of length, a JSON header, then the values back to back.

    Raises ModelError where the file is shorter than its header says or holds another type.
    """
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:start])
        return {
            name: np.frombuffer(
                data[start:], DTYPES[entry["dtype"]], offset=first, count=_count(entry)
            ).reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__"
            for first in entry["data_offsets"][:1]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a complete safetensors file: {error}.", _COPY_AGAIN) from error


def _count(entry: dict[str, Any]) -> int:
    return int(np.prod(entry["shape"]))


def _read_table(files: ModelFiles, tokenizer: Tokenizer, dim: int) -> NDArray[Any]:
    """One row a token id; the row of the unknown token is zero, since it says nothing of the text."""
    tensors = read_tensors(files.weights)
    if "embeddings" not in tensors or tensors["embeddings"].ndim != 2:
        raise ModelError(
            f"{files.weights} has no table 'embeddings'.", "Choose a folder written by model2vec."
        )
    table = np.array(tensors["embeddings"])
    if "mapping" in tensors:  # several tokens share a row
        table = table[tensors["mapping"]]
    if "weights" in tensors:
        table = table.astype(np.float32) * tensors["weights"].astype(np.float32)[:, None]
    if table.shape != (tokenizer.get_vocab_size(), dim):
        raise ModelError(
            f"{files.weights} has a table of {table.shape[0]:,} x {table.shape[1]}, the tokenizer has "
            f"{tokenizer.get_vocab_size():,} tokens and config.json says {dim} dimensions.",
            "The files belong to different models: copy the folder again.",
        )
    unknown = getattr(tokenizer.model, "unk_token", None)
    if unknown is not None and (row := tokenizer.token_to_id(unknown)) is not None:
        table[row] = 0
    return table
