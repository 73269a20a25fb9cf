"""The README's table of measured results, made from the committed JSON files and from nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS

Figures = Mapping[str, Any]


def results_markdown(folder: Path = RESULTS) -> str:
    """Tables of retrieval, latency and indexing time with the machine below; ends with a line break."""
    retrieval, latency, index_time = (_read(folder, name) for name in ("retrieval", "latency", "index_time"))
    parts = [
        _retrieval(retrieval["figures"]),
        _speed(latency["figures"], index_time["figures"]),
        _conditions(retrieval["environment"]),
    ]
    return "\n\n".join(parts) + "\n"


def _read(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _retrieval(figures: Figures) -> str:
    count, queries = figures["repositories"], figures["queries"]
    rows = []
    for tier in ("meaning", "text"):
        by_protocol = figures["tiers"][tier]
        cells = [_interval(by_protocol[protocol]) for protocol in ("chunk", "file")]
        rows.append((f"**codeintel**, {tier} tier", *cells))
    for name, peer in figures["published"].items():
        cells = [_interval(peer) if peer["protocol"] == protocol else "" for protocol in ("chunk", "file")]
        rows.append((f"{name}, as published", *cells))
    header = (f"NDCG@10, {count} repositories, {queries} queries", "by chunk", "by file")
    return _table(header, rows)


def _interval(figures: Figures) -> str:
    """A mean as benchmarks quote it, .851, with half the width of its interval."""
    half = (figures["high"] - figures["low"]) / 2
    return f"{_short(figures['mean'])} ± {_short(half)}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _speed(latency: Figures, index_time: Figures) -> str:
    session, starts = latency["first_session"], latency["starts"]
    warm, cold = (index_time[mode]["searchable"] for mode in ("warm", "cold"))
    chunks = f"{session['chunks']:,} chunks"
    search = session["search"]
    server = starts["memory"]["server"]
    rows = [
        (
            f"a query over LSP, {chunks}, p50 / p95",
            f"{search['p50_ms']:.0f} / {search['p95_ms']:.0f} ms",
        ),
        (f"server start to first answer, {chunks} indexed before", f"{starts['median_seconds']:.1f} s"),
        (f"memory of the server, {chunks}", f"{server['resident_mib']:.0f} MiB"),
        (
            "a repository searchable by text, warm / cold, median",
            f"{warm['codeintel']['median_seconds']:.2f} / {cold['codeintel']['median_seconds']:.2f} s",
        ),
    ]
    if "ratio" in warm:
        ratios = f"{warm['ratio']['median']:.2f} / {cold['ratio']['median']:.2f}"
        label = f"of the time that semble {index_time['versions']['semble']} takes, warm / cold, median"
        rows.append((label, ratios))
    return _table(("Speed", ""), rows)


def _conditions(environment: Figures) -> str:
    machine, date = environment["machine"], environment["date"]
    return (
        f"Measured {date} on {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, no GPU, "
        f"with `{environment['models']['encoder']}`. ± is half the 95 % bootstrap interval over repositories. "
        "What each figure covers: [benchmarks/README.md](benchmarks/README.md)."
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    lines = [header, tuple(rule), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Print it."""
    sys.stdout.write(results_markdown())


if __name__ == "__main__":
    main()
