"""`indexctl idmap-export`: which row of which FAISS index holds which chunk, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from codeintel.cli.console import say
from codeintel.cli.documents import print_document
from codeintel.cli.figures import counted
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options


@click.command("idmap-export")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@common_options
def idmap_export(surface: Surface, out: Path) -> None:
    """Write which vector belongs to which chunk to OUT.

    A row has uri, faiss_row, faiss_id, chunk_id and source (primary or secondary).
    The ending decides the form: .parquet, .csv or .jsonl.

    \b
    indexctl idmap-export idmap.parquet
    """
    with opened(surface, readonly=True) as service:
        rows = service.export_idmap(out)
    if not surface.for_people:
        print_document({"path": str(out), "rows": rows}, surface.format)
    elif not surface.quiet:
        say(f"{counted(rows, 'row')} written to {out}")
