"""Term weights from a masked language model, as SPLADE makes them; weights of the encoder's own tokens are encoder's.

A term weighs log(1 + relu(logit)), the greatest over the tokens of the text (Formal et al., "SPLADE v2", 2021), so
that a text gets terms that it does not contain: it is expanded.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import ModelError
from codeintel.models.encoder import DEFAULT_MAX_TOKENS, DEFAULT_THREADS, PROBE, WEIGHT_NAMES
from codeintel.models.encoder_graph import given, input_names, open_session
from codeintel.models.files import find_files
from codeintel.models.outputs import TERM, Row, TokenPlaces, token_places
from codeintel.models.passage import query_text
from codeintel.models.vectors import QUERY_CACHE, Vectors, encodable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

LOGITS = "logits"
"""What exports call the output; one of another name is taken where it is the only one."""

# The weightiest terms of a text that are kept, as many as the engine has room for.
MOST_TERMS = 256


class SpladeModel:
    """A folder with model_int8.onnx or model.onnx, whose logits are float32 [1, tokens, vocabulary], and a tokenizer.

    Constructing it opens only config.json, which may give `max_tokens` (else 128). Raises ModelError, then or at the
    first call, for a folder that is missing, incomplete or of another form. Each text is run alone, as the encoder's.
    """

    def __init__(self, folder: Path, threads: int = DEFAULT_THREADS) -> None:
        self._files = find_files(folder, WEIGHT_NAMES)
        self._threads = max(1, threads)
        positions = self._files.integer("max_position_embeddings", default=DEFAULT_MAX_TOKENS)
        self.max_tokens = self._files.integer("max_tokens", default=min(DEFAULT_MAX_TOKENS, positions))
        self._opening = Lock()
        self._remembered = lru_cache(maxsize=QUERY_CACHE)(self._weighed_query)

    @property
    def model_id(self) -> str:
        """'name@<12 hex digits>' of the model's files."""
        return self._files.model_id

    def weigh(self, texts: Sequence[str], cancelled: CancelCheck = never) -> tuple[Row, ...]:
        """Of each passage its terms, TERM [k] by ascending id. Raises Cancelled between two texts."""
        model = self._model
        rows: list[Row] = [np.empty(0, TERM)] * len(texts)

        def weigh_row(row: int) -> None:
            stop_if(cancelled)
            rows[row] = model.weighed(texts[row])

        with ThreadPoolExecutor(self._threads, thread_name_prefix="weigh") as pool:
            for _ in pool.map(weigh_row, range(len(texts))):
                pass
        return tuple(rows)

    def weigh_query(self, text: str) -> Row:
        """The terms of a query as typed, TERM [k], read-only; the last 256 queries are remembered."""
        return self._remembered(query_text(text))

    def token_places(self, text: str) -> TokenPlaces:
        """The tokens that a passage itself has: its other terms are expanded ones."""
        return token_places(self._model.tokenizer.encode(encodable(text)))

    def term_text(self, term: int) -> str:
        """What a term stands for, '' for a number outside the vocabulary."""
        return self._model.tokenizer.id_to_token(term) or ""

    def _weighed_query(self, words: str) -> Row:
        row = self._model.weighed(words)
        row.setflags(write=False)
        return row

    @property
    def _model(self) -> _OpenModel:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> _OpenModel:
        log.info("opening sparse model %s", self.model_id)
        tokenizer = self._files.open_tokenizer()
        tokenizer.enable_truncation(self.max_tokens)
        model = _OpenModel(tokenizer, open_session(self._files.weights), self._files.weights)
        if not np.isfinite(model.logits(tokenizer.encode(PROBE).ids)).all():
            raise ModelError(
                f"{self._files.weights} gives values that are not numbers.", "Export or copy it again."
            )
        return model


class _OpenModel:
    """A graph with its tokenizer: a text in, its terms and their weights out."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession, weights: Path) -> None:
        self.tokenizer = tokenizer
        self._session = session
        self._inputs = input_names(session, weights)
        self._output = _logits_of(session.get_outputs(), weights, tokenizer.get_vocab_size())
        special = tokenizer.get_added_tokens_decoder().items()
        self._no_words = np.array([term for term, token in special if token.special], np.int64)

    def logits(self, ids: Sequence[int]) -> Vectors:
        """The greatest logit of each term over the tokens of one text, float32 [vocabulary]."""
        found = self._session.run([self._output], given(ids, self._inputs))[0]
        greatest: Vectors = found[0].max(axis=0)
        return greatest

    def weighed(self, text: str) -> Row:
        """The terms of one text with weights above nothing, at most MOST_TERMS, the weightiest."""
        ids = self.tokenizer.encode(encodable(text)).ids
        if not ids:
            return np.empty(0, TERM)
        greatest = np.nan_to_num(self.logits(ids), nan=0.0, posinf=0.0, neginf=0.0)
        weights = np.log1p(
            np.maximum(greatest, 0)
        )  # monotone: the greatest weight is that of the greatest logit
        weights[self._no_words[self._no_words < len(weights)]] = 0
        terms = np.flatnonzero(weights)
        if len(terms) > MOST_TERMS:
            terms = np.sort(terms[np.lexsort((terms, -weights[terms]))[:MOST_TERMS]])
        row = np.empty(len(terms), TERM)
        row["id"], row["weight"] = terms, weights[terms]
        return row


def _logits_of(outputs: Sequence[Any], weights: Path, vocabulary: int) -> str:
    """The name of the output that is [1, tokens, vocabulary]; raises ModelError where there is none."""
    shapes = {node.name: node.shape for node in outputs}
    name = LOGITS if LOGITS in shapes else next(iter(shapes)) if len(shapes) == 1 else ""
    if len(shapes.get(name, ())) != 3:
        raise ModelError(
            f"{weights} gives the outputs {', '.join(shapes)}, none of them a weight for each term of a vocabulary.",
            f"A sparse model gives {LOGITS} of the shape [1, tokens, vocabulary], as a masked language model does.",
        )
    width = shapes[name][-1]
    if isinstance(width, int) and width < vocabulary:
        raise ModelError(
            f"{weights} weighs {width:,} terms, its tokenizer has {vocabulary:,}.",
            "The files belong to different models: copy the folder again.",
        )
    return name
