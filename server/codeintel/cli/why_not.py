"""`indexctl why-not`: what became of something that was expected among the hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from codeintel.cli.console import shown, stdout_console
from codeintel.cli.documents import print_document, why_not_document
from codeintel.cli.failures import NOTHING_FOUND
from codeintel.cli.opening import limit_of, opened_for_search
from codeintel.cli.options import QueryCommand, Surface, common_options, words_of
from codeintel.cli.places import PLACE_OR_FILE, WHOLE_FILE, Place
from codeintel.cli.results import print_hit

if TYPE_CHECKING:
    from codeintel.search.why_not import WhyNot


@click.command(cls=QueryCommand, name="why-not")
@click.argument("query")
@click.argument("place", type=PLACE_OR_FILE, metavar="[PATH[:LINE]]", required=False)
@click.option("--symbol", metavar="NAME", help="What defines or mentions NAME, in PATH if one is given.")
@click.option("-n", "--limit", type=int, help="The hits that were shown.  [default: search.limit, 10]")
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def why_not(
    ctx: click.Context,
    surface: Surface,
    query: str,
    place: Place | None,
    symbol: str | None,
    limit: int | None,
    no_index: bool,
) -> None:
    """Tell why PATH:LINE, or a symbol, is no hit for QUERY.

    It is not indexed, and why; or a qualifier leaves it out, and which; or it ranks below the hits that are
    shown, and what separates it from the last of them. Exit code 1 means that it is not among them.

    \b
    indexctl why-not 'where are retries handled' src/client.py:120
    indexctl why-not 'lang:go retry' --symbol RetryPolicy
    """
    from codeintel.search.expectations import Expected  # loaded with the service

    with opened_for_search(surface, no_index=no_index) as service:
        path = place.within(service.roots) if place else None
        line = place.line if place and place.line != WHOLE_FILE else None
        expected = Expected(path, line, symbol or "")
        found = service.why_not(words_of((query,)), expected, limit_of(surface, limit))
        rooted = len(service.roots) > 1
    if surface.for_people:
        _print(stdout_console(), found, rooted=rooted)
    else:
        print_document(why_not_document(found, rooted=rooted), surface.format)
    ctx.exit(0 if found.kind == "found" else NOTHING_FOUND)


def _print(console: Console, found: WhyNot, *, rooted: bool) -> None:
    console.print(shown(found.note), markup=False)
    hits = [hit for hit in (found.hit, found.last_shown) if hit is not None]
    scale = max((abs(part.contribution) for hit in hits for part in hit.contributions), default=1.0)
    if found.hit is not None and found.rank is not None:
        console.print()
        print_hit(console, found.hit, "signals", found.rank, scale, rooted=rooted)
    if found.last_shown is not None and found.shown is not None:
        console.print("\n[bold]the last hit shown[/]\n")
        print_hit(console, found.last_shown, "signals", found.shown, scale, rooted=rooted)
