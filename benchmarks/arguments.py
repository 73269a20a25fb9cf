"""The arguments that every benchmark takes: where its data lies and where its figures go."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the queries (`bench`), the laid-out repositories (`corpora`) and kept indexes lie."""

    bench: Path
    corpora: Path
    indexes: Path | None
    results: Path

    @contextmanager
    def index_folder(self) -> Iterator[Path]:
        """The folder for indexes: the one that is kept, or one that is removed afterwards."""
        if self.indexes is not None:
            self.indexes.mkdir(parents=True, exist_ok=True)
            yield self.indexes
            return
        with tempfile.TemporaryDirectory(prefix="codeintel-benchmark-") as folder:
            yield Path(folder)


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the common arguments; a benchmark adds its own."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--bench", type=Path, default=_from_environment("CODEINTEL_BENCH"), metavar="DIR")
    made.add_argument("--corpora", type=Path, default=_from_environment("CODEINTEL_CORPORA"), metavar="DIR")
    made.add_argument(
        "--indexes", type=Path, metavar="DIR", help="keep indexes there and use them again: saves encoding"
    )
    made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    return made


def places_of(options: argparse.Namespace) -> Places:
    """The checked places; ends the program with a usage message where the data is missing."""
    for name, wanted in (("bench", "repos.json"), ("corpora", "")):
        folder: Path | None = getattr(options, name)
        if folder is None or not (folder / wanted).exists():
            variable = f"CODEINTEL_{name.upper()}"
            raise SystemExit(
                f"--{name} (or {variable}) must name the benchmark's data, see benchmarks/README.md."
            )
    indexes = options.indexes.resolve() if options.indexes else None
    return Places(options.bench.resolve(), options.corpora.resolve(), indexes, options.results)


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None
