"""The contextual encoder: an ONNX transformer on the CPU, mean pooled; the context-free table is in static.

Every text is run alone. Dynamic int8 scales activations by the largest value of the whole batch, so that a
text's vector would depend on its neighbours (measured: cosine down to .983 between batches of 1 and 16) and a
rebuilt index would differ from an updated one. Two single-threaded runs side by side are as fast as the best
batch size (MODEL_CARD.md).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import ModelError
from codeintel.models.files import ModelFiles, find_files, read_object
from codeintel.models.vectors import TokenShare, Vectors, encodable, mean_shares, remembering, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

WEIGHT_NAMES = ("model_int8.onnx", "model.onnx")
# 128 tokens retrieved as well as 256 (hybrid .875 against .873 on 15 repositories) at half the cost.
DEFAULT_MAX_TOKENS = 128
DEFAULT_THREADS = 2
KNOWN_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
STATE_OUTPUTS = ("token_states", "last_hidden_state")
# Texts tokenized at a time: enough to keep the threads busy, few enough that cancelling is prompt.
SLICE = 256


NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",
}  # what 1.32 reads, and what later ones do


class OnnxEncoder:
    """A TextEncoder over a folder with model_int8.onnx or model.onnx, tokenizer.json and config.json.

    config.json gives `dim` (or `hidden_size`) and `max_tokens` (else 128, at most `max_position_embeddings`).
    Constructing it opens only config.json; the session (about 50 ms) is made by the first call that needs it.
    Raises ModelError, then or at the first call, for a folder that is missing, incomplete or of another form.
    """

    reads_path = False

    def __init__(self, folder: Path, threads: int = DEFAULT_THREADS) -> None:
        self._files = find_files(folder, WEIGHT_NAMES)
        _require_mean_pooling(self._files)
        self._threads = max(1, threads)
        self.dim = self._files.integer("dim", "hidden_size")
        positions = self._files.integer("max_position_embeddings", default=DEFAULT_MAX_TOKENS)
        self.max_tokens = self._files.integer("max_tokens", default=min(DEFAULT_MAX_TOKENS, positions))
        self._opening = Lock()
        self._query = remembering(lambda words: self._model.encoded(words))

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>' of the model's files."""
        return self._files.model_id

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim], of unit length; the same text always has the same vector.

        About 7 ms for 128 tokens and thread. Raises Cancelled between two texts once nobody wants the answer.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)
        model = self._model
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            for start in range(0, len(texts), SLICE):
                encodings = model.tokenizer.encode_batch_fast(
                    [encodable(t) for t in texts[start : start + SLICE]]
                )
                ids = [encoding.ids for encoding in encodings]

                def encode_row(row: int, start: int = start, ids: list[list[int]] = ids) -> None:
                    stop_if(cancelled)
                    vectors[start + row] = model.vector(ids[row])

                # Longest first, so that the threads end a slice together.
                for _ in pool.map(encode_row, sorted(range(len(ids)), key=lambda row: -len(ids[row]))):
                    pass
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed; the last 256 queries are remembered."""
        return self._query(text)

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """`query_vector` . `encode([text])[0]`, split exactly among its tokens, [CLS] and [SEP] included.

        Costs one run of the encoder.
        """
        encoding = self._model.tokenizer.encode(encodable(text))
        shares = mean_shares(self._model.states(encoding.ids), query_vector)
        return [TokenShare(*span, float(share)) for span, share in zip(encoding.offsets, shares, strict=True)]

    @property
    def _model(self) -> _OpenModel:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> _OpenModel:
        # The id compares the files with checksums.json, so that a damaged model is named before it is parsed.
        log.info("opening encoder %s", self.model_id)
        tokenizer = self._files.open_tokenizer()
        tokenizer.enable_truncation(self.max_tokens)
        return _OpenModel(tokenizer, _open_session(self._files.weights), self._files.weights, self.dim)


class _OpenModel:
    """A session with its tokenizer: token ids in, token states out."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession, weights: Path, dim: int) -> None:
        self.tokenizer = tokenizer
        self._session = session
        self._dim = dim
        self._inputs = [node.name for node in session.get_inputs()]
        unknown = sorted(set(self._inputs) - KNOWN_INPUTS)
        if unknown or "input_ids" not in self._inputs:
            raise ModelError(
                f"{weights} takes the inputs {', '.join(self._inputs)}.",
                f"An encoder takes input_ids and may take {', '.join(sorted(KNOWN_INPUTS - {'input_ids'}))}.",
            )
        self._output = _state_output(session.get_outputs(), weights, dim)

    def states(self, ids: Sequence[int]) -> Vectors:
        """The last layer's states, float32 [tokens, dim], of one text's token ids."""
        row = np.array([ids], np.int64)
        values = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        states: Vectors = self._session.run([self._output], {name: values[name] for name in self._inputs})[0][
            0
        ]
        return states

    def encoded(self, text: str) -> Vectors:
        """The vector of one text."""
        return self.vector(self.tokenizer.encode(encodable(text)).ids)

    def vector(self, ids: Sequence[int]) -> Vectors:
        """The mean of the states at length 1; zero for no token or a result that is not finite."""
        if not ids:
            return unit(np.zeros(self._dim, np.float32))
        return unit(self.states(ids).mean(axis=0))


def _state_output(outputs: Iterable[Any], weights: Path, dim: int) -> str:
    shapes = {node.name: node.shape for node in outputs}
    name = next((name for name in STATE_OUTPUTS if name in shapes), None)
    if name is None:
        raise ModelError(
            f"{weights} gives the outputs {', '.join(shapes)}.",
            f"An encoder gives {' or '.join(STATE_OUTPUTS)}.",
        )
    width = shapes[name][-1]
    if isinstance(width, int) and width != dim:
        raise ModelError(
            f"{weights} gives vectors of {width} dimensions, its config.json says {dim}.",
            "Correct config.json, or copy the model's own.",
        )
    return name


def _open_session(weights: Path) -> InferenceSession:
    # Since 1.32 it sends telemetry from the moment it is imported, on every system, unless one of these is set by then.
    os.environ.update(NO_TELEMETRY)
    # onnxruntime takes 0.1 s to import; only the first encode pays it.
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the threads of encode() run texts side by side instead
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen unrelated classes
        raise ModelError(
            f"{weights} cannot be opened as an ONNX model: {error}.", "Export or copy it again."
        ) from error


def _require_mean_pooling(files: ModelFiles) -> None:
    """Refuse a model made for another pooling: mean pooling it would give plausible, wrong vectors."""
    pooling = files.settings.get("pooling", "mean")
    module = files.folder / "1_Pooling" / "config.json"
    if pooling != "mean" or (
        module.is_file() and not read_object(module).get("pooling_mode_mean_tokens", True)
    ):
        raise ModelError(
            f"The model in {files.folder} does not pool by the mean.", "Choose a model with mean pooling."
        )
