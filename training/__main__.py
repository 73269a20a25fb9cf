"""Makes a model folder from nothing but the mirrors: one command, seeded, going on where it was stopped.

    python -m training --mirrors DIR --corpora DIR --bench DIR --work DIR

Steps whose result lies in the work folder are not repeated: harvest, static table, encoder, average, heads, export,
figures, card. The model is WORK/model; nothing else is replaced. `--small` runs everything on a few thousand pairs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from training import harvest, train_encoder, train_static
from training.average import SHARE, average
from training.card import write_card
from training.export_model import base_folder, export_encoder, export_static, write_checksums
from training.sources import SOURCES, Source, read_sources
from training.train_encoder import Plan
from training.train_static import StaticPlan


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; None is no limit."""

    sources: int | None
    pairs: int | None
    static_epochs: int
    encoder: int
    heads: int


FULL = Size(None, None, static_epochs=3, encoder=60_000, heads=8_000)
SMALL = Size(4, 3_000, static_epochs=4, encoder=1_920, heads=480)


@dataclass(frozen=True, slots=True)
class Run:
    """Where everything lies, and how much of it to do."""

    mirrors: Path
    corpora: Path
    bench: Path | None
    work: Path
    size: Size
    seed: int
    sources: tuple[Source, ...]

    def pairs(self) -> None:
        """Harvest, and keep the counts for the card."""
        out = self.work / "pairs.jsonl"
        sources = self.sources[: self.size.sources]
        counts = harvest.harvest(sources, self.mirrors, self.corpora, self.bench, out, processes=2)
        out.with_suffix(".counts.json").write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")

    def static(self) -> None:
        """Distil the table that training starts from, then train it."""
        export_static(base_folder(), self.work / "static-untrained")
        train_static.train(
            self.work / "pairs.jsonl",
            self.work / "static-untrained",
            self.work / "static",
            StaticPlan(self.size.static_epochs, seed=self.seed),
            "codeintel-static",
            self.size.pairs,
        )

    def encoder(self) -> None:
        """Train transformer and heads."""
        self._train("tuned.pt", Plan(self.size.encoder, seed=self.seed), None)

    def mixed(self) -> None:
        """Average with the published weights."""
        average(self.work / "tuned.pt", SHARE, self.work / "mixed.pt")

    def final(self) -> None:
        """Refit the heads to the averaged transformer."""
        plan = Plan(self.size.heads, heads_only=True, seed=self.seed + 1)
        self._train("final.pt", plan, self.work / "mixed.pt")

    def model(self) -> None:
        """Export, with checksums and card."""
        torch.manual_seed(self.seed)
        folder = self.work / "model"
        encoder = train_encoder.load(self.work / "final.pt")
        fp32 = self.work / "fp32" / "model.onnx"
        export_encoder(encoder, base_folder(), folder / "encoder", "codeintel-encoder-int8", fp32)
        export_static_copy(self.work / "static", folder / "static")
        write_checksums(folder)
        write_card(self.work, folder)

    def _train(self, name: str, plan: Plan, start: Path | None) -> None:
        train_encoder.train(self.work / "pairs.jsonl", self.work / name, plan, start, self.size.pairs)


def export_static_copy(source: Path, out: Path) -> None:
    """Put the trained table's three files in place."""
    out.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (out / path.name).write_bytes(path.read_bytes())


def run(steps: Run) -> None:
    """Each step whose result is missing."""
    steps.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, Callable[[], None]] = {
        "pairs.jsonl": steps.pairs,
        "static": steps.static,
        "tuned.pt": steps.encoder,
        "mixed.pt": steps.mixed,
        "final.pt": steps.final,
        "model/checksums.json": steps.model,
    }
    for name, step in results.items():
        if not (steps.work / name).exists():
            print(f"making {name}", flush=True)  # noqa: T201
            step()


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--mirrors", type=Path, required=True, metavar="DIR", help="git directories, OWNER+NAME"
    )
    parser.add_argument(
        "--corpora", type=Path, required=True, metavar="DIR", help="what pairs must not share code with"
    )
    parser.add_argument("--bench", type=Path, metavar="DIR", help="whose queries pairs must not repeat")
    parser.add_argument("--sources", type=Path, default=SOURCES, metavar="FILE")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--small", action="store_true", help="a few thousand pairs, a few minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = SMALL if options.small else FULL
    sources = read_sources(options.sources)
    run(Run(options.mirrors, options.corpora, options.bench, options.work, size, options.seed, sources))


if __name__ == "__main__":
    main()
