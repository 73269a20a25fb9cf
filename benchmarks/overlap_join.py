"""How long DuckDB takes to join 20,000 chunks with two million syntax nodes by overlap, through the server's views.

The rows are generated: 2,000 documents of 10 chunks and 1,000 nodes, in about 20 parts a table, after 40 saves that
superseded rows in them. `per chunk` also counts the nodes of each chunk, as a join option does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.catalog_index import Size, generated_index, generated_tables
from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.reporting import console
from codeintel.catalog.chunk_query import NO_FILTER, QueryOptions
from codeintel.catalog.database import Database
from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store
from codeintel.catalog.views import RootSource

NAME = "overlap_join"
FULL, QUICK = Size(2_000, 10, 1_000), Size(200, 10, 100)
SAVES, RUNS, QUICK_RUNS = 40, 30, 3
TARGET = Target(p50=300)

OVERLAP = "SELECT count(*) FROM v_chunk_ast"
PER_CHUNK = "SELECT root, chunk_id, count(*) FROM v_chunk_ast GROUP BY ALL"
ONE_DOCUMENT = "SELECT count(*) FROM v_chunk_ast WHERE uri = 'src/package_05/module_00005.py'"


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About half a minute."""
    size, runs = (QUICK, QUICK_RUNS) if options.quick else (FULL, RUNS)
    with scratch(options.indexes) as kept:
        figures = measured(kept / "overlap-join", size, runs)
    console.print(spreads_table("Milliseconds", figures["times"]))
    console.print(f"connecting and making all views: {figures['bootstrap_ms']:.0f} ms", highlight=False)
    write_unless_quick(options, NAME, figures)


def measured(folder: Path, size: Size, runs: int) -> dict[str, Any]:
    """What each question took, in milliseconds."""
    with generated_index(folder, size) as store:
        _save(store, size)
        database = Database()
        database.refresh([RootSource("generated", store.folder, store.manifest, {}, {})])
        questions: Mapping[str, Callable[[], object]] = {
            "overlap": lambda: database.query(OVERLAP),
            "per chunk": lambda: database.query(PER_CHUNK),
            "join_ast": lambda: database.chunks(QueryOptions(join_ast=True), NO_FILTER),
            "one document": lambda: database.query(ONE_DOCUMENT),
        }
        times = {name: _times(ask, runs) for name, ask in questions.items()}
        rows = {table: database.query(f"FROM {table}").num_rows for table in ("chunks", "ast_nodes")}
        overlaps = database.query(OVERLAP).to_pylist()[0]
        database.close()
    return {
        "rows": {**rows, "overlaps": next(iter(overlaps.values()))},
        "parts": {table: len(store.manifest.of(table)) for table in rows},
        "bootstrap_ms": database.bootstrap_ms,
        "times": {
            name: spread(taken, TARGET if name == "overlap" else None) for name, taken in times.items()
        },
    }


def _save(store: Store, size: Size) -> None:
    for number in range(SAVES):
        place = number * 41 % size.documents
        uri = f"src/package_{place % 97:02d}/module_{place:05d}.py"
        rows = generated_tables([uri], size, f"save {number}")
        texts = {table: found for table, found in rows.items() if TABLES[table].group == "text"}
        structure = {table: found for table, found in rows.items() if TABLES[table].group == "structure"}
        store.publish(texts, structure=structure)
        if store.needs_gathering:
            store.gather()


def _times(ask: Callable[[], object], runs: int) -> list[float]:
    taken = []
    for number in range(runs + 1):
        began = time.perf_counter()
        ask()
        if number:  # the first warms the system's cache
            taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    main()
