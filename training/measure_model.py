"""Measures data/model against the fp32 weights on a folder of source code: the figures of MODEL_CARD.md.

PYTHONPATH=server python training/measure_model.py --model data/model --code path/to/sources
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from tokenizers import Tokenizer

from codeintel.models.folder import load_models
from codeintel.models.passage import passage_text
from codeintel.models.vectors import Vectors
from export_model import MAX_TOKENS, base_folder
from minilm import load_minilm

SUFFIXES = frozenset({".c", ".cpp", ".cs", ".go", ".java", ".js", ".php", ".py", ".rb", ".rs", ".ts"})
CHUNK_CHARACTERS = 1_500
ENCODER_SAMPLE, REFERENCE_SAMPLE, QUERIES = 512, 128, 200

T = TypeVar("T")


def passages(folder: Path) -> list[str]:
    """Passages of the source files below `folder`, CHUNK_CHARACTERS of code each, in a fixed random order."""

    def cut() -> Iterator[str]:
        for path in sorted(folder.rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                for start in range(0, len(text), CHUNK_CHARACTERS):
                    uri = path.relative_to(folder).as_posix()
                    yield passage_text(uri, "", text[start : start + CHUNK_CHARACTERS])

    found = list(cut())
    return [found[row] for row in np.random.default_rng(0).permutation(len(found))]


def reference_vectors(texts: list[str]) -> Vectors:
    """The fp32 vectors of `texts`, float32 [n, 384], one text at a time."""
    base = base_folder()
    model, tokenizer = load_minilm(base), Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    with torch.no_grad():
        ids = [torch.tensor([tokenizer.encode(text).ids]) for text in texts]
        return np.concatenate([model(row, torch.ones_like(row))[0].numpy() for row in ids])


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def main() -> None:
    """Print one figure a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--code", type=Path, required=True)
    options = parser.parse_args()
    texts = passages(options.code)
    models = load_models(options.model)
    lines = [f"passages: {len(texts)}, {sum(map(len, texts)):,} characters"]

    _, seconds = timed(lambda: models.encoder.encode_query("warm"))
    lines.append(f"encoder: first query (opens the session) {seconds * 1e3:.0f} ms")
    queries = [f"where is option {number} parsed" for number in range(QUERIES)]
    each = [timed(partial(models.encoder.encode_query, query))[1] for query in queries]
    lines.append(
        f"encoder: query p50 {np.median(each) * 1e3:.2f} ms, p95 {np.quantile(each, 0.95) * 1e3:.2f} ms"
    )
    sample = texts[:ENCODER_SAMPLE]
    _, seconds = timed(lambda: models.encoder.encode(sample))
    lines.append(f"encoder: {len(sample) / seconds:.0f} passages/s")
    reference = reference_vectors(texts[:REFERENCE_SAMPLE])
    cosine = (reference * models.encoder.encode(texts[:REFERENCE_SAMPLE])).sum(axis=1)
    lines.append(f"encoder: cosine to fp32 mean {cosine.mean():.4f}, least {cosine.min():.4f}")

    models.static.encode_query("warm")
    for state in ("first", "again"):
        _, seconds = timed(lambda: models.static.encode(texts))
        lines.append(f"static: all passages, {state}: {seconds * 1e3:.0f} ms")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
