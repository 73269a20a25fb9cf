"""How a benchmark's figures reach people and files: rich tables, and one JSON document with what they depend on."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.environment import environment

WIDTH = 140  # where the output is not a terminal: the widest table fits
console = Console(width=None if sys.stdout.isatty() else WIDTH)

DIGITS = 5  # of a figure in a committed file: more would only make the difference of two runs longer


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table whose first column is text and whose others are figures; None is an empty cell."""
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def write_result(folder: Path, name: str, figures: Mapping[str, Any]) -> Path:
    """Write NAME.json: the figures, rounded, and the machine, versions, models, revision and date of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    document = {"benchmark": name, "environment": environment(), "figures": rounded(figures)}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"written: {path}", style="dim", highlight=False)
    return path


def rounded(value: Any) -> Any:
    """`value` with every float in it rounded; small ones keep their leading digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
