"""`indexctl status`: what is indexed, how far, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from codeintel.cli.console import line, shown, stdout_console
from codeintel.cli.documents import print_document, status_document
from codeintel.cli.figures import counted, size
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options

if TYPE_CHECKING:
    from codeintel.service import RootStatus, Status

LANGUAGES_SHOWN: Final = 6


@click.command()
@common_options
def status(surface: Surface) -> None:
    """Show what is indexed, how far, and where it lies.

    \b
    indexctl status
    """
    with opened(surface, readonly=True) as service:
        found = service.status()
    if surface.for_people:
        stdout_console().print(_rendered(found))
    else:
        print_document(status_document(found), surface.format)


def _rendered(found: Status) -> Group:
    models = _grid()
    models.add_row("encoder", line(found.encoder))
    models.add_row("static", line(found.static))
    return Group(
        *(part for root in found.roots for part in (*_root(root), "")), Text("models", "bold"), models
    )


def _root(root: RootStatus) -> tuple[Text, Table]:
    table = _grid()
    table.add_row("folder", line(str(root.path)))
    table.add_row("index", _index_line(root))
    if root.generation:
        skipped = f", {sum(root.skipped.values()):,} skipped" if root.skipped else ""
        table.add_row("files", f"{root.files:,}{skipped}")
        table.add_row("languages", line(_languages(root.languages)))
        table.add_row("chunks", f"{root.chunks:,}, {_share(root)} with meaning")
        table.add_row("indexed", line(root.last_indexed_at))
    return Text(shown(root.name), "bold cyan"), table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", min_width=9)
    table.add_column(no_wrap=True, overflow="ellipsis")
    return table


def _index_line(root: RootStatus) -> Text:
    if not root.generation:
        return Text("none yet: run `indexctl index`", "yellow")
    if root.index_folder is None:
        return Text(f"in memory, generation {root.generation}")
    return line(f"{root.index_folder} ({size(root.size_bytes)}, generation {root.generation})")


def _share(root: RootStatus) -> str:
    return "all" if root.meaning >= root.chunks else f"{root.meaning / root.chunks:.0%}"


def _languages(languages: Mapping[str, int]) -> str:
    commonest = sorted(languages.items(), key=lambda entry: (-entry[1], entry[0]))
    names = [f"{name} {count:,}" for name, count in commonest[:LANGUAGES_SHOWN]]
    if len(commonest) > LANGUAGES_SHOWN:
        names.append(f"and {counted(len(commonest) - LANGUAGES_SHOWN, 'other')}")
    return ", ".join(names)
