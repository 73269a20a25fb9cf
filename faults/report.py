"""How outcomes reach people: a line each, and the page docs/faults.md; the page keeps the rows that were not run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from faults.client import REPOSITORY
from faults.outcome import Outcome, Scale

PAGE: Final = REPOSITORY / "docs" / "faults.md"

HEAD: Final = """# Faults

Written by `make faults`, which injects each fault into the real server and measures what becomes of it; a short form
of each row runs with `make test`. What a fault does is in `faults/`, one module for a row or a few. Rows say when they
were run; a row that a machine does not allow says why. "Short form" means that only a few of the cases were tried.

| # | fault | how injected | passes when | figures | result |
|---|---|---|---|---|---|
"""


def line(outcome: Outcome, seconds: float) -> str:
    """A row for a terminal."""
    figures = "; ".join(f"{name} {value}" for name, value in outcome.figures.items())
    told = f"{outcome.row:>2}  {outcome.result:<10}  {outcome.title}: {outcome.injected}"
    return "\n".join(
        [
            f"{told} ({seconds:.0f} s)",
            *([f"      {figures}"] if figures else []),
            *(f"      - {one}" for one in outcome.failures),
        ]
    )


def update(outcomes: Mapping[int, Outcome], scale: Scale, path: Path = PAGE) -> None:
    """Write the page, with these rows in place of those that it had."""
    known = dict(_rows_of(path)) | {row: _table_row(outcome, scale) for row, outcome in outcomes.items()}
    path.write_text(HEAD + "".join(f"{known[row]}\n" for row in sorted(known)), encoding="utf-8")


def _rows_of(path: Path) -> Iterator[tuple[int, str]]:
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"\| (\d+) \|", text):
                yield int(found[1]), text


def _table_row(outcome: Outcome, scale: Scale) -> str:
    figures = "; ".join(f"{name}: {value}" for name, value in outcome.figures.items())
    day = datetime.now(UTC).date().isoformat()
    result = f"{outcome.result} ({day}{', short form' if scale is Scale.SHORT else ''})"
    if outcome.failures:
        result += ": " + "; ".join(outcome.failures)
    cells = (str(outcome.row), outcome.title, outcome.injected, outcome.wanted, figures, result)
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
