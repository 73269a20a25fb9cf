"""`indexctl explain`: why a place ranks where it does for a query, or why it does not."""

from __future__ import annotations

from typing import cast

import click

from codeintel.cli.console import stdout_console
from codeintel.cli.documents import explanation_document, print_document
from codeintel.cli.failures import NOTHING_FOUND
from codeintel.cli.opening import opened_for_search
from codeintel.cli.options import QueryCommand, Surface, common_options, words_of
from codeintel.cli.places import PLACE, Place
from codeintel.cli.results import Level, print_explanation


@click.command(cls=QueryCommand)
@click.argument("query")
@click.argument("place", type=PLACE, metavar="PATH:LINE")
@click.option(
    "--depth",
    type=click.Choice(["one", "signals", "full"]),
    default="full",
    show_default=True,
    help="One line, every part of the score, or the evidence and what each channel adds too.",
)
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def explain(
    ctx: click.Context, surface: Surface, query: str, place: Place, depth: str, no_index: bool
) -> None:
    """Show why PATH:LINE ranks where it does for QUERY, or not.

    Exit code 1 means that it is not among the candidates.

    \b
    indexctl explain 'where are retries handled' src/client.py:120
    """
    level = cast(Level, depth)
    with opened_for_search(surface, no_index=no_index) as service:
        explanation = service.explain(words_of((query,)), place.within(service.roots), place.line, level)
        rooted = len(service.roots) > 1
    if surface.for_people:
        print_explanation(stdout_console(), explanation, level, rooted=rooted)
    else:
        print_document(explanation_document(explanation, rooted=rooted), surface.format)
    ctx.exit(0 if explanation.hit else NOTHING_FOUND)
