"""The arguments of the benchmarks of live updating, of which only some need the benchmark's repositories."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS, parser
from benchmarks.reporting import write_result


def live_parser(description: str, *, with_corpora: bool = False) -> argparse.ArgumentParser:
    """A parser with `--quick` and what the other benchmarks take."""
    if with_corpora:
        made = parser(description)
    else:
        made = argparse.ArgumentParser(description=description)
        made.add_argument(
            "--indexes", type=Path, metavar="DIR", help="keep workspaces there; for one run at a time"
        )
        made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    made.add_argument("--quick", action="store_true", help="a short run on little; nothing is written")
    return made


@contextmanager
def scratch(kept: Path | None) -> Iterator[Path]:
    """The folder for workspaces: the one that is kept, or one that is removed afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="codeintel-benchmark-") as folder:
        yield Path(folder).resolve()


def write_unless_quick(options: argparse.Namespace, name: str, figures: Mapping[str, Any]) -> None:
    """Write the figures of a full run."""
    if not options.quick:
        write_result(options.results, name, figures)
