"""What live updating is to achieve, and tables of what was measured with the target beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks.metrics import percentile
from benchmarks.reporting import table

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The longest times that are good enough, milliseconds; None where that figure is free."""

    p50: float | None = None
    p95: float | None = None
    max: float | None = None

    def __str__(self) -> str:
        return ", ".join(
            f"{name} ≤ {limit:,.0f}" for name, limit in asdict(self).items() if limit is not None
        )


def spread(milliseconds: Sequence[float], target: Target | None = None) -> dict[str, Any]:
    """Count, median, p95 and maximum, with the target and whether it is met; zeros where nothing was measured."""
    taken = list(milliseconds) or [0.0]
    figures: dict[str, Any] = {
        "count": len(milliseconds),
        "p50_ms": percentile(taken, 0.5),
        "p95_ms": percentile(taken, 0.95),
        "max_ms": max(taken),
    }
    if target is not None:
        figures["target_ms"] = {name: limit for name, limit in asdict(target).items() if limit is not None}
        figures["met"] = bool(milliseconds) and not any(_misses(figures))
    return figures


def _misses(figures: Figures) -> Iterator[bool]:
    for name, limit in figures["target_ms"].items():
        yield figures[f"{name}_ms"] > limit


def spreads_table(title: str, measured: Mapping[str, Figures]) -> Table:
    """A line for each measure, milliseconds."""
    columns = ["", "count", "p50", "p95", "max", "target", ""]
    return table(title, columns, [_row(name, figures) for name, figures in measured.items()])


def _row(name: str, figures: Figures) -> list[object]:
    times = [f"{figures[part]:,.1f}" for part in ("p50_ms", "p95_ms", "max_ms")]
    wanted = str(Target(**figures["target_ms"])) if "target_ms" in figures else ""
    return [name, figures["count"], *times, wanted, verdict(figures.get("met"))]


def verdict(met: bool | None) -> str:
    """Whether a target is met, in a word; nothing where there is none."""
    return "" if met is None else "met" if met else "missed"
