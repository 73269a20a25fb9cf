"""`indexctl check`: whether the index on disk is what it says it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.table import Table

from codeintel.cli.console import line, shown, stdout_console
from codeintel.cli.documents import finding_document, print_documents
from codeintel.cli.failures import TROUBLE
from codeintel.cli.opening import settings_of
from codeintel.cli.options import Surface, common_options

if TYPE_CHECKING:
    from codeintel.catalog.check import Finding


@click.command()
@common_options
@click.pass_context
def check(ctx: click.Context, surface: Surface) -> None:
    """Compare every part of the index with its checksum.

    Exit code 3 means that something is wrong; each finding says what to do. Warnings are what the next change mends.

    \b
    indexctl check
    """
    from codeintel.indexing.index_folders import check_indexes

    findings = check_indexes(surface.folders, settings_of(surface.folders)[0])
    if surface.for_people:
        stdout_console().print(_table(findings) if findings else "[green]✓[/] the index is whole")
    else:
        print_documents(map(finding_document, findings), surface.format)
    ctx.exit(TROUBLE if any(finding.severity == "error" for finding in findings) else 0)


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("artifact", overflow="fold")
    table.add_column("problem")
    table.add_column("remedy")
    for finding in findings:
        style = "red" if finding.severity == "error" else "yellow"
        table.add_row(line(finding.artifact, style), shown(finding.problem), shown(finding.remedy))
    return table
