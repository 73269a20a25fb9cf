"""`indexctl sql`: a question in SQL over the views of the index, which reads and does nothing else."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from codeintel.cli.console import say, shown, stdout_console, write_line
from codeintel.cli.documents import print_document, print_documents
from codeintel.cli.figures import counted
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options
from codeintel.cli.progress import stoppable

if TYPE_CHECKING:
    from codeintel.catalog.person_sql import SqlAnswer

ROWS = 1_000
SECONDS = 10.0
STDIN = "-"


@click.command()
@click.argument("statement")
@click.option("-n", "--limit", default=ROWS, show_default=True, help="The most rows, 1 to 100,000.")
@click.option(
    "--timeout", default=SECONDS, show_default=True, help="The most seconds that it may take, up to 50."
)
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print comma-separated values, the names of columns first."
)
@common_options
def sql(surface: Surface, statement: str, limit: int, timeout: float, as_csv: bool) -> None:
    """Ask the index with one SELECT of DuckDB's SQL.

    `indexctl views` lists what there is to ask. Nothing else can be read and nothing be written. A STATEMENT
    of - is read from stdin.

    \b
    indexctl sql "SELECT uri, symbols FROM v_module_coverage ORDER BY symbols DESC" -n 5
    """
    text = sys.stdin.read() if statement == STDIN else statement
    with stoppable() as stopped, opened(surface, readonly=True) as service:
        answer = service.sql(text, max_rows=limit, timeout_s=timeout, cancelled=stopped)
    if as_csv:
        _write_csv(answer)
    elif surface.for_people:
        stdout_console().print(_table(answer))
    elif surface.format == "jsonl":
        print_documents((dict(zip(answer.columns, row, strict=True)) for row in answer.rows), "jsonl")
    else:
        print_document(_document(answer), surface.format)
    if answer.truncated and not surface.quiet:
        say(f"Only the first {counted(len(answer.rows), 'row')}: --limit allows more.", "dim")


def _document(answer: SqlAnswer) -> dict[str, Any]:
    return {
        "columns": list(answer.columns),
        "types": list(answer.types),
        "rows": [list(row) for row in answer.rows],
        "truncated": answer.truncated,
        "elapsedMs": round(answer.elapsed_ms, 3),
    }


def _table(answer: SqlAnswer) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in answer.columns:
        table.add_column(shown(name), overflow="fold")
    for row in answer.rows:
        table.add_row(*(shown(_cell(value)) for value in row))
    return table


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _write_csv(answer: SqlAnswer) -> None:
    for row in (answer.columns, *answer.rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row)
        write_line(line.getvalue())
