"""`indexctl search`: one query for people, or a file of them for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO, cast

import click

from codeintel.cli.console import stdout_console
from codeintel.cli.documents import Document, answer_document, print_document, print_documents
from codeintel.cli.failures import NOTHING_FOUND, USAGE
from codeintel.cli.opening import limit_of, opened_for_search
from codeintel.cli.options import QueryCommand, Surface, common_options, words_of
from codeintel.cli.queries import answer_to, answers_to, read_queries
from codeintel.cli.results import Level, print_answer
from codeintel.errors import UsageError

if TYPE_CHECKING:
    from codeintel.service import Service


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option("-n", "--limit", type=int, help="The most hits, 1 to 1000.  [default: search.limit, 10]")
@click.option(
    "--explain",
    "level",
    type=click.Choice(["one", "signals", "full"]),
    default="one",
    show_default=True,
    help="The reasons in one line, every part of the score, or the evidence behind each part too.",
)
@click.option("-e", "full", is_flag=True, help="The same as --explain full.")
@click.option(
    "--queries",
    type=click.File(encoding="utf-8-sig", errors="replace"),
    metavar="FILE",
    help="Answer each line of FILE (- is stdin): a plain query or a JSON object with `query`.",
)
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def search(
    ctx: click.Context,
    surface: Surface,
    query: tuple[str, ...],
    limit: int | None,
    level: str,
    full: bool,
    queries: TextIO | None,
    no_index: bool,
) -> None:
    """Find the code that QUERY describes.

    Words match names and text, and their meaning matches too. Qualifiers restrict: lang: path: kind: sym:
    def: ref: module: and "an exact phrase"; a minus before one excludes (-path:tests). A folder that was
    never indexed is indexed first. Exit code 1 means that nothing was found; with --queries, 2 means that a
    query was answered with an error.

    \b
    indexctl search where are retries handled
    indexctl search 'kind:function parse date' -path:tests
    indexctl search --queries questions.txt --format jsonl
    """
    limit = limit_of(surface, limit)
    depth = cast(Level, "full" if full else level)
    if (queries is None) == (not query):
        raise UsageError(
            "Give a query, or --queries FILE.",
            "For example: indexctl search where are retries handled",
            "query",
        )
    _refuse_mistakes(surface, None if queries is not None else words_of(query))
    with opened_for_search(surface, no_index=no_index) as service:
        if queries is not None:
            ctx.exit(_search_all(service, surface, queries, limit, depth))
        ctx.exit(_search_one(service, surface, words_of(query), limit, depth))


def _refuse_mistakes(surface: Surface, query: str | None) -> None:
    """Raise UsageError for what would fail, before a folder is indexed for it; `query` None is a file of them."""
    from codeintel.search.query import parse  # loaded with the service

    if query is not None:
        parse(query)
    elif surface.for_people:
        raise UsageError("--queries answers in JSON.", "Add --format jsonl, or --format json.", "format")


def _search_one(service: Service, surface: Surface, query: str, limit: int, level: Level) -> int:
    rooted = len(service.roots) > 1
    evidence = surface.for_people or level == "full"
    answer = answer_to(service, query, limit, evidence=evidence)
    if surface.for_people:
        print_answer(stdout_console(), answer, level, rooted=rooted)
    else:
        print_document(answer_document(answer, rooted=rooted), surface.format)
    return 0 if answer.hits else NOTHING_FOUND


def _search_all(service: Service, surface: Surface, queries: TextIO, limit: int, level: Level) -> int:
    documents = answers_to(service, read_queries(queries), limit, evidence=level == "full")
    seen = _Outcome()
    print_documents(map(seen.note, documents), surface.format)
    return seen.exit_code


class _Outcome:
    """What the exit code of many queries depends on."""

    def __init__(self) -> None:
        self._failed = self._found = False

    def note(self, document: Document) -> Document:
        """Take a document into account and hand it on."""
        self._failed |= "error" in document
        self._found |= bool(document.get("hits"))
        return document

    @property
    def exit_code(self) -> int:
        """A query that failed outweighs that others found something."""
        if self._failed:
            return USAGE
        return 0 if self._found else NOTHING_FOUND
