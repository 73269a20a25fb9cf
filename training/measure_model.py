"""Measures model folders side by side: passages a second, query latency, and int8 against fp32 output by output.

    python -m training.measure_model --code DIR --fp32 model.onnx present=data/model candidate=DIR

Rates are taken by turns in one run, so that a busy machine slows all models alike. `--fp32` belongs to the last model.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from codeintel.analysis.chunking import chunk
from codeintel.analysis.languages import language_of
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.passage import passage_text
from training.readers import OnnxReader, Read
from training.sources import MAX_FILE_BYTES, source_language

ROUNDS, ROUND_PASSAGES, QUERIES, COMPARED = 6, 96, 100, 200

T = TypeVar("T")


def passages(folder: Path) -> list[str]:
    """What the encoder sees of the source files below `folder`, in a fixed random order."""

    def cut() -> Iterator[str]:
        for path in sorted(folder.rglob("*")):
            if source_language(path.name) and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
                text = path.read_text(encoding="utf-8", errors="replace")
                data = text.encode()
                for span in chunk(text, language_of(path.name, text)).spans:
                    content = data[span.start_byte : span.end_byte].decode()
                    yield passage_text("", span.breadcrumb, content)

    found = list(cut())
    return [found[row] for row in np.random.default_rng(0).permutation(len(found))]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def rates(encoders: dict[str, OnnxEncoder], texts: list[str]) -> dict[str, float]:
    """Passages a second of each encoder, the median of ROUNDS rounds by turns on the same passages."""
    found: dict[str, list[float]] = {name: [] for name in encoders}
    for encoder in encoders.values():
        encoder.encode(texts[:4])
    for number in range(ROUNDS):
        part = texts[number * ROUND_PASSAGES : (number + 1) * ROUND_PASSAGES]
        for name, encoder in encoders.items():
            found[name].append(len(part) / timed(partial(encoder.encode, part))[1])
    return {name: round(median(values), 1) for name, values in found.items()}


def query_times(encoders: dict[str, OnnxEncoder]) -> dict[str, float]:
    """The median milliseconds of a query that is not remembered."""
    found: dict[str, list[float]] = {name: [] for name in encoders}
    for number in range(QUERIES):
        query = f"where is option {number} parsed and checked against the schema"
        for name, encoder in encoders.items():
            found[name].append(timed(partial(encoder.encode_query, query))[1] * 1e3)
    return {name: round(median(values), 2) for name, values in found.items()}


def agreement(exact: Read, rounded: Read) -> dict[str, float]:
    """How near int8 is to fp32: mean and least cosine of dense vectors and mean cosine of token vectors, and the
    correlation of term weights.
    """
    dense = (exact.dense * rounded.dense).sum(axis=1)
    found = {"dense cosine, mean": float(dense.mean()), "dense cosine, least": float(dense.min())}
    if exact.tokens is not None and rounded.tokens is not None:
        found["token cosine, mean"] = float((exact.tokens * rounded.tokens).sum(axis=1).mean())
    if exact.terms is not None and rounded.terms is not None:
        found["term correlation"] = float(np.corrcoef(exact.terms, rounded.terms)[0, 1])
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Measure, print JSON, write it where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="NAME=DIR")
    parser.add_argument("--code", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--fp32", type=Path, metavar="FILE", help="the last model's graph before quantisation"
    )
    parser.add_argument("--out", type=Path, metavar="FILE")
    options = parser.parse_args()
    folders = {
        name: Path(folder) / "encoder" for name, _, folder in (one.partition("=") for one in options.models)
    }
    encoders = {name: OnnxEncoder(folder) for name, folder in folders.items()}
    texts = passages(options.code)
    found: dict[str, object] = {
        "passages a second": rates(encoders, texts),
        "query, ms": query_times(encoders),
    }
    if options.fp32 is not None:
        folder = list(folders.values())[-1]
        exact = OnnxReader(options.fp32, folder / "tokenizer.json").read(texts[:COMPARED])
        rounded = OnnxReader(folder / "model_int8.onnx", folder / "tokenizer.json").read(texts[:COMPARED])
        found["int8 against fp32"] = agreement(exact, rounded)
    text = json.dumps(found, indent=2)
    print(text)  # noqa: T201
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
