"""How soon the structure of what was typed and saved is in the views, in a workspace of 20,000 chunks.

A function with a name like no other is written into Python files of 500 lines. The views are asked again and again, in
the server's process, whether occurrences, syntax nodes and concrete nodes are those of the new text; a query's own time
is in the figure, and stands beside. What each moment means is told in README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.arguments import places_of
from benchmarks.live_arguments import live_parser, scratch, write_unless_quick
from benchmarks.live_server import until
from benchmarks.live_sources import Words
from benchmarks.live_targets import Target, spread, spreads_table
from benchmarks.live_workspace import prepare
from benchmarks.reporting import console
from benchmarks.workspaces import settings_with
from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.scheduler import Scheduler
from codeintel.service import Service, Tier

NAME = "live_structure"
SEED = 20_261_124
EDITS, SAVES, QUICK = 60, 60, 6
GIVE_UP_S = 30.0
REST_S = 1.2  # until what was saved is on disk, and the machine at rest

VIEWS = Target(p95=250)
PARQUET = Target(p95=1_500)

TABLES = ("scip_occurrences", "ast_nodes", "cst_nodes")
SHOWN = """
SELECT (SELECT count(*) FROM scip_occurrences WHERE uri = $uri AND name = $word) > 0
   AND (SELECT count(*) FROM ast_nodes WHERE uri = $uri AND symbol = $word) > 0
   AND coalesce((SELECT max(end_byte) FROM cst_nodes WHERE uri = $uri AND NOT stale), 0) = $size AS shown
"""


class Typist:
    """Writes functions into one file, in the editor and on disk."""

    def __init__(self, scheduler: Scheduler, path: Path, words: Words, chance: random.Random) -> None:
        self._scheduler, self._words, self._chance = scheduler, words, chance
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    def type(self) -> str:
        """Type a function at a random place between two others; its name."""
        places = [at for at in range(len(self.text)) if self.text.startswith("\n\ndef ", at)]
        place, word = self._chance.choice(places), self._words.new()
        self.text = f"{self.text[:place]}\n\ndef {word}(n):\n    return n\n{self.text[place:]}"
        self._scheduler.edited(self.path, self.text)
        return word

    def save(self) -> None:
        """Write what was typed, as an editor that then says so."""
        self.path.write_text(self.text, encoding="utf-8")
        self._scheduler.touched([self.path])


def main() -> None:
    """Measure, print, write."""
    run(live_parser(__doc__ or "", with_corpora=True).parse_args())


def run(options: argparse.Namespace) -> None:
    """About 5 minutes, and as many again where the workspace has no structure yet."""
    places = places_of(options)
    with scratch(places.indexes) as kept:
        workspace = prepare(kept, places.bench, places.corpora, doomed=0, quick=options.quick)
        settings = settings_with(None, Tier.STRUCTURE)
        with Service.open([workspace.folder], settings) as service:
            scheduler = Scheduler(service)
            scheduler.start()
            try:
                scheduler.whole().result()
                chunks = service.coverage().chunks
                measured = _measured(service, scheduler, workspace.edited[".py"], options.quick)
            finally:
                scheduler.close()
    figures = {"chunks": chunks, "measures": measured}
    console.print(spreads_table(f"Milliseconds, {chunks:,} chunks", measured))
    write_unless_quick(options, NAME, figures)


def _measured(service: Service, scheduler: Scheduler, paths: list[Path], quick: bool) -> dict[str, Any]:
    chance, words = random.Random(SEED), Words(SEED)
    typists = [Typist(scheduler, path, words, chance) for path in paths]
    root = service.roots[0].path

    def is_shown(typist: Typist, word: str) -> bool:
        given = {
            "uri": typist.path.relative_to(root).as_posix(),
            "word": word,
            "size": len(typist.text.encode()),
        }
        return bool(service.tables().query(SHOWN, given)["shown"][0].as_py())

    alone = [_milliseconds(lambda: is_shown(typists[0], words.new())) for _ in range(QUICK if quick else 40)]
    typed, saved, kept = [], [], []
    for _ in range(QUICK if quick else EDITS):
        typist, began = chance.choice(typists), time.perf_counter()
        word = typist.type()
        until(lambda: is_shown(typist, word), GIVE_UP_S)  # noqa: B023 (called at once)
        typed.append((time.perf_counter() - began) * 1000)
        time.sleep(REST_S)
    for typist in typists:  # from here on nothing is open: a save is all that the server learns
        typist.save()
        scheduler.closed(typist.path)
    until(lambda: scheduler.idle, GIVE_UP_S, 0.05)
    for _ in range(QUICK if quick else SAVES):
        typist = chance.choice(typists)
        word = typist.type()
        scheduler.closed(typist.path)
        until(lambda: scheduler.idle, GIVE_UP_S, 0.05)
        published, began = _Published(root), time.perf_counter()
        typist.save()
        until(lambda: is_shown(typist, word), GIVE_UP_S)  # noqa: B023
        saved.append((time.perf_counter() - began) * 1000)
        uri = typist.path.relative_to(root).as_posix()
        until(lambda: published.has(uri, word), GIVE_UP_S, 0.005)  # noqa: B023
        kept.append((time.perf_counter() - began) * 1000)
        time.sleep(REST_S)
    return {
        "the query alone": spread(alone),
        "typed, in the views": spread(typed, VIEWS),
        "saved, in the views": spread(saved, VIEWS),
        "saved, in Parquet parts": spread(kept, PARQUET),
    }


def _milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


class _Published:
    """Whether parts of every table have what was saved, read as anybody can."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / FOLDER_NAME
        self._missing = dict.fromkeys(TABLES)
        self._known = set(self._parts())

    def has(self, uri: str, word: str) -> bool:
        """Whether each table has a new part with the document, that of occurrences with the word."""
        for table, name in self._parts():
            if (table, name) in self._known or table not in self._missing:
                continue
            self._known.add((table, name))
            named = ["name"] if table == "scip_occurrences" else []
            rows = pq.read_table(self._folder / table / name, columns=["uri", *named]).to_pylist()
            if any(row["uri"] == uri and row.get("name", word) == word for row in rows):
                del self._missing[table]
        return not self._missing

    def _parts(self) -> list[tuple[str, str]]:
        manifest = json.loads((self._folder / MANIFEST_NAME).read_bytes())["manifest"]
        return [(part["table"], part["name"]) for part in manifest["parts"]]


if __name__ == "__main__":
    main()
