"""What every channel costs together, against the default: time of a query over LSP, bytes on disk, memory, encoding.

The real servers, one for each configuration, stand on the same 20,000 chunks and are asked by turns, a few queries at a
time, so that whatever else the machine does falls on all of them. Every query is asked once, so none finds its vector
in the cache.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.arguments import parser, places_of
from benchmarks.corpora import read_repositories
from benchmarks.encoding_rate import measured as encoding_rate
from benchmarks.index_bytes import published_bytes
from benchmarks.latency import CHUNKS, Server, serving
from benchmarks.live_server import until
from benchmarks.live_targets import Target, spread, spreads_table, verdict
from benchmarks.mixed_workspace import assemble
from benchmarks.reporting import console, table, write_result
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.models.cache_place import FILE_NAME, bytes_on_disk
from codeintel.options import NO_CACHE
from codeintel.settings import Settings, from_editor

NAME = "all_channels"
QUERY = Target(p50=25, p95=60)
MOST_BYTES, MOST_MIB = 6_000, 700
"""Of a chunk on disk, and of the server in memory."""
QUIET_TIMEOUT_S = 300.0
TURN = 20
"""Queries that a server is asked in a row: one at a time, each would find the processor's caches full of another's."""
UPKEEP_S = 15.0  # within which a server that has nothing to do has folded what it wrote
CACHE_BYTES = 8_000_000_000  # never full, whatever else is kept there


@dataclass(frozen=True, slots=True)
class Configuration:
    """Channels as the settings have them; the others are as they are by default."""

    late: str
    splade: bool

    def options(self, folder: Path, cache: Path) -> dict[str, Any]:
        """As an editor gives them, with the index in `folder`."""
        return {
            "index": {"folder": str(folder)},
            "channels": {"late": self.late, "splade": self.splade},
            "model": {"cache": str(cache), "maxCacheBytes": CACHE_BYTES},
        }


CONFIGURATIONS = {
    "default": Configuration("off", splade=False),
    "narrow": Configuration("narrow", splade=True),
    "wide": Configuration("wide", splade=True),
}
"""Default is BM25 and dense vectors; the others have late interaction and term weights as well."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a configuration's index lies, and the settings under which it was made."""

    workspace: Path
    folder: Path
    options: Mapping[str, Any]

    def settings(self) -> Settings:
        """The same for a service in this process."""
        settings, dropped = Settings.resolve([from_editor(self.options, self.workspace)])
        assert not dropped, dropped
        return settings

    def serving(self) -> AbstractContextManager[Server]:
        """A server on it."""
        return serving(self.workspace, self.options)

    def has_lists(self) -> bool:
        """Whether token vectors are listed by centroid, which a quiet moment does."""
        return any(self.folder.glob("tokens/*.lists"))


def main() -> None:
    """Measure, print, write."""
    made = parser(__doc__ or "")
    made.add_argument(
        "--cache", default=NO_CACHE, metavar="DIR", help="the encoder's vectors, for another run"
    )
    add_arguments(made)
    run(made.parse_args())


def add_arguments(made: argparse.ArgumentParser) -> None:
    """What no other benchmark takes."""
    made.add_argument("--base", type=Path, metavar="DIR", help="the base model's encoder, to compare with")


def run(options: argparse.Namespace) -> None:
    """About 8 minutes, half of it encoding; 4 where the vectors are cached."""
    places = places_of(options)
    repositories = read_repositories(places.bench)
    queries = list(dict.fromkeys(query.text for one in repositories for query in one.queries))
    with places.index_folder() as kept:
        workspace = kept / "mixed-workspace"
        chunks = assemble(repositories, places.corpora, workspace, CHUNKS)
        is_cached = options.cache != NO_CACHE
        cache = Path(options.cache).resolve() if is_cached else kept / "all-channels-cache"
        made = _places(workspace, kept, cache)
        built = {name: _built(name, place) for name, place in made.items()}
        configurations = _asked(made, queries)
        for name, place in made.items():
            sizes = published_bytes(workspace, place.settings(), place.folder)
            configurations[name] |= {"disk": _disk(sizes, chunks), "memory_after_indexing": built[name]}
        figures = {
            "chunks": chunks,
            "queries": len(queries),
            "configurations": configurations,
            "encoding": encoding_rate(workspace, options.base),
            "cache_bytes_a_chunk": None if is_cached else bytes_on_disk(cache / FILE_NAME) / chunks,
        }
    print_summary(figures)
    write_result(places.results, NAME, figures)


def _places(workspace: Path, kept: Path, cache: Path) -> dict[str, Place]:
    """An index folder for each configuration."""
    folders = {name: kept / f"all-channels-{name}" for name in CONFIGURATIONS}
    return {
        name: Place(workspace, folders[name], one.options(folders[name], cache))
        for name, one in CONFIGURATIONS.items()
    }


def _built(name: str, place: Place) -> dict[str, Any] | None:
    """Have the index complete; the memory of the server that made it, None where it was there already."""
    existed = (place.folder / MANIFEST_NAME).exists()
    began = time.monotonic()
    with place.serving() as server:
        server.wait_until_complete()
        until(server.is_structured, QUIET_TIMEOUT_S, 1.0)
        if CONFIGURATIONS[name].late == "wide":
            until(place.has_lists, QUIET_TIMEOUT_S, 1.0)
        console.print(f"{name}: complete after {time.monotonic() - began:.0f} s", style="dim")
        if existed:
            return None
        time.sleep(UPKEEP_S)
        return server.memory()


def _asked(made: Mapping[str, Place], queries: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Times and memory of each configuration."""
    with ExitStack() as stack:
        servers: dict[str, Server] = {
            name: stack.enter_context(place.serving()) for name, place in made.items()
        }
        for server in servers.values():
            server.wait_until_complete()
            server.search("warm up", explain=True)
        plain = _by_turns(servers, queries, explain=False)
        evidence = _by_turns(servers, queries, explain=True)
        memories = {name: server.memory() for name, server in servers.items()}
    return {
        name: {
            **plain[name],
            "with_evidence": evidence[name],
            "memory": {**memories[name], "target_mib": MOST_MIB, "met": _fits(memories[name])},
        }
        for name in servers
    }


def _by_turns(
    servers: Mapping[str, Server], queries: Sequence[str], *, explain: bool
) -> dict[str, dict[str, Any]]:
    """Each query of every server: milliseconds as the client sees them, and those that the server spent on it."""
    taken: dict[str, list[float]] = {name: [] for name in servers}
    inside: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(0, len(queries), TURN):
        for name, server in servers.items():
            for query in queries[turn : turn + TURN]:
                began = time.perf_counter()
                answer = server.search(query, explain)
                taken[name].append((time.perf_counter() - began) * 1000)
                inside[name].append(answer["elapsedMs"])
    return {
        name: {"round_trip": spread(taken[name], QUERY), "inside": spread(inside[name])} for name in servers
    }


def _fits(memory: Mapping[str, Any]) -> bool:
    return bool(memory["server"]["resident_mib"] <= MOST_MIB)


def _disk(sizes: Mapping[str, int], chunks: int) -> dict[str, Any]:
    total = sum(sizes.values()) / chunks
    return {
        "bytes_a_chunk": {name: size / chunks for name, size in sizes.items()},
        "total_bytes_a_chunk": total,
        "target_bytes_a_chunk": MOST_BYTES,
        "met": total <= MOST_BYTES,
    }


def print_summary(figures: Mapping[str, Any]) -> None:
    """Times, bytes, memory, encoding."""
    configurations = figures["configurations"]
    title = f"Milliseconds a query over LSP, {figures['chunks']:,} chunks"
    times: dict[str, Any] = {}
    for name, one in configurations.items():
        times |= {
            name: one["round_trip"],
            f"{name}, inside the server": one["inside"],
            f"{name}, with evidence": one["with_evidence"]["round_trip"],
        }
    console.print(spreads_table(title, times))
    console.print(_bytes_table(configurations))
    console.print(_memory_table(configurations))
    encoding = figures["encoding"]
    rows: list[list[object]] = [
        [name, f"{rate:.0f}", f"{encoding['share_of'][name]:.2f}" if name in encoding["share_of"] else ""]
        for name, rate in encoding["chunks_per_second"].items()
    ]
    console.print(table("Encoding", ["", "chunks/s", "all outputs reach"], rows))


def _bytes_table(configurations: Mapping[str, Any]) -> Any:
    disks = [one["disk"] for one in configurations.values()]
    kinds = dict.fromkeys(kind for disk in reversed(disks) for kind in disk["bytes_a_chunk"])
    rows: list[list[object]] = [
        [kind, *(f"{disk['bytes_a_chunk'].get(kind, 0):,.0f}" for disk in disks)] for kind in kinds
    ]
    rows.append(["all", *(f"{disk['total_bytes_a_chunk']:,.0f}" for disk in disks)])
    rows.append([f"at most {MOST_BYTES:,}", *(verdict(disk["met"]) for disk in disks)])
    return table("Bytes a chunk on disk", ["", *configurations], rows)


def _memory_table(configurations: Mapping[str, Any]) -> Any:
    rows: list[list[object]] = []
    for name, one in configurations.items():
        rows.append([name, *_memory_cells(one["memory"]), verdict(one["memory"]["met"])])
        if one["memory_after_indexing"]:
            rows.append([f"{name}, after indexing", *_memory_cells(one["memory_after_indexing"]), ""])
    columns = ["", "resident", "of it files", "peak", "with workers, shared once", f"at most {MOST_MIB}"]
    return table("Memory of the server, MiB", columns, rows)


def _memory_cells(memory: Mapping[str, Any]) -> list[str]:
    server = memory["server"]
    together = sum(process["share_mib"] for process in (server, *memory["workers"]))
    figures = (server["resident_mib"], server["files_mib"], server["peak_mib"], together)
    return [f"{value:.0f}" for value in figures]


if __name__ == "__main__":
    main()
