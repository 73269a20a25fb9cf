"""`indexctl views` and `indexctl idmap-views`: what there is to ask in SQL, and how the map of vectors holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from codeintel.cli.console import line, say, stdout_console, write_line
from codeintel.cli.documents import print_documents
from codeintel.cli.failures import TROUBLE
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options

if TYPE_CHECKING:
    from codeintel.catalog.database import ViewShape


@click.command()
@click.option("--sql", "as_sql", is_flag=True, help="Print the statements that make the views.")
@common_options
def views(surface: Surface, as_sql: bool) -> None:
    """List what there is to ask in SQL: views and columns.

    The same views, for any DuckDB client, are in .codeintel/catalog.duckdb, as they were last published.

    \b
    indexctl views
    """
    with opened(surface, readonly=True) as service:
        found = service.tables().views()
    if as_sql:
        for view in found:
            write_line(view.sql)
    elif surface.for_people:
        stdout_console().print(_table(found))
    else:
        print_documents(map(_document, found), surface.format)


@click.command("idmap-views")
@common_options
@click.pass_context
def idmap_views(ctx: click.Context, surface: Surface) -> None:
    """Count chunks with a vector, and vectors astray.

    Exit code 3 means that vectors belong to no chunk, or twice to one place; `indexctl index` mends that.
    faiss_idmap, v_faiss_join and v_idmap_health are the views to look closer.

    \b
    indexctl idmap-views
    """
    with opened(surface, readonly=True) as service:
        found = service.tables().query("FROM v_idmap_health").to_pylist()
    if surface.for_people:
        stdout_console().print(_health_table(found))
    else:
        print_documents(found, surface.format)
    if wrong := [row["root"] for row in found if row["astray"] or row["repeated"]]:
        say(f"The map of vectors of {', '.join(wrong)} is wrong. Run `indexctl index`.", "yellow")
        ctx.exit(TROUBLE)


def _table(found: list[ViewShape]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("view", no_wrap=True)
    table.add_column("columns")
    for view in found:
        table.add_row(line(view.name, "cyan"), ", ".join(name for name, _ in view.columns))
    return table


def _document(view: ViewShape) -> dict[str, Any]:
    return {"name": view.name, "columns": [{"name": name, "type": kind} for name, kind in view.columns]}


def _health_table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("root", "chunks", "mapped", "in_primary", "in_secondary", "unmapped", "astray", "repeated"):
        table.add_column(name, justify="left" if name == "root" else "right")
    for row in found:
        table.add_row(*(line(str(value)) for value in row.values()))
    return table
