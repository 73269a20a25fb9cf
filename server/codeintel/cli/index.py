"""`indexctl index`: bring the index up to date, and say what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.text import Text

from codeintel.cli.console import fact, stdout_console
from codeintel.cli.documents import print_document, report_document
from codeintel.cli.failures import TROUBLE
from codeintel.cli.figures import duration
from codeintel.cli.opening import bring_up_to_date, opened
from codeintel.cli.options import Surface, common_options
from codeintel.cli.progress import stoppable
from codeintel.errors import UsageError, WorkspaceError
from codeintel.tiers import Tier

if TYPE_CHECKING:
    from codeintel.indexing.reports import IndexReport

REASONS_SHOWN: Final = 6


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--tier",
    type=click.Choice([tier.name.lower() for tier in Tier]),
    default="meaning",
    show_default=True,
    help="How deep: words and static vectors, the rows of the structure too, or contextual vectors as well.",
)
@click.option("--force", is_flag=True, help="Read every file again, also what looks unchanged.")
@common_options
@click.pass_context
def index(ctx: click.Context, surface: Surface, paths: tuple[Path, ...], tier: str, force: bool) -> None:
    """Index folders; only what changed since is read.

    PATH is a folder to index (in place of --workspace), or files of the workspace to index alone. The text
    tier comes first and is searchable at once; Ctrl-C keeps what is finished.

    \b
    indexctl index
    indexctl index ~/projects/app ~/projects/library
    indexctl index src/app.py
    """
    folders, files = _sorted_out(surface, paths)
    with stoppable() as stopped, opened(surface, readonly=False, folders=folders) as service:
        report = bring_up_to_date(
            service, surface, stopped, until=Tier[tier.upper()], force=force, paths=files or None
        )
        kept = all(root.index_folder for root in service.status().roots)
    if surface.for_people:
        for text in _summary(report):
            stdout_console().print(text)
    else:
        print_document(report_document(report), surface.format)
    if not kept:  # opening has said why: a script must not take this for an index
        ctx.exit(TROUBLE)


def _sorted_out(surface: Surface, paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders that `paths` name as workspaces, and the files; never both."""
    for path in paths:
        if not path.exists():
            raise WorkspaceError(f"There is no file or folder {path}.", "Check the spelling of the path.")
    folders = tuple(path for path in paths if path.is_dir())
    files = tuple(path.resolve() for path in paths if not path.is_dir())
    if folders and (files or surface.named):
        other = "files" if files else "--workspace"
        raise UsageError(
            f"PATH names a folder and there are {other} as well.", "Name one or the other.", "path"
        )
    return folders, files


def _summary(report: IndexReport) -> Iterator[Text]:
    removed = f", {report.removed:,} removed" if report.removed else ""
    yield fact("files", f"{report.files:,} ({report.changed:,} changed{removed})")
    for at, row in enumerate(_skipped_rows(report.skipped)):
        yield fact("" if at else "skipped", row)
    encoded = (
        f"{report.encoded:,} encoded"
        if report.tier is Tier.MEANING
        else f"{report.tier.name.lower()} tier only"
    )
    yield fact("chunks", f"{report.chunks:,} ({encoded})")
    yield fact("time", duration(report.seconds))


def _skipped_rows(skipped: Mapping[str, int]) -> Iterator[str]:
    """The commonest reasons with their counts; figures in brackets differ by file, so they are left out."""
    by_reason: Counter[str] = Counter()
    for reason, count in skipped.items():
        by_reason[reason.partition(" (")[0]] += count
    commonest = by_reason.most_common()
    for reason, count in commonest[:REASONS_SHOWN]:
        yield f"{count:,} {reason}"
    if others := commonest[REASONS_SHOWN:]:
        yield f"{sum(count for _, count in others):,} for other reasons"
