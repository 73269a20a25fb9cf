"""`indexctl judge` and `indexctl judgments`: verdicts on hits, kept apart from the index, taken out and in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click

from codeintel.cli.console import say, stdout_console
from codeintel.cli.documents import print_document, print_documents
from codeintel.cli.failures import NOTHING_FOUND
from codeintel.cli.figures import counted
from codeintel.cli.opening import opened_for_search
from codeintel.cli.options import QueryCommand, Surface, common_options, words_of
from codeintel.cli.places import PLACE, Place


@click.command(cls=QueryCommand)
@click.argument("query")
@click.argument("place", type=PLACE, metavar="PATH:LINE")
@click.argument("verdict", type=click.Choice(["good", "bad", "none"]))
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
def judge(surface: Surface, query: str, place: Place, verdict: str, no_index: bool) -> None:
    """Say whether PATH:LINE answers QUERY.

    The verdict is good, bad, or none to take an earlier one back. Verdicts lie in your data folder, not in the
    index: a new index keeps them, and they follow the code when it is edited, moved or renamed.

    \b
    indexctl judge 'where are retries handled' src/client.py:120 good
    """
    with opened_for_search(surface, no_index=no_index) as service:
        path = place.within(service.roots)
        standing = service.judge(words_of((query,)), path, place.line, verdict)
    if surface.for_people:
        stdout_console().print(f"{counted(standing, 'judgment')} in this workspace")
    else:
        print_document({"judgments": standing}, surface.format)


@click.group()
def judgments() -> None:
    """Take judgments out, and take in those made elsewhere.

    \b
    indexctl judgments export judged.jsonl
    indexctl judgments import judged.jsonl
    """


@judgments.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def export(ctx: click.Context, surface: Surface, out: Path | None, no_index: bool) -> None:
    """Write every verdict that stands, one JSON object a line.

    They go to OUT, or to stdout. `path`, `startLine` and `endLine` (from 1, inclusive) are where the judged code
    is now, and `anchor` says how it was found: chunk (unchanged), content (the same text elsewhere), symbol
    (edited), line (the nearest to where it stood), or lost. Exit code 1 means that no verdict stands.

    \b
    indexctl judgments export judged.jsonl
    """
    with opened_for_search(surface, no_index=no_index) as service:
        from codeintel.judgments.exchange import exported  # loaded with the service

        documents = [exported(one) for one in service.judgments()]
    if out is None:
        print_documents(documents, "jsonl" if surface.for_people else surface.format)
    else:
        out.write_text("".join(f"{json.dumps(one)}\n" for one in documents), encoding="utf-8")
        if not surface.quiet:
            say(f"{counted(len(documents), 'judgment')} written to {out}")
    ctx.exit(0 if documents else NOTHING_FOUND)


@judgments.command(name="import")
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"))
@click.option("--no-index", is_flag=True, help="Fail with code 3 rather than index a folder that never was.")
@common_options
@click.pass_context
def import_(ctx: click.Context, surface: Surface, file: TextIO, no_index: bool) -> None:
    """Take in what `export` wrote elsewhere.

    FILE may be - for stdin. The code that each verdict is about is found as after an edit: by its text, its symbols or
    its place. It counts from when it was made, so that a newer one of yours stands, and the same file twice changes
    nothing. Code that this workspace has not is counted and left out. Exit code 1 means that nothing of FILE is about
    this workspace.

    \b
    indexctl judgments import judged.jsonl
    """
    with opened_for_search(surface, no_index=no_index) as service:
        from codeintel.judgments.exchange import read_exported  # loaded with the service

        found = service.take_in_judgments(read_exported(file))
    if surface.for_people:
        said = f"{counted(found.taken, 'judgment')} taken in, {found.known} known already"
        stdout_console().print(f"{said}, {found.elsewhere} about code that is not here")
    else:
        document = {"taken": found.taken, "known": found.known, "elsewhere": found.elsewhere}
        print_document(document, surface.format)
    ctx.exit(0 if found.taken or found.known else NOTHING_FOUND)
