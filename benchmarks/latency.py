"""How fast a query is answered in a workspace of 20,000 chunks, through the real server, and what that takes.

Every query is asked once, so none finds its vector in the cache. Also: from the start of a process to its first
answer on an index that exists, and the memory of the server and of its worker processes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from benchmarks.arguments import Places, parser, places_of
from benchmarks.corpora import read_repositories
from benchmarks.live_server import until
from benchmarks.metrics import percentile
from benchmarks.mixed_workspace import assemble
from benchmarks.processes import descendants, memory_of
from benchmarks.reporting import console, table, write_result
from benchmarks.workspaces import settings_with
from codeintel.catalog.folder import FOLDER_NAME
from codeintel.cli.stdio import RefusedError, StdioServer
from codeintel.errors import QueryError
from codeintel.options import NO_CACHE
from codeintel.service import SearchRequest, Service

NAME = "latency"
CHUNKS = 20_000
LIMIT = 10
STARTS = 5
INDEX_TIMEOUT_S = 1_800.0
POLL_S = 0.5
INVALID_PARAMS = -32602

Ask = Callable[[str], object]
Settings = Mapping[str, object]
"""As an editor gives them at the start: groups of options."""


class Server(StdioServer):
    """The server on one folder, as an editor starts it, with the editor's settings."""

    def __init__(self, folder: Path, log: IO[bytes], settings: Settings) -> None:
        super().__init__(lambda _method, _params: None, log)
        self.request("initialize", _initialize(folder, settings))
        self.notify("initialized", {})

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def search(self, query: str, explain: bool) -> Any:
        """The result of codeintel/search."""
        return self.request("codeintel/search", {"query": query, "limit": LIMIT, "explain": explain})

    def wait_until_complete(self) -> Any:
        """The status of the only root once both tiers are complete, all outputs there, and nothing is being done."""
        deadline = time.monotonic() + INDEX_TIMEOUT_S
        while time.monotonic() < deadline:
            status = self.request("codeintel/status", {})
            (root,) = status["roots"]
            reached = {root["meaning"], *root["outputs"].values()}
            if status.get("stage") is None and root["chunks"] and reached == {root["chunks"]}:
                return root
            time.sleep(POLL_S)
        raise TimeoutError(f"the index is not complete after {INDEX_TIMEOUT_S:.0f} s")

    def is_structured(self) -> bool:
        """Whether the structure tier has reached every document of the only root, and nothing is being done."""
        status = self.request("codeintel/status", {})
        (root,) = status["roots"]
        return status.get("stage") is None and root["structured"] == root["documents"]

    def memory(self) -> dict[str, Any]:
        """The memory of the server, and of each process that it started."""
        workers = [memory_of(pid) for pid in descendants(self.pid)]
        return {
            "server": asdict(memory_of(self.pid)),
            "workers": [asdict(worker) for worker in workers],
        }


def main() -> None:
    """Measure, print, write."""
    run(places_of(parser(__doc__ or "").parse_args()))


def run(places: Places) -> None:
    """Assemble the workspace, index it through the server, ask; about 4 minutes, most of it encoding."""
    repositories = read_repositories(places.bench)
    queries = list(dict.fromkeys(query.text for repository in repositories for query in repository.queries))
    with places.index_folder() as folder:
        workspace = folder / "mixed-workspace"
        chunks = assemble(repositories, places.corpora, workspace, CHUNKS)
        console.print(f"workspace of {chunks:,} chunks", style="dim", highlight=False)
        figures = {
            "first_session": _first_session(workspace, queries),
            "starts": _starts(workspace, queries[:STARTS]),
            "in_process": _in_process(workspace, queries),
        }
    print_summary(figures)
    write_result(places.results, NAME, figures)


@contextmanager
def serving(workspace: Path, settings: Settings = MappingProxyType({})) -> Iterator[Server]:
    """A server whose log is shown only if something fails."""
    with tempfile.TemporaryFile() as log:
        try:
            with Server(workspace, log, settings) as server:
                yield server
        except Exception:
            log.seek(0)
            console.print(log.read().decode(errors="replace"), markup=False, highlight=False)
            raise


def _first_session(workspace: Path, queries: Sequence[str]) -> dict[str, Any]:
    """Index, then every query once without evidence and once with it, then the memory."""
    existed = (workspace / FOLDER_NAME).exists()
    started = time.monotonic()
    with serving(workspace, {"model": {"cache": NO_CACHE}}) as server:
        root = server.wait_until_complete()
        until(server.is_structured, INDEX_TIMEOUT_S, POLL_S)
        indexed = time.monotonic() - started
        after_indexing = server.memory()
        return {
            "files": root["files"],
            "chunks": root["chunks"],
            "index_bytes": root["sizeBytes"],
            "complete_seconds": None if existed else indexed,
            "search": _timed(lambda query: server.search(query, explain=False), queries),
            "search_with_evidence": _timed(lambda query: server.search(query, explain=True), queries),
            "memory_after_indexing": after_indexing,
            "memory_after_queries": server.memory(),
        }


def _starts(workspace: Path, queries: Sequence[str]) -> dict[str, Any]:
    """From the start of the process to the first answer, the index being there; each start another query."""
    seconds, memories = [], []
    for query in queries:
        started = time.monotonic()
        with serving(workspace) as server:
            answer = server.search(query, explain=True)
            seconds.append(time.monotonic() - started)
            if not answer["hits"] or answer["coverage"]["share"] < 1:
                raise RuntimeError(f"the first answer is not complete: {answer['coverage']}")
            server.wait_until_complete()
            memories.append(server.memory())
    return {
        "runs": len(seconds),
        "median_seconds": statistics.median(seconds),
        "slowest_seconds": max(seconds),
        "memory": memories[-1],
    }


def _in_process(workspace: Path, queries: Sequence[str]) -> dict[str, float]:
    """The same without the server: what searching itself takes."""
    with Service.open([workspace], settings_with(None), readonly=True) as service:
        return _timed(lambda query: service.search(SearchRequest(query, LIMIT, explain=False)), queries)


def _timed(ask: Ask, queries: Sequence[str]) -> dict[str, float]:
    """Percentiles in milliseconds over the queries, which must differ; refused ones are counted apart."""
    taken: list[float] = []
    for query in queries:
        started = time.perf_counter()
        try:
            ask(query)
        except (QueryError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.code != INVALID_PARAMS:
                raise
            continue
        taken.append((time.perf_counter() - started) * 1000)
    return {
        "queries": len(taken),
        "refused": len(queries) - len(taken),
        "p50_ms": percentile(taken, 0.5),
        "p95_ms": percentile(taken, 0.95),
        "max_ms": max(taken),
    }


def _initialize(folder: Path, settings: Settings) -> dict[str, Any]:
    return {
        "processId": os.getpid(),
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {},
        "initializationOptions": dict(settings),
    }


def print_summary(figures: Mapping[str, Any]) -> None:
    """Print times, then memory."""
    session, starts = figures["first_session"], figures["starts"]
    rows = [
        _times("through the server", session["search"]),
        _times("through the server, with evidence", session["search_with_evidence"]),
        _times("in process", figures["in_process"]),
    ]
    title = f"Milliseconds a query, {session['chunks']:,} chunks, {session['search']['queries']} queries"
    console.print(table(title, ["", "p50", "p95", "max"], rows))
    console.print(
        f"process start to first answer, existing index: median {starts['median_seconds']:.2f} s of "
        f"{starts['runs']} starts, slowest {starts['slowest_seconds']:.2f} s"
    )
    if session["complete_seconds"] is not None:
        console.print(f"from nothing to all tiers complete: {session['complete_seconds']:.0f} s")
    memory_rows: list[list[object]] = []
    for moment, memory in (
        ("after indexing and queries", session["memory_after_queries"]),
        ("after starting on an existing index", starts["memory"]),
    ):
        memory_rows.append([f"server, {moment}", *_mib(memory["server"])])
        memory_rows += [
            [f"  process {number}", *_mib(one)] for number, one in enumerate(memory["workers"], 1)
        ]
    console.print(table("Memory, MiB", ["", "resident", "peak"], memory_rows))


def _times(name: str, figures: Mapping[str, float]) -> list[object]:
    return [name, *(f"{figures[part]:.1f}" for part in ("p50_ms", "p95_ms", "max_ms"))]


def _mib(memory: Mapping[str, float]) -> tuple[str, str]:
    return f"{memory['resident_mib']:.0f}", f"{memory['peak_mib']:.0f}"


if __name__ == "__main__":
    main()
