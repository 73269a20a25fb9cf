"""`indexctl gc`: give back the room that superseded parts of the index take."""

from __future__ import annotations

from dataclasses import asdict

import click

from codeintel.cli.console import fact, stdout_console
from codeintel.cli.documents import print_document
from codeintel.cli.figures import counted, size
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options
from codeintel.cli.progress import stoppable


@click.command()
@common_options
def gc(surface: Surface) -> None:
    """Give back the room that superseded parts of the index take.

    What gathered since the last time is folded in, and files that nothing needs any more are removed. The server does
    the same in quiet moments; this is for before a backup, or when room is short. Files that a reader
    of an earlier state may still need stay for a minute.

    \b
    indexctl gc
    """
    with stoppable() as stopped, opened(surface, readonly=False) as service:
        freed = service.reclaim(stopped)
    if surface.for_people:
        stdout_console().print(fact("removed", f"{counted(freed.files, 'file')}, {size(freed.bytes)}"))
        stdout_console().print(fact("index", size(freed.left)))
    else:
        print_document(asdict(freed), surface.format)
