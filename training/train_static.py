"""Trains the static table on pairs: a text is the mean of its tokens' rows, a question must find its own chunk.

    python -m training.train_static --pairs pairs.jsonl --model data/model/static --out static

Starts from a model2vec folder and writes another of the same form. Minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from codeintel.models.static import read_tensors
from training.batches import Examples, Tokens, batches
from training.examples import kept_or_made, read_subset, static_examples
from training.losses import DENSE_SCALE, contrastive

# Measured on 61,000 pairs: dense .637 untrained, .692 at 3e-3, .694 at 1e-2 after six epochs.
RATE = 1e-2
BATCH, REPOSITORIES, PER_FILE = 512, 8, 4
WARM_UP_STEPS, LAST_SHARE = 50, 0.02
REPORT_STEPS = 10
UNKNOWN_TOKEN = "[UNK]"


@dataclass(frozen=True, slots=True)
class StaticPlan:
    """How long to train, from which seed."""

    epochs: int
    rate: float = RATE
    seed: int = 0


def train_table(
    table: NDArray[np.float32], unknown: int, examples: Examples, plan: StaticPlan
) -> Iterator[float]:
    """Train `table` [tokens, dim] in place; yields the mean loss of every REPORT_STEPS steps.

    The row of the unknown token stays zero, as the product reads it.
    """
    torch.manual_seed(plan.seed)
    bag = nn.EmbeddingBag.from_pretrained(torch.from_numpy(table), freeze=False, mode="sum")
    optimiser = torch.optim.Adam(bag.parameters(), lr=plan.rate)
    total = plan.epochs * sum(1 for _ in _batches(examples, plan, 0))
    sums, step = 0.0, 0
    for epoch in range(plan.epochs):
        for rows in _batches(examples, plan, epoch):
            share = min(1.0, (step + 1) / WARM_UP_STEPS) * (1 - (1 - LAST_SHARE) * step / max(1, total))
            optimiser.param_groups[0]["lr"] = plan.rate * share
            queries = _vectors(bag, examples.queries, rows, unknown)
            passages = _vectors(bag, examples.passages, rows, unknown)
            loss = contrastive(queries @ passages.T * DENSE_SCALE)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            sums, step = sums + float(loss.detach()), step + 1
            if step % REPORT_STEPS == 0:
                yield sums / REPORT_STEPS
                sums = 0.0
    if step % REPORT_STEPS:
        yield sums / (step % REPORT_STEPS)
    with torch.no_grad():
        table[:] = bag.weight.numpy()


def _batches(examples: Examples, plan: StaticPlan, epoch: int) -> Iterator[NDArray[np.int64]]:
    size = min(BATCH, max(REPOSITORIES, len(examples) // REPOSITORIES))
    repositories = min(REPOSITORIES, len(examples.groups))
    return batches(examples, size, repositories, PER_FILE, random.Random(f"{plan.seed} {epoch}"))


def _vectors(bag: nn.EmbeddingBag, texts: Tokens, rows: NDArray[np.int64], unknown: int) -> Tensor:
    """The unit vectors of texts [rows, dim]; unknown tokens do not count."""
    ids = [texts[int(row)] for row in rows]
    ids = [row[row != unknown] for row in ids]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in ids])[:-1]])
    flat = torch.from_numpy(np.concatenate(ids).astype(np.int64))
    vectors: Tensor = bag(flat, torch.from_numpy(starts.astype(np.int64)))
    return functional.normalize(vectors, dim=-1)


def read_table(folder: Path) -> NDArray[np.float32]:
    """The rows of a model2vec folder as float32."""
    return np.array(read_tensors(folder / "model.safetensors")["embeddings"], np.float32)


def write_table(table: NDArray[np.float32], model: Path, out: Path, name: str) -> None:
    """Write a folder like `model` with this table, one int8 scale for all rows: only directions matter."""
    out.mkdir(parents=True, exist_ok=True)
    scale = 127 / np.abs(table).max()
    save_file({"embeddings": np.rint(table * scale).astype(np.int8)}, out / "model.safetensors")
    (out / "model.safetensors").chmod(0o644)
    shutil.copyfile(model / "tokenizer.json", out / "tokenizer.json")
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config["name"] = name
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def static_tokenizer(model: Path) -> Tokenizer:
    """The table's tokenizer, which knows only its own tokens."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def train(
    pairs: Path, model: Path, out: Path, plan: StaticPlan, name: str, limit: int | None = None
) -> list[float]:
    """Train the table of `model` on pairs and write it to `out`; the course of the loss."""
    tokenizer = static_tokenizer(model)
    stored = pairs.with_suffix(f".static{'' if limit is None else f'-{limit}'}.npz")
    examples = kept_or_made(stored, lambda: static_examples(read_subset(pairs, limit, plan.seed), tokenizer))
    table = read_table(model)
    unknown = tokenizer.token_to_id(UNKNOWN_TOKEN)
    assert unknown is not None, f"{model} has no {UNKNOWN_TOKEN}"
    table[unknown] = 0
    # Rows of about unit length, whatever the scale they were stored at, so that the rate means the same.
    table /= np.linalg.norm(table, axis=1).mean()
    course = []
    for loss in train_table(table, unknown, examples, plan):
        course.append(round(loss, 4))
        print(f"steps {len(course) * REPORT_STEPS}  loss {loss:.4f}", flush=True)  # noqa: T201
    write_table(table, model, out, name)
    course_file = out.with_name(f"{out.name}.course.json")
    course_file.write_text(json.dumps({"losses": course}) + "\n", encoding="utf-8")
    return course


def main() -> None:
    """Train as told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="a model2vec folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--limit", type=int, metavar="N", help="use so many of the pairs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = StaticPlan(options.epochs, options.rate, options.seed)
    train(options.pairs, options.model, options.out, plan, "codeintel-static", options.limit)


if __name__ == "__main__":
    main()
