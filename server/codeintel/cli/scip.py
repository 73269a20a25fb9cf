"""`indexctl scip`: have compilers' indexers tell what each name means, and see which of them are there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table
from rich.text import Text

from codeintel.cli.console import line, say, shown, stdout_console
from codeintel.cli.documents import print_documents
from codeintel.cli.failures import NOTHING_FOUND, TROUBLE
from codeintel.cli.figures import counted, duration
from codeintel.cli.opening import bring_up_to_date, opened
from codeintel.cli.options import Surface, common_options
from codeintel.cli.progress import progress_bars, stoppable
from codeintel.tiers import Tier

if TYPE_CHECKING:
    from codeintel.indexing.scip_refresh import IndexerRun
    from codeintel.indexing.scip_status import ScipStatus
    from codeintel.workspace.roots import Root

LABEL_WIDTH: Final = 15
"""The longest name of an indexer that we run."""

Runs = Sequence[tuple["Root", "IndexerRun"]]


@click.group()
def scip() -> None:
    """Use what compilers know of the code.

    That is, indexers that are installed, and index.scip files in the workspace.

    \b
    indexctl scip status
    indexctl scip refresh
    """


@scip.command()
@common_options
@click.pass_context
def refresh(ctx: click.Context, surface: Surface) -> None:
    """Run the indexers and take over what they found.

    scip-python and scip-typescript run where they are installed, over a copy of the indexed files;
    index.scip files that other indexers left in the workspace are read. It takes minutes, and Ctrl-C stops
    it. Exit code 1 means that no indexer has anything to do here, 3 that every one failed.

    \b
    indexctl scip refresh
    """
    with stoppable() as stopped, opened(surface, readonly=False) as service:
        bring_up_to_date(service, surface, stopped, until=Tier.STRUCTURE)
        with progress_bars(surface.quiet) as report:
            runs = service.refresh_scip(report, stopped)
        service.publish_views()
    if not surface.for_people:
        print_documents((_run_document(root, run) for root, run in runs), surface.format)
    elif runs:
        stdout_console().print(_runs_table(runs))
    for root, run in runs:
        if run.error is not None and surface.for_people:
            say(f"{root.name}, {run.indexer}: {run.error}", "yellow")
    if not runs:
        say("There is nothing here that an indexer reads, and no index.scip.")
        ctx.exit(NOTHING_FOUND)
    if all(run.error is not None for _, run in runs):
        ctx.exit(TROUBLE)


@scip.command()
@common_options
def status(surface: Surface) -> None:
    """Show which indexers are installed, which index.scip files there are, and what they have told.

    \b
    indexctl scip status
    """
    with opened(surface, readonly=True) as service:
        found = service.scip_status()
    if surface.for_people:
        for text in _status_lines(found):
            stdout_console().print(text)
    else:
        print_documents(map(_status_document, found), surface.format)


def _runs_table(runs: Runs) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("folder", "indexer", "given", "taken over", "time", ""):
        table.add_column(name, justify="right" if name in ("given", "taken over", "time") else "left")
    for root, run in runs:
        table.add_row(
            line(root.name, "bold cyan"),
            shown(run.indexer),
            f"{run.copied:,}",
            f"{run.documents:,}",
            duration(run.seconds),
            Text("failed", "red") if run.error else Text("done", "green"),
        )
    return table


def _run_document(root: Root, run: IndexerRun) -> dict[str, Any]:
    return {
        "root": root.name,
        "indexer": run.indexer,
        "copied": run.copied,
        "documents": run.documents,
        "seconds": round(run.seconds, 3),
        "error": run.error.message if run.error else None,
        "remedy": run.error.remedy or None if run.error else None,
    }


def _status_lines(statuses: Sequence[ScipStatus]) -> Iterator[Text]:
    for status in statuses:
        yield line(status.root.name, "bold cyan")
        yield _fact(
            "known", f"{status.compiled:,} of {counted(status.documents, 'document')} from a compiler"
        )
        for one in status.programs:
            told = str(one.program) if one.program is not None else f"{one.error}"
            yield _fact(one.name, f"{counted(one.documents, 'document')}, {told}")
        for index in status.found:
            age = duration(max(0.0, time.time() - index.modified))
            told = str(index.error) if index.error else f"{counted(index.documents, 'document')}, {age} old"
            yield _fact(index.tool or "index", f"{index.path.relative_to(status.root.path)}: {told}")


def _fact(label: str, value: str) -> Text:
    return line(f"{label:<{LABEL_WIDTH}} ", "dim").append(shown(value), "not dim")


def _status_document(status: ScipStatus) -> dict[str, Any]:
    return {
        "root": status.root.name,
        "documents": status.documents,
        "compiled": status.compiled,
        "indexers": [
            {
                "name": one.name,
                "documents": one.documents,
                "program": None if one.program is None else str(one.program),
                "error": one.error.message if one.error else None,
                "remedy": one.error.remedy or None if one.error else None,
            }
            for one in status.programs
        ],
        "found": [
            {
                "path": index.path.relative_to(status.root.path).as_posix(),
                "tool": index.tool or None,
                "documents": index.documents,
                "modifiedAt": datetime.fromtimestamp(index.modified).astimezone().isoformat("T", "seconds"),
                "error": index.error.message if index.error else None,
            }
            for index in status.found
        ],
    }
