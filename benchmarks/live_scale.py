"""What one save costs in workspaces of 1,000, 10,000 and 100,000 files, in process: it should not grow with them.

A save is `touch`, after which the text is searched, and `publish`, after which it is on disk. Every chunk has its
contextual vector, but not the encoder's: encoding costs the same in any workspace and is not what is measured, so that
vectors are pseudo-random, of unit length, and follow from the text. One function to a file, so that little hides
what grows.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_sources import COMMENTS, Words, source_paths, write_sources
from benchmarks.live_targets import spread, verdict
from benchmarks.reporting import console, table
from benchmarks.workspaces import settings_with
from codeintel.catalog.folder import FOLDER_NAME
from codeintel.models.encoder import OnnxEncoder
from codeintel.models.vectors import Vectors, unit
from codeintel.service import Service

NAME = "live_scale"
FILES, QUICK_FILES = (1_000, 10_000, 100_000), (200, 2_000)
SAVES, QUICK_SAVES, WARM_UP = 30, 8, 5
UPKEEP_EVERY = 10  # saves; people rest, and then upkeep is done
TARGET = 1.5
SEED = 20_261_123
STEPS = ("touch", "publish", "save", "late vectors", "upkeep")
"""`save` is the sum of the two before; `late vectors` publishes those that came after their chunks."""


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About 3 minutes, most of it indexing 100,000 files; `--indexes` keeps the files."""
    sizes = QUICK_FILES if options.quick else FILES
    saves = QUICK_SAVES if options.quick else SAVES
    with scratch(options.indexes) as kept:
        by_size = {files: _workspace(kept / f"live-scale-{files}", files, saves) for files in sizes}
    figures = summary(by_size)
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


@contextmanager
def pseudo_random_vectors() -> Iterator[None]:
    """The encoder replaced by one that costs next to nothing."""
    with patch.object(OnnxEncoder, "encode", _pseudo_random):
        yield


def _pseudo_random(encoder: OnnxEncoder, texts: Sequence[str], *_: object) -> Vectors:
    """For `OnnxEncoder.encode`: float32 [n, dim], the same for the same text."""
    rows = [_generator(text).standard_normal(encoder.dim, np.float32) for text in texts]
    return unit(np.stack(rows))


def _generator(text: str) -> np.random.Generator:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest, "little")))


def _workspace(folder: Path, files: int, saves: int) -> dict[str, Any]:
    """Milliseconds of each step in a workspace of so many files, in the process that has just indexed it."""
    write_sources(folder, files, functions_each=1)
    shutil.rmtree(folder / FOLDER_NAME, ignore_errors=True)
    with pseudo_random_vectors(), Service.open([folder], settings_with(None)) as service:
        began = time.perf_counter()
        chunks = service.index().chunks
        indexed = time.perf_counter() - began
        console.print(f"{files:,} files, {chunks:,} chunks: {indexed:.0f} s", style="dim", highlight=False)
        service.upkeep()
        steps = _saves(service, list(source_paths(folder, files)), saves)
        return {"files": files, "chunks": chunks, **{name: spread(steps[name]) for name in STEPS}}


def _saves(service: Service, paths: Sequence[Path], count: int) -> dict[str, list[float]]:
    chance, words = random.Random(SEED), Words(SEED)
    steps: dict[str, list[float]] = {name: [] for name in STEPS}
    for number in range(WARM_UP + count):
        path = chance.choice(paths)
        original = path.read_bytes()
        path.write_bytes(original + f"{COMMENTS[path.suffix]} {words.new()}\n".encode())
        taken = _save(service, path)
        if number % UPKEEP_EVERY == 0:
            taken["upkeep"] = _timed(service.upkeep)
        if number >= WARM_UP:
            for name, milliseconds in taken.items():
                steps[name].append(milliseconds)
        path.write_bytes(original)
        _save(service, path)
    return steps


def _save(service: Service, path: Path) -> dict[str, float]:
    taken = {"touch": _timed(lambda: service.touch([path])), "publish": _timed(service.publish)}
    taken["save"] = taken["touch"] + taken["publish"]
    while service.encode_some():
        pass
    taken["late vectors"] = _timed(lambda: service.publish(with_vectors=True))
    return taken


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def summary(by_size: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of each size, and medians relative to the smallest."""
    least = by_size[min(by_size)]
    ratios = {
        str(files): {name: one[name]["p50_ms"] / least[name]["p50_ms"] for name in STEPS[:3]}
        for files, one in by_size.items()
    }
    largest = max(ratio["save"] for ratio in ratios.values())
    return {
        "sizes": {str(files): one for files, one in by_size.items()},
        "ratios": ratios,
        "target_ratio": TARGET,
        "met": largest <= TARGET,
    }


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print a line for each size."""
    rows = [_row(figures, size) for size in figures["sizes"]]
    columns = ["files", "chunks", *STEPS[:3], "save p95", "late vectors", "upkeep max"]
    columns += [f"{name} ratio" for name in STEPS[:3]]
    title = f"Median milliseconds; a save's to that in the smallest ≤ {TARGET}: {verdict(figures['met'])}"
    console.print(table(title, columns, rows))


def _row(figures: Mapping[str, Any], size: str) -> list[object]:
    one, ratio = figures["sizes"][size], figures["ratios"][size]
    times = [one[name]["p50_ms"] for name in STEPS[:3]]
    times += [one["save"]["p95_ms"], one["late vectors"]["p50_ms"], one["upkeep"]["max_ms"]]
    return [
        f"{one['files']:,}",
        f"{one['chunks']:,}",
        *(f"{milliseconds:.1f}" for milliseconds in times),
        *(f"{ratio[name]:.2f}" for name in STEPS[:3]),
    ]


if __name__ == "__main__":
    main()
