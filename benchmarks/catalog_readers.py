"""A thousand readings of catalog.duckdb by other processes, while up to forty generations a second are published.

Each generation gives every document as many chunks, and as many nodes, as follows from its number: a reading that mixed
two would not add up. A reader opens the file, asks several tables in one statement, and closes it, as people do. The
file is written by a thread of its own, for the newest generation, as the server does it in quiet moments. What is
published is made beforehand; `publish` is what the store takes for 20 documents, `catalog` what the file takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.catalog_index import Size, generated_index, generated_tables
from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_targets import spread, spreads_table, verdict
from benchmarks.reporting import console
from codeintel.catalog.folder import CATALOG_NAME
from codeintel.catalog.people import PeoplesCatalog
from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store
from codeintel.catalog.views import RootSource

NAME = "catalog_readers"
READINGS, QUICK_READINGS = 1_000, 40
READERS = 2
PER_SECOND = 40
STATES = 7
DOCUMENTS = 20

READER = """
import duckdb, json, sys, time
path, readings = sys.argv[1], int(sys.argv[2])
errors, mixed, taken, generations = [], 0, [], set()
for _ in range(readings):
    began = time.perf_counter()
    try:
        with duckdb.connect(path, read_only=True) as connection:
            chunks, nodes, contents, generation = connection.execute(
                "SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM ast_nodes),"
                " (SELECT count(DISTINCT content_hash) FROM modules), (SELECT generation FROM meta)").fetchone()
        mixed += nodes != chunks * 10 or contents != 20
        generations.add(generation)
    except duckdb.Error as error:
        errors.append(str(error)[:200])
    taken.append((time.perf_counter() - began) * 1000)
print(json.dumps({"errors": errors, "mixed": mixed, "taken": taken, "generations": len(generations)}))
"""


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "").parse_args())


def run(options: argparse.Namespace) -> None:
    """About two minutes."""
    readings = QUICK_READINGS if options.quick else READINGS
    with scratch(options.indexes) as kept:
        figures = measured(kept / "catalog-readers", readings)
    print_summary(figures)
    write_unless_quick(options, NAME, figures)


def measured(folder: Path, readings: int) -> dict[str, Any]:
    """What the readers saw, and what publishing took, milliseconds."""
    with generated_index(folder, _size(0)) as store:
        people = PeoplesCatalog()
        people.publish(_source(store))
        command = [sys.executable, "-c", READER, str(folder / CATALOG_NAME), str(readings // READERS)]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(READERS)]
        stop = threading.Event()
        written: list[float] = []
        threading.Thread(target=_stop_after, args=(readers, stop), daemon=True).start()
        writer = threading.Thread(target=_write_until, args=(stop, store, people, written))
        writer.start()
        began = time.monotonic()
        published = _publish_until(stop, store)
        seconds = time.monotonic() - began
        writer.join()
        seen = [json.loads(reader.communicate()[0]) for reader in readers]
    return {
        "readings": sum(len(one["taken"]) for one in seen),
        "errors": [error for one in seen for error in one["errors"]],
        "mixed": sum(one["mixed"] for one in seen),
        "generations_seen": max(one["generations"] for one in seen),
        "publishes": len(published),
        "publishes_per_second": len(published) / seconds,
        "files": len(written),
        "publish": spread(published),
        "catalog": spread(written),
        "reading": spread([taken for one in seen for taken in one["taken"]]),
    }


def _write_until(stop: threading.Event, store: Store, people: PeoplesCatalog, written: list[float]) -> None:
    while not stop.is_set():
        began = time.perf_counter()
        if people.publish(_source(store)):
            written.append((time.perf_counter() - began) * 1000)
        else:
            time.sleep(0.005)


def _publish_until(stop: threading.Event, store: Store) -> list[float]:
    states = [_state(number) for number in range(STATES)]
    published: list[float] = []
    due = time.monotonic()
    while not stop.is_set():
        texts, structure = states[len(published) % STATES]
        began = time.perf_counter()
        store.publish(texts, structure=structure)
        published.append((time.perf_counter() - began) * 1000)
        if store.needs_gathering:
            store.gather()
        due = max(due + 1 / PER_SECOND, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))
    return published


def _size(number: int) -> Size:
    return Size(DOCUMENTS, number % STATES + 1, (number % STATES + 1) * 10)


def _state(number: int) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    uris = [f"src/package_{n % 97:02d}/module_{n:05d}.py" for n in range(DOCUMENTS)]
    rows = generated_tables(uris, _size(number), str(number))
    texts = {table: found for table, found in rows.items() if TABLES[table].group == "text"}
    return texts, {table: found for table, found in rows.items() if TABLES[table].group == "structure"}


def _source(store: Store) -> RootSource:
    return RootSource("generated", store.folder, store.manifest, {}, {})


def _stop_after(readers: Sequence[subprocess.Popen[str]], stop: threading.Event) -> None:
    for reader in readers:
        reader.wait()
    stop.set()


def print_summary(figures: dict[str, Any]) -> None:
    """Print what was seen and what it took."""
    fine = not figures["errors"] and not figures["mixed"]
    console.print(
        f"{figures['readings']:,} readings of {figures['files']:,} files, of {figures['publishes']:,} generations"
        f" ({figures['publishes_per_second']:.1f} a second): {len(figures['errors'])} errors,"
        f" {figures['mixed']} mixed: {verdict(fine)}",
        highlight=False,
    )
    console.print(
        spreads_table("Milliseconds", {name: figures[name] for name in ("publish", "catalog", "reading")})
    )


if __name__ == "__main__":
    main()
