"""Merged occurrences of edited Python files beside what scip-python finds in the edited text, run anew.

`--scip DIR` is that of scip_fast: a folder NAME of Python files and NAME.scip, made of it. Each file gets seeded
edits, one in sixty lines: a comment or a statement more, a line less, a method renamed; an edit after which the text
does not compile is not kept. scip-python is run over a copy of all edited files; nothing is written to DIR.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.arguments import RESULTS
from benchmarks.reporting import console, table, write_result
from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.scip.merging import Occurrence, Rows, merge, occurrences
from codeintel.analysis.scip.reader import read_index
from codeintel.analysis.scip.symbols import is_local
from codeintel.catalog.ids import content_hash
from codeintel.indexing.scip_indexers import IndexerOptions
from codeintel.indexing.scip_refresh import CompiledDocument, refresh_scip
from codeintel.indexing.scip_shadow import SourceDocument, Sources
from codeintel.workspace.decoding import decode
from codeintel.workspace.roots import Root

NAME = "scip_edits"
LINES_AN_EDIT = 60
SEED = 7


def main() -> None:
    """Edit, index anew, merge, compare, print, write; two minutes."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--scip", type=Path, default=os.environ.get("CODEINTEL_SCIP"), metavar="DIR")
    made.add_argument("--project", default="werkzeug", metavar="NAME")
    made.add_argument("--scip-python", default="scip-python", metavar="PROGRAM")
    made.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON goes")
    options = made.parse_args()
    if options.scip is None or not (options.scip / f"{options.project}.scip").is_file():
        raise SystemExit(
            "--scip (or CODEINTEL_SCIP) must name the prepared folder, see benchmarks/README.md."
        )
    folder = Path(options.scip).resolve() / options.project
    before = {
        path.relative_to(folder).as_posix(): decode(path.read_bytes()).text
        for path in sorted(folder.rglob("*.py"))
    }
    chance = random.Random(SEED)
    after = {uri: edited(text, chance) for uri, text in before.items()}
    compiled = {
        uri: (found, infos)
        for uri, found, infos in read_index(options.scip / f"{options.project}.scip", before.get)
    }
    truth = indexed_anew(Root(options.project, folder), after, options.scip_python)
    figures = compare(options.project, before, after, compiled, truth)
    print_figures(figures)
    write_result(options.results, NAME, figures)


def edited(text: str, chance: random.Random) -> str:
    """The text after its edits, each of which left it one that compiles."""
    lines = text.split("\n")
    for _ in range(max(1, len(lines) // LINES_AN_EDIT)):
        candidate = list(lines)
        number = chance.randrange(len(lines))
        indent = " " * (len(lines[number]) - len(lines[number].lstrip()))
        match chance.randrange(4):
            case 0:
                candidate.insert(number, f"{indent}# a comment")
            case 1:
                candidate.insert(number, f"{indent}marker = len(str(1))")
            case 2:
                del candidate[number]
            case _:
                candidate[number] = re.sub(r"\bdef (\w+)\(self", r"def \1_new(self", lines[number])
        if compiles("\n".join(candidate)):
            lines = candidate
    return "\n".join(lines)


def compiles(text: str) -> bool:
    """Whether it is Python."""
    try:
        compile(text, "edited", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def indexed_anew(root: Root, texts: Mapping[str, str], program: str) -> dict[str, CompiledDocument]:
    """What scip-python finds in these texts."""
    documents = [SourceDocument(uri, "python", content_hash(text.encode())) for uri, text in texts.items()]
    found: dict[str, CompiledDocument] = {}

    def take(document: CompiledDocument) -> None:
        found[document.uri] = document

    (run,) = refresh_scip(root, Sources(documents, texts.get), take, IndexerOptions({"scip-python": program}))
    if run.error is not None:
        raise SystemExit(str(run.error))
    return found


def compare(
    project: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    compiled: Mapping[str, Rows],
    truth: Mapping[str, CompiledDocument],
) -> dict[str, Any]:
    """By role: symbols that are not local, and how many of them ours alone and the merged rows have right."""
    counts: dict[str, Counter[str]] = {"definition": Counter(), "reference": Counter()}
    spent = []
    for uri in sorted(truth.keys() & compiled.keys()):
        ours = occurrences_of(uri, after[uri], language_of(uri, after[uri]), project)
        began = time.process_time()
        merged, _ = merge(ours, compiled[uri], before[uri], after[uri])
        spent.append((time.process_time() - began) * 1_000)
        now, alone = _by_place(merged), _by_place(ours[0])
        for row in occurrences(truth[uri].occurrences):
            if not is_local(row.symbol):
                count = counts["definition" if row.defines else "reference"]
                count["all"] += 1
                count["ours"] += _names(alone.get(row.span), row)
                count["merged"] += _names(now.get(row.span), row)
                if (there := now.get(row.span)) is not None and there.origin == "scip":
                    count["carried"] += 1
                    count["carried_right"] += _names(there, row)
    return {
        "project": project,
        "documents": len(spent),
        "counts": counts,
        "merge_ms": [statistics.median(spent), max(spent)],
    }


def _by_place(columns: dict[str, list[Any]]) -> dict[tuple[int, int], Occurrence]:
    return {row.span: row for row in occurrences(columns)}


def _names(found: Occurrence | None, row: Occurrence) -> bool:
    return found is not None and found.symbol == row.symbol


def print_figures(figures: Mapping[str, Any]) -> None:
    """A line for each role."""
    rows = [
        [
            role,
            count["all"],
            count["ours"] / count["all"],
            count["merged"] / count["all"],
            count["carried"] / count["all"],
            count["carried_right"] / count["carried"],
        ]
        for role, count in figures["counts"].items()
    ]
    title = f"{figures['project']}, {figures['documents']} edited files, beside scip-python run anew"
    columns = ["role", "symbols", "ours alone", "merged", "carried over", "of these right"]
    console.print(table(title, columns, rows))
    middle, most = figures["merge_ms"]
    console.print(f"merging: median {middle:.1f} ms a file, at most {most:.1f} ms")


if __name__ == "__main__":
    main()
