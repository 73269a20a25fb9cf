"""`definition` and `references` from the merged rows beside scip-python's own index, and what an answer costs.

`--scip DIR` holds for each project a folder NAME of its Python files and NAME.scip, as for scip_fast. Each is indexed,
the index of the compiler is read as any index.scip in a workspace is, and sampled occurrences are asked about. With
`--corpora` the same is timed in a workspace of 20,000 chunks, which no compiler has seen.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS
from benchmarks.metrics import percentile
from benchmarks.reporting import console, table, write_result
from codeintel.analysis.scip.reader import read_index
from codeintel.catalog.occurrence_rows import OccurrenceRow, OccurrenceRows
from codeintel.search.positions import Location
from codeintel.service import Service
from codeintel.settings import Settings, from_flags
from codeintel.tiers import Tier
from codeintel.workspace.decoding import decode

NAME = "navigation"
PROJECTS = ("scrapy", "werkzeug")
SAMPLE = 500
SEED = 20
CHUNKS = 20_000
DEFINITION = 1
LOCAL = "local "

COUNTS = ("equal", "equal_where_compiled", "missing", "more")

Place = tuple[str, int, int]
"""A document, and UTF-16 positions of a range as one number each: line * 2**20 + character."""
Asked = Callable[[Path, tuple[int, int]], list[Location]]


@dataclass(slots=True)
class Compiled:
    """A compiler's index by symbol (with the document, for local ones): every place, and those that define."""

    occurrences: list[tuple[str, str, Place]] = field(default_factory=list)
    named: dict[tuple[str, str], set[Place]] = field(default_factory=lambda: defaultdict(set))
    defined: dict[tuple[str, str], set[Place]] = field(default_factory=lambda: defaultdict(set))
    symbols_at: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def key(self, uri: str, symbol: str) -> tuple[str, str]:
        """A local symbol means something in its document alone."""
        return (uri if symbol.startswith(LOCAL) else "", symbol)

    def places(self, found: Mapping[tuple[str, str], set[Place]], place: Place) -> set[Place]:
        """The places of every symbol that stands at a place."""
        return set().union(*(found[self.key(place[0], symbol)] for symbol in self.symbols_at[place]))


def main() -> None:
    """Compare, time, print, write; a few minutes."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--scip", type=Path, default=os.environ.get("CODEINTEL_SCIP"), metavar="DIR")
    made.add_argument("--bench", type=Path, default=os.environ.get("CODEINTEL_BENCH"), metavar="DIR")
    made.add_argument("--corpora", type=Path, default=os.environ.get("CODEINTEL_CORPORA"), metavar="DIR")
    made.add_argument("--indexes", type=Path, metavar="DIR", help="keep workspaces and their indexes there")
    made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    options = made.parse_args()
    if options.scip is None or not all((options.scip / f"{name}.scip").is_file() for name in PROJECTS):
        raise SystemExit(
            "--scip (or CODEINTEL_SCIP) must name the prepared folder, see benchmarks/README.md."
        )
    with _kept_or_temporary(options.indexes) as folder:
        figures: dict[str, Any] = {name: compare(options.scip, name, folder / name) for name in PROJECTS}
        print_agreement(figures)
        if options.corpora is not None and options.bench is not None:
            figures["large"] = measure_large(options.bench, options.corpora, folder / "mixed-workspace")
        print_times(figures)
    write_result(options.results, NAME, figures)


def compare(folder: Path, project: str, workspace: Path) -> dict[str, Any]:
    """How many of the sampled occurrences have the compiler's own definitions and references, and the times."""
    if not workspace.exists():
        shutil.copytree(folder / project, workspace)
        shutil.copyfile(folder / f"{project}.scip", workspace / "index.scip")
    with Service.open([workspace], settings()) as service:
        service.index(until=Tier.STRUCTURE)
        service.refresh_scip()
    compiled = read_compiled(folder / project, folder / f"{project}.scip")
    sample = random.Random(SEED).sample(compiled.occurrences, SAMPLE)
    with Service.open([workspace], settings(), readonly=True) as service:
        service.load_structure()
        places = compiled.symbols_at.keys()
        definition, spent_on_definitions = _compared(
            service.definitions,
            workspace,
            sample,
            lambda place: compiled.places(compiled.defined, place),
            places,
        )
        references, spent_on_references = _compared(
            _with_definitions(service),
            workspace,
            sample,
            lambda place: compiled.places(compiled.named, place),
            places,
        )
    return {
        "documents": len({uri for uri, _, _ in compiled.occurrences}),
        "sampled": len(sample),
        "local": sum(symbol.startswith(LOCAL) for _, symbol, _ in sample),
        "definition": definition,
        "references": references,
        "definition_ms": spent_on_definitions,
        "references_ms": spent_on_references,
    }


def read_compiled(folder: Path, index: Path) -> Compiled:
    """The compiler's occurrences of the texts in a folder, empty ranges left out: no caret stands in one."""
    texts: dict[str, str | None] = {}

    def text_of(uri: str) -> str | None:
        if uri not in texts:
            path = folder / uri
            texts[uri] = decode(path.read_bytes()).text if path.is_file() else None
        return texts[uri]

    compiled = Compiled()
    for uri, columns, _ in read_index(index, text_of):
        names = ("symbol", "roles", "start_line", "start_character", "end_line", "end_character")
        for symbol, roles, *span in zip(*(columns[name] for name in names), strict=True):
            place = _place(uri, *span)
            key = compiled.key(uri, symbol)
            compiled.named[key].add(place)
            compiled.symbols_at[place].add(symbol)
            if roles & DEFINITION:
                compiled.defined[key].add(place)
            if place[1] != place[2]:
                compiled.occurrences.append((uri, symbol, place))
    return compiled


def measure_large(bench: Path, corpora: Path, workspace: Path) -> dict[str, Any]:
    """Times in a large workspace of many languages, over sampled occurrences that are not local."""
    from benchmarks.corpora import read_repositories
    from benchmarks.mixed_workspace import assemble

    chunks = assemble(read_repositories(bench), corpora, workspace, CHUNKS)
    with Service.open([workspace], settings()) as service:
        service.index(until=Tier.STRUCTURE)
    with Service.open([workspace], settings(), readonly=True) as service:
        service.load_structure()
        sample = list(_sampled_occurrences(service, random.Random(SEED)))
        asked = _with_definitions(service)
        return {
            "chunks": chunks,
            "sampled": len(sample),
            "definition_ms": _timed(service.definitions, workspace, sample),
            "references_ms": _timed(asked, workspace, sample),
        }


def _sampled_occurrences(service: Service, chance: random.Random) -> Iterator[OccurrenceRow]:
    (index,) = service._indexes
    uris = [file.row.uri for file in index.snapshot.chunks.files() if file.chunks]
    for uri in chance.choices(uris, k=SAMPLE):
        found = index.rows_of("scip_occurrences", [uri])
        rows = [row for row in OccurrenceRows(found) if not row.is_local] if found is not None else []
        if rows:
            yield chance.choice(rows)


def _compared(
    ask: Asked,
    workspace: Path,
    sample: Sequence[tuple[str, str, Place]],
    expected: Callable[[Place], set[Place]],
    compiled: AbstractSet[Place],
) -> tuple[dict[str, Any], dict[str, float]]:
    """`equal_where_compiled` passes over places of which the compiler says nothing: code that it never reaches."""
    counts = dict.fromkeys(COUNTS, 0)
    taken, spent, differing = [], [], []
    for uri, symbol, place in sample:
        began, working = time.perf_counter(), time.process_time()
        found = ask(workspace / uri, divmod(place[1], 1 << 20))
        taken.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.process_time() - working))
        answer = {_place(one.uri, *one.start, *one.end) for one in found}
        wanted = expected(place)
        counts["equal"] += answer == wanted
        counts["equal_where_compiled"] += answer & compiled == wanted
        counts["missing"] += bool(wanted - answer)
        counts["more"] += bool(answer - wanted)
        if answer != wanted:
            line, character = divmod(place[1], 1 << 20)
            differing.append(
                f"{uri}:{line + 1}:{character + 1} {symbol} -{len(wanted - answer)} +{len(answer - wanted)}"
            )
    return {**counts, "differing": differing}, _percentiles(taken, spent)


def _timed(ask: Asked, workspace: Path, sample: Sequence[OccurrenceRow]) -> dict[str, float]:
    taken, spent = [], []
    for row in sample:
        began, working = time.perf_counter(), time.process_time()
        ask(workspace / row.uri, (row.start_line, row.start_character))
        taken.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.process_time() - working))
    return _percentiles(taken, spent)


def _percentiles(taken: list[float], spent: list[float]) -> dict[str, float]:
    """Wall time, and the processor time of it: on a machine that does other things the two differ."""
    return {
        "p50": percentile(taken, 0.5),
        "p95": percentile(taken, 0.95),
        "p50_processor": percentile(spent, 0.5),
        "p95_processor": percentile(spent, 0.95),
    }


def _with_definitions(service: Service) -> Asked:
    return lambda path, at: service.references(path, at, with_definitions=True)


def _place(uri: str, *span: int) -> Place:
    return uri, span[0] * (1 << 20) + span[1], span[2] * (1 << 20) + span[3]


def settings() -> Settings:
    """No encoder, and no indexer but the index that is there."""
    options = {"index.tier": "structure", "scip.python_command": "none", "scip.typescript_command": "none"}
    return Settings.resolve([from_flags(options)])[0]


@contextmanager
def _kept_or_temporary(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="codeintel-benchmark-") as made:
        yield Path(made).resolve()


def print_agreement(figures: Mapping[str, Any]) -> None:
    """A line for each project and question, and every sampled occurrence whose answer is another one."""
    rows = [
        [f"{name}, {what}", figures[name]["sampled"], *(figures[name][what][count] for count in COUNTS)]
        for name in PROJECTS
        for what in ("definition", "references")
    ]
    console.print(
        table(
            "Answers beside scip-python's", ["", "sampled", *(one.replace("_", " ") for one in COUNTS)], rows
        )
    )
    for name in PROJECTS:
        for what in ("definition", "references"):
            for line in figures[name][what]["differing"]:
                console.print(f"{name}, {what}: {line}", markup=False, highlight=False)


def print_times(figures: Mapping[str, Any]) -> None:
    """A line for each workspace and question."""
    rows = [
        [f"{name}, {what}", *figures[name][f"{what}_ms"].values()]
        for name in figures
        for what in ("definition", "references")
    ]
    columns = ["", "p50", "p95", "p50 of a processor", "p95 of a processor"]
    console.print(table("Milliseconds an answer", columns, rows))


if __name__ == "__main__":
    main()
