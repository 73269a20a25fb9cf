"""`indexctl similar`: code like that at a place."""

from __future__ import annotations

import click

from codeintel.cli.console import stdout_console
from codeintel.cli.documents import answer_document, print_document
from codeintel.cli.failures import NOTHING_FOUND
from codeintel.cli.opening import limit_of, opened_for_search
from codeintel.cli.options import Surface, common_options
from codeintel.cli.places import PLACE, Place
from codeintel.cli.results import print_answer


@click.command()
@click.argument("place", type=PLACE, metavar="PATH:LINE")
@click.option("-n", "--limit", type=int, help="The most hits, 1 to 1000.  [default: search.limit, 10]")
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def similar(ctx: click.Context, surface: Surface, place: Place, limit: int | None, no_index: bool) -> None:
    """Find code like that at PATH:LINE, which is left out.

    \b
    indexctl similar src/client.py:120
    """
    with opened_for_search(surface, no_index=no_index) as service:
        answer = service.similar(place.within(service.roots), place.line, limit_of(surface, limit))
        rooted = len(service.roots) > 1
    if surface.for_people:
        print_answer(stdout_console(), answer, "one", rooted=rooted)
    else:
        print_document(answer_document(answer, rooted=rooted), surface.format)
    ctx.exit(0 if answer.hits else NOTHING_FOUND)
