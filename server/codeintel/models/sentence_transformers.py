"""An encoder through the optional package sentence-transformers, for models without an ONNX export."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import ModelError
from codeintel.models.passage import PASSAGE_FORM
from codeintel.models.vectors import TokenShare, Vectors, encodable, mean_shares, remembering, unit
from codeintel.options import TRANSFORMERS_PREFIX

# Texts of one call into the package; between two calls cancelling is looked at.
SLICE = 32
# Beyond this difference the mean of the token states is not how the model pools, and no split is offered.
SHARE_TOLERANCE = 1e-4


class SentenceTransformersEncoder:
    """A TextEncoder over a model name or path; the model is loaded, never downloaded, by the first use.

    Raises ModelError at the first use where the package is not installed or the model is not on this machine.
    """

    reads_path = False

    def __init__(self, name: str) -> None:
        self._name = name
        self._opening = Lock()
        self._query = remembering(lambda words: self.encode([words])[0])

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>' over the weights and the passage form."""
        with self._opening:
            return self._identity

    @property
    def dim(self) -> int:
        """The length of a vector."""
        with self._opening:
            return self._width

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count."""
        return int(self._model.max_seq_length)

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The unit vectors, float32 [len(texts), dim]. Raises Cancelled between two slices of texts."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), SLICE):
            stop_if(cancelled)
            part = [encodable(text) for text in texts[start : start + SLICE]]
            vectors[start : start + len(part)] = self._model.encode(part, show_progress_bar=False)
        return unit(vectors)

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed; the last 256 queries are remembered."""
        return self._query(text)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """The split of the dot product among tokens; empty for a model that does not pool by the mean."""
        text = encodable(text)
        states = np.asarray(self._model.encode(text, output_value="token_embeddings").cpu(), np.float32)
        shares = mean_shares(states, query_vector)
        if abs(shares.sum() - float(query_vector @ self.encode([text])[0])) > SHARE_TOLERANCE:
            return []
        spans = self._model.tokenizer(
            text, truncation=True, max_length=self.max_tokens, return_offsets_mapping=True
        )["offset_mapping"]
        return [
            TokenShare(start, end, float(share)) for (start, end), share in zip(spans, shares, strict=True)
        ]

    @property
    def _model(self) -> Any:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> Any:
        try:
            package = importlib.import_module("sentence_transformers")
        except ImportError as error:
            raise ModelError(
                f"The model {TRANSFORMERS_PREFIX}{self._name} needs the package sentence-transformers.",
                'Install it with: pip install "codeintel[sentence-transformers]"',
            ) from error
        try:
            return package.SentenceTransformer(self._name, device="cpu", local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"The model {TRANSFORMERS_PREFIX}{self._name} cannot be loaded: {error}.",
                "Give a model that is already on this machine; nothing is downloaded.",
            ) from error

    @cached_property
    def _width(self) -> int:
        # Asked of a vector, because the method that says it has another name in each major version.
        return int(self._opened.encode(["width"], show_progress_bar=False).shape[1])

    @cached_property
    def _identity(self) -> str:
        digest = hashlib.sha256(f"passage form {PASSAGE_FORM}".encode())
        for key, value in sorted(self._opened.state_dict().items()):
            digest.update(key.encode())
            digest.update(np.ascontiguousarray(value.cpu()).tobytes())
        return f"{self._name.rstrip('/').rsplit('/', 1)[-1]}@{digest.hexdigest()[:12]}"
