"""The contextual encoder: an ONNX transformer on the CPU, mean pooled; the context-free table is in static.

Every text is run alone. Dynamic int8 scales activations by the largest value of the whole batch, so that a
text's vector would depend on its neighbours (measured: cosine down to .983 between batches of 1 and 16) and a
rebuilt index would differ from an updated one. Two single-threaded runs side by side are as fast as the best
batch size (MODEL_CARD.md).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import ModelError
from codeintel.models.encoder_graph import STATES, EncoderGraph
from codeintel.models.files import ModelFiles, find_files, read_object
from codeintel.models.outputs import (
    NO_OUTPUTS,
    TERM,
    Encoded,
    Layout,
    Output,
    Outputs,
    Row,
    TokenPlaces,
    counting,
    greatest_weights,
    pooled,
    quantized,
    token_layout,
    token_places,
)
from codeintel.models.passage import query_text
from codeintel.models.vectors import QUERY_CACHE, TokenShare, Vectors, encodable, mean_shares, unit

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

log = logging.getLogger(__name__)

WEIGHT_NAMES = ("model_int8.onnx", "model.onnx")
# 128 tokens retrieved as well as 256 (hybrid .875 against .873 on 15 repositories) at half the cost.
DEFAULT_MAX_TOKENS = 128
DEFAULT_THREADS = 2
# Texts tokenized at a time: enough to keep the threads busy, few enough that cancelling is prompt.
SLICE = 256
# What every output is tried on when a model is opened; any text does.
PROBE = "probe"


class OnnxEncoder:
    """A TextEncoder over a folder with model_int8.onnx or model.onnx, tokenizer.json and config.json.

    config.json gives `dim` (or `hidden_size`) and `max_tokens` (else 128, at most `max_position_embeddings`); its
    `outputs`, such as {"tokens": "token_vectors", "terms": "term_weights"}, names what the graph gives beside the
    states, and `token_dim` the width of token vectors.
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
        self._names = _output_names(self._files)
        self.layouts = _layouts(self._files, self._names)
        """The outputs that config.json names beside the dense vectors, each with the form of an entry."""
        self._opening = Lock()
        self._remembered = lru_cache(maxsize=QUERY_CACHE)(self._encoded_query)

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>' of the model's files."""
        return self._files.model_id

    def encode(self, texts: Sequence[str], cancelled: CancelCheck = never) -> Vectors:
        """The vectors, float32 [len(texts), dim], of unit length; the same text always has the same vector.

        About 7 ms for 128 tokens and thread. Raises Cancelled between two texts once nobody wants the answer.
        """
        return self.encode_outputs(texts, NO_OUTPUTS, cancelled).dense

    def encode_outputs(
        self, texts: Sequence[str], wanted: Outputs, cancelled: CancelCheck = never
    ) -> Encoded:
        """The vectors, and of each `wanted` output a row for each text, all of a text in one pass.

        The vectors are bit for bit those of `encode`. Raises Cancelled; KeyError for an output that the model lacks.
        """
        model = self._model
        vectors = np.zeros((len(texts), self.dim), np.float32)
        rows = {output: [np.empty(0, self.layouts[output])] * len(texts) for output in wanted}
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            for start in range(0, len(texts), SLICE):
                encodings = model.tokenizer.encode_batch_fast(
                    [encodable(t) for t in texts[start : start + SLICE]]
                )

                def encode_row(
                    row: int, start: int = start, encodings: Sequence[Encoding] = encodings
                ) -> None:
                    stop_if(cancelled)
                    vectors[start + row], found = model.read(encodings[row], wanted)
                    for output in wanted:
                        rows[output][start + row] = found[output]

                # Longest first, so that the threads end a slice together.
                longest = sorted(range(len(encodings)), key=lambda row: -len(encodings[row]))
                for _ in pool.map(encode_row, longest):
                    pass
        return Encoded(vectors, *(tuple(rows.get(output, ())) for output in Output))

    def encode_query(self, text: str) -> Vectors:
        """The vector, float32 [dim], read-only, of a query as typed; the last 256 queries are remembered."""
        return self._remembered(query_text(text))[0]

    def encode_query_outputs(self, text: str) -> Encoded:
        """All outputs of one query as typed, read-only; the last 256 queries are remembered."""
        return self._remembered(query_text(text))[1]

    def _encoded_query(self, words: str) -> tuple[Vectors, Encoded]:
        model, wanted = self._model, frozenset(self.layouts)
        vector, rows = model.read(model.tokenizer.encode(encodable(words)), wanted, is_query=True)
        for row in (vector, *rows.values()):
            row.setflags(write=False)  # they are shared
        return vector, Encoded(vector[None], *((rows[one],) if one in rows else () for one in Output))

    def token_places(self, text: str) -> TokenPlaces:
        """The tokens of `text`, those of the model itself apart, in their order."""
        return token_places(self._model.tokenizer.encode(encodable(text)))

    def maker(self, output: Output) -> str:
        """This model, by that output."""
        return f"{self.model_id}#{output}"

    def term_places(self, text: str) -> TokenPlaces:
        """Terms are tokens: those of `token_places`."""
        return self.token_places(text)

    def term_text(self, term: int) -> str:
        """A term as the vocabulary spells it, '' for a number outside it."""
        return self._model.tokenizer.id_to_token(term) or ""

    def token_shares(self, query_vector: Vectors, text: str) -> list[TokenShare]:
        """`query_vector` . `encode([text])[0]`, split exactly among its tokens, [CLS] and [SEP] included.

        Costs one run of the encoder.
        """
        encoding = self._model.tokenizer.encode(encodable(text))
        shares = mean_shares(self._model.graph.states(encoding.ids), query_vector)
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
        widths = {self._names[output]: _width(layout) for output, layout in self.layouts.items()}
        graph = EncoderGraph(self._files.weights, self.dim, widths)
        model = _OpenModel(tokenizer, graph, self._names, self.layouts)
        model.probe(self._files.weights)
        return model


class _OpenModel:
    """A graph with its tokenizer: a text's tokens in, its vector and rows out."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        graph: EncoderGraph,
        names: Mapping[Output, str],
        layouts: Mapping[Output, Layout],
    ) -> None:
        self.tokenizer = tokenizer
        self.graph = graph
        self._names = names
        self._layouts = layouts

    def probe(self, weights: Path) -> None:
        """Raise ModelError unless the graph makes numbers of a text and of the tokenizer's last token; 5 ms."""
        ids = [*self.tokenizer.encode(PROBE).ids, self.tokenizer.get_vocab_size() - 1]
        try:
            values = self.graph.run(ids, list(self._names.values()))
        except Exception as error:  # onnxruntime raises a dozen unrelated classes
            raise ModelError(
                f"{weights} does not know the tokens of its tokenizer.json: {error}.",
                "The files belong to different models: copy the folder again.",
            ) from error
        if not all(np.isfinite(found).all() for found in values.values()):
            raise ModelError(f"{weights} gives values that are not numbers.", "Export or copy it again.")

    def read(
        self, encoding: Encoding, wanted: Outputs, *, is_query: bool = False
    ) -> tuple[Vectors, dict[Output, Row]]:
        """The vector of one text, the mean of its states at length 1, and a row of each wanted output.

        The vector is zero for no token or a result that is not finite.
        """
        if not encoding.ids:
            empty = {output: np.empty(0, self._layouts[output]) for output in wanted}
            return unit(np.zeros(self.graph.dim, np.float32)), empty
        found = self.graph.run(encoding.ids, [self._names[output] for output in wanted])
        kept = counting(encoding)
        ids = np.array(encoding.ids, np.int32)[kept]
        rows: dict[Output, Row] = {}
        for output in wanted:
            values = found[self._names[output]][kept]
            if output is Output.TOKENS:
                rows[output] = quantized(values if is_query else pooled(values))
            else:
                rows[output] = greatest_weights(ids, values)
        return unit(found[STATES].mean(axis=0)), rows


def _output_names(files: ModelFiles) -> dict[Output, str]:
    """What config.json calls the outputs in the graph. Raises ModelError where it is no object of names."""
    named = files.settings.get("outputs", {})
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise ModelError(
            f"{files.config} has no usable 'outputs': {named!r}.", "It must be an object of names."
        )
    return {output: named[output.value] for output in Output if output.value in named}


def _width(layout: Layout) -> int:
    """How many values the graph gives a token for an entry of that form."""
    return layout.shape[0] if layout.shape else 1


def _layouts(files: ModelFiles, names: Mapping[Output, str]) -> dict[Output, Layout]:
    layouts: dict[Output, Layout] = {}
    if Output.TOKENS in names:
        layouts[Output.TOKENS] = token_layout(files.integer("token_dim"))
    if Output.TERMS in names:
        layouts[Output.TERMS] = TERM
    return layouts


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
