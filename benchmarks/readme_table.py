"""The README's table of measured results, made from the committed JSON files and from nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS

Figures = Mapping[str, Any]


def results_markdown(folder: Path = RESULTS) -> str:
    """Tables of retrieval, speed and live updating with the machine below; ends with a line break."""
    retrieval, latency, index_time = (_read(folder, name) for name in ("retrieval", "latency", "index_time"))
    parts = [
        _retrieval(retrieval["figures"]),
        _speed(latency["figures"], index_time["figures"], _channels(folder)),
        *_live(folder),
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


def _channels(folder: Path) -> list[tuple[str, str]]:
    """A query by default and with every channel, on an index that was there; nothing where that was not measured."""
    if not (folder / "all_channels.json").is_file():
        return []
    figures = _read(folder, "all_channels")["figures"]
    wide, plain = (figures["configurations"][name] for name in ("wide", "default"))
    encoding = figures["encoding"]
    sizes = (f"{one['disk']['total_bytes_a_chunk'] / 1000:.1f}" for one in (plain, wide))
    return [
        ("the same on an index that was there before", _percentiles(plain["round_trip"])),
        ("and with every channel, late interaction over all chunks", _percentiles(wide["round_trip"])),
        ("disk a chunk, by default / with every channel", f"{' / '.join(sizes)} kB"),
        ("chunks encoded, all outputs", f"{encoding['chunks_per_second']['all outputs']:.0f}/s"),
    ]


def _percentiles(times: Figures) -> str:
    return f"{times['p50_ms']:.0f} / {times['p95_ms']:.0f} ms"


def _from_nothing(session: Figures, chunks: str) -> list[tuple[str, str]]:
    """How long indexing takes where no index and no cache of vectors is there; nothing of a run that had an index."""
    if session["complete_seconds"] is None:
        return []
    return [(f"{chunks} indexed from nothing, all tiers", f"{session['complete_seconds']:.0f} s")]


def _speed(latency: Figures, index_time: Figures, channels: Sequence[tuple[str, str]]) -> str:
    session, starts = latency["first_session"], latency["starts"]
    warm, cold = (index_time[mode]["searchable"] for mode in ("warm", "cold"))
    chunks = f"{session['chunks']:,} chunks"
    search = session["search"]
    server = starts["memory"]["server"]
    rows = [
        (f"a query over LSP, {chunks}, just after they were first indexed, p50 / p95", _percentiles(search)),
        *channels,
        *_from_nothing(session, chunks),
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


def _live(folder: Path) -> list[str]:
    """The table of live updating, with the rows of what was measured; none where nothing was."""
    rows = [
        row
        for name, rows_of in LIVE.items()
        if (folder / f"{name}.json").is_file()
        for row in rows_of(_read(folder, name)["figures"])
    ]
    return [_table(("Live updating", "", "target"), rows)] if rows else []


def _edits(figures: Figures) -> list[tuple[str, ...]]:
    measures, chunks = figures["measures"], f"{figures['chunks']:,} chunks"
    names = {
        "typed, found by its text": f"a keystroke to the answer that has it, unsaved, {chunks}",
        "typed, found by its meaning": "the same, until it is found by its meaning",
        "saved, in a Parquet part": "a save to its rows in Parquet",
        "deleted, gone from a search for its word": "a deleted file to the answer without it",
    }
    return [(f"{title}, p50 / p95", *_times(measures[name])) for name, title in names.items()]


def _times(figures: Figures) -> tuple[str, str]:
    """Median and p95, and the targets of both."""
    target = figures["target_ms"]
    wanted = " / ".join(_milliseconds(target.get(part)) for part in ("p50", "p95"))
    return f"{figures['p50_ms']:.0f} / {figures['p95_ms']:.0f} ms", f"{wanted} ms"


def _milliseconds(limit: float | None) -> str:
    return "–" if limit is None else f"{limit:.0f}"


def _typing(figures: Figures) -> list[tuple[str, ...]]:
    same = figures["compared"]["saved"]
    return [
        ("a hover while an edit comes every 150 ms, p50 / p95", *_times(figures["measures"]["hover"])),
        ("answers afterwards as those of a fresh index", f"{same['same_hits']} of {same['queries']}", "all"),
    ]


def _editor(figures: Figures) -> list[tuple[str, ...]]:
    title = f"a key in VS Code to the first hit painted, {figures['chunks']:,} chunks, p50 / p95"
    return [(title, *_times(figures["key_to_paint"]))]


def _scale(figures: Figures) -> list[tuple[str, ...]]:
    smallest, largest = (end(figures["sizes"], key=int) for end in (min, max))
    title = f"a save among {int(largest):,} files, times that among {int(smallest):,}"
    return [(title, f"{figures['ratios'][largest]['save']:.2f}", f"{figures['target_ratio']:g}")]


def _responsiveness(figures: Figures) -> list[tuple[str, ...]]:
    phases = figures["phases"].values()
    rows: list[tuple[str, ...]] = []
    for kind in ("hover", "search"):
        worst = max((phase[kind] for phase in phases), key=lambda one: one["p95_ms"])
        title = f"a {kind} while {figures['chunks']:,} chunks are indexed, p50 / p95"
        rows.append((title, *_times(worst)))
    return rows


def _checkout(figures: Figures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for way, title in (
        ("there", "a git checkout of {} changed files, slowest"),
        ("back", "the way back, slowest"),
    ):
        measure = figures["measures"][way]
        cells = f"{measure['max_ms'] / 1000:.1f} s", f"{measure['target_ms']['max'] / 1000:.0f} s"
        rows.append((title.format(figures["changed_files"]), *cells))
    return rows


LIVE: Mapping[str, Callable[[Figures], list[tuple[str, ...]]]] = {
    "live_edits": _edits,
    "vscode": _editor,
    "live_typing": _typing,
    "live_scale": _scale,
    "live_responsiveness": _responsiveness,
    "live_checkout": _checkout,
}


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
