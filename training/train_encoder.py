"""Trains the encoder on pairs: heads and transformer together, or the heads alone on a frozen transformer.

    python -m training.train_encoder --pairs pairs.jsonl --out tuned.pt --budget 60000
    python -m training.train_encoder --pairs pairs.jsonl --start mixed.pt --out final.pt --budget 8000 --heads-only

Seeded; a run that was stopped goes on from OUT.checkpoint, with the same batches as if it had not been.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.batches import Examples, Tokens, batches, padded
from training.code_encoder import CodeEncoder, Reading, untrained
from training.examples import encoder_examples, kept_or_made, read_subset
from training.export_model import base_folder
from training.losses import Losses, losses
from training.minilm import LAYERS

# 96 pairs of two repositories, in runs of four from a file: harder than many repositories, and what memory allows.
BATCH, REPOSITORIES, PER_FILE = 96, 2, 4
# The rates of prototypes that worked; the heads begin from nothing and learn faster.
BODY_RATE, HEADS_RATE, FROZEN_HEADS_RATE = 1.2e-4, 1e-3, 3e-3
WEIGHT_DECAY, CLIP = 0.01, 1.0
WARM_UP, COOL_DOWN, LAST_SHARE = 0.03, 0.25, 0.05
# Below these, layers stay as published: a third less work a pair, and they know words, not questions.
FROZEN_LAYERS = 2
# Texts of one length class are padded to the longest of it: classes of about this many.
PADDED_TOGETHER = 24
CHECKPOINT_STEPS, REPORT_STEPS = 50, 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to train: `budget` pairs in all, with the transformer frozen or not."""

    budget: int
    heads_only: bool = False
    seed: int = 0
    batch: int = BATCH

    @property
    def steps(self) -> int:
        """Optimiser steps."""
        return max(1, self.budget // self.batch)

    def rate(self, step: int) -> float:
        """The share of the full learning rate: up, level, down; what was reached on the level can be used any time."""
        done = (step + 1) / self.steps
        return min(1.0, done / WARM_UP, max(LAST_SHARE, (1 - done) / COOL_DOWN))


@dataclass(slots=True)
class Progress:
    """What is reported: sums since the last report, and the whole course."""

    course: list[dict[str, float]]
    sums: dict[str, float]
    steps: int = 0

    def add(self, found: Losses) -> None:
        """Count one step."""
        for name, value in found._asdict().items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())
        self.steps += 1

    def report(self, step: int, seen: int, rate: float) -> str:
        """The means since the last report as a line, which joins the course; `seen` pairs in all, `rate` a second."""
        means = {name: round(value / self.steps, 4) for name, value in self.sums.items()}
        self.course.append({"step": step, "seen": seen, **means})
        self.sums, self.steps = {}, 0
        figures = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        return f"step {step}  pairs {seen}  {rate:.1f} pairs/s  {figures}"


class Trainer:
    """A model, its optimiser and where they stand."""

    def __init__(self, model: CodeEncoder, examples: Examples, plan: Plan, checkpoint: Path) -> None:
        self.model = model
        self._examples = examples
        self._plan = plan
        self._checkpoint = checkpoint
        model.freeze(LAYERS if plan.heads_only else FROZEN_LAYERS)
        self._body = model.body()
        self._rates = [BODY_RATE, HEADS_RATE] if self._body else [FROZEN_HEADS_RATE]
        groups = [part for part in (self._body, model.heads()) if part]
        self._optimiser = torch.optim.AdamW(
            [{"params": part, "lr": rate} for part, rate in zip(groups, self._rates, strict=True)],
            weight_decay=WEIGHT_DECAY,
        )
        self.step = 0
        self.progress = Progress([], {})
        if checkpoint.exists():
            self._resume()

    def run(self) -> None:
        """Train to the end of the plan, checkpointing; dropout stays off, runs are short."""
        started, first = time.perf_counter(), self.step
        for rows in itertools.islice(self._rows(), self.step, self._plan.steps):
            self._set_rate()
            found = batch_losses(self.model, self._examples, rows)
            self._optimiser.zero_grad(set_to_none=True)
            found.total.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([*self._body, *self.model.heads()], CLIP)
            self._optimiser.step()
            self.step += 1
            self.progress.add(found)
            if self.step % REPORT_STEPS == 0 or self.step == self._plan.steps:
                rate = (self.step - first) * self._plan.batch / (time.perf_counter() - started)
                print(self.progress.report(self.step, self.step * self._plan.batch, rate), flush=True)  # noqa: T201
            if self.step % CHECKPOINT_STEPS == 0:
                self._save()

    def _rows(self) -> Iterator[NDArray[np.int64]]:
        """Epoch after epoch of batches; the same for the same seed."""
        for epoch in itertools.count():
            rng = random.Random(f"{self._plan.seed} {epoch}")
            yield from batches(self._examples, self._plan.batch, REPOSITORIES, PER_FILE, rng)

    def _set_rate(self) -> None:
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._plan.rate(self.step)

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "course": self.progress.course,
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _resume(self) -> None:
        state = torch.load(self._checkpoint)
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.progress.course = state["step"], state["course"]


def batch_losses(model: CodeEncoder, examples: Examples, rows: NDArray[np.int64]) -> Losses:
    """The losses of one batch."""
    queries, query_ids = read(model, examples.queries, rows)
    passages, passage_ids = read(model, examples.passages, rows)
    return losses(queries, passages, query_ids, passage_ids)


def read(model: CodeEncoder, texts: Tokens, rows: NDArray[np.int64]) -> tuple[Reading, Tensor]:
    """Readings and ids of the texts in the order of `rows`, padded to one length after they went through apart."""
    ids = [texts[int(row)] for row in rows]
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    longest = len(ids[order[-1]])
    parts: list[tuple[Reading, Tensor]] = []
    for together in _parts(order):
        values, mask = padded([ids[number] for number in together])
        with torch.autocast("cpu", torch.bfloat16):
            reading = model(values, mask)
        parts.append((_widened(reading, longest), functional.pad(values, (0, longest - values.shape[1]))))
    back = torch.tensor(np.argsort(order))
    fields = (torch.cat(field)[back] for field in zip(*(reading for reading, _ in parts), strict=True))
    return Reading(*fields), torch.cat([values for _, values in parts])[back]


def _parts(order: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), PADDED_TOGETHER):
        yield order[start : start + PADDED_TOGETHER]


def _widened(reading: Reading, length: int) -> Reading:
    missing = length - reading.kept.shape[1]
    return Reading(
        reading.dense,
        reading.states[:, :0],  # no loss looks at the states
        functional.pad(reading.tokens.float(), (0, 0, 0, missing)),
        functional.pad(reading.terms.float(), (0, missing)),
        functional.pad(reading.kept, (0, missing)),
    )


def load(path: Path | None) -> CodeEncoder:
    """The model that a run wrote, or the published weights with fresh heads."""
    if path is None:
        return untrained(base_folder())
    model = CodeEncoder()
    model.load_state_dict(torch.load(path)["model"])
    return model.eval()


def tokenizer_of_base() -> Tokenizer:
    """The published tokenizer without padding and truncation."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def train(pairs: Path, out: Path, plan: Plan, start: Path | None = None, limit: int | None = None) -> Trainer:
    """Run the plan and write `out`: the weights and the course of the losses."""
    torch.manual_seed(plan.seed)
    stored = pairs.with_suffix(f".encoder{'' if limit is None else f'-{limit}'}.npz")
    examples = kept_or_made(
        stored, lambda: encoder_examples(read_subset(pairs, limit, plan.seed), tokenizer_of_base())
    )
    trainer = Trainer(load(start), examples, plan, out.with_suffix(".checkpoint"))
    trainer.run()
    torch.save({"model": trainer.model.state_dict(), "course": trainer.progress.course}, out)
    return trainer


def main() -> None:
    """Train as told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--budget", type=int, required=True, metavar="N", help="pairs to train on in all")
    parser.add_argument("--limit", type=int, metavar="N", help="use so many of the pairs")
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="weights to begin from; else the published"
    )
    parser.add_argument("--heads-only", action="store_true", help="leave the transformer as it is")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = Plan(options.budget, options.heads_only, options.seed)
    train(options.pairs, options.out, plan, options.start, options.limit)


if __name__ == "__main__":
    main()
