"""`indexctl model`: which models give the vectors, their licences, and whether they are intact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from codeintel.cli.console import line, shown, stdout_console
from codeintel.cli.documents import Document, print_documents
from codeintel.cli.failures import TROUBLE
from codeintel.cli.figures import size
from codeintel.cli.opening import settings_of
from codeintel.cli.options import Surface, common_options
from codeintel.errors import ModelError
from codeintel.options import EMBEDDED

if TYPE_CHECKING:
    from codeintel.models.folder import ModelCard


@click.command()
@common_options
@click.pass_context
def model(ctx: click.Context, surface: Surface) -> None:
    """Show the models in use and verify their checksums.

    Exit code 3 means that a file is missing or was changed.

    \b
    indexctl model
    """
    from codeintel.models.folder import model_card  # ONNX Runtime takes a moment to load

    chosen = settings_of(surface.folders)[0].model.folder
    source = None if chosen == EMBEDDED else Path(chosen)
    cards = dict(zip(("encoder", "static"), model_card(source), strict=True))
    verdict = _verdict(source)
    if surface.for_people:
        stdout_console().print(_table(cards, verdict))
    else:
        print_documents((_document(role, card, verdict) for role, card in cards.items()), surface.format)
    ctx.exit(TROUBLE if verdict.intact is False else 0)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether the files are as published; None where nothing was published to compare with."""

    intact: bool | None
    message: str


def _verdict(source: Path | None) -> _Verdict:
    from codeintel.models.files import CHECKSUMS
    from codeintel.models.folder import verify

    if source is not None and not (source / CHECKSUMS).is_file():
        return _Verdict(None, f"no {CHECKSUMS} to compare with")
    try:
        return _Verdict(True, f"{len(verify(source))} files as published")
    except ModelError as error:
        return _Verdict(False, str(error))


def _table(cards: Mapping[str, ModelCard], verdict: _Verdict) -> Group:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    for _ in cards:
        table.add_column(overflow="fold")
    table.add_row("", *(line(role, "bold cyan") for role in cards))
    for label, values in (
        ("id", [shown(card.model_id) for card in cards.values()]),
        ("from", [shown(card.base) or "unknown" for card in cards.values()]),
        ("licence", [shown(card.licence) or "unknown" for card in cards.values()]),
        ("dimensions", [str(card.dim) for card in cards.values()]),
        ("tokens", [f"{card.max_tokens} a passage" for card in cards.values()]),
        ("weights", [size(card.weight_bytes) for card in cards.values()]),
    ):
        table.add_row(label, *values)
    mark = {True: ("✓ ", "green"), False: ("✗ ", "red"), None: ("", "")}[verdict.intact]
    return Group(table, Text.assemble(("checksums   ", "dim"), mark, shown(verdict.message)))


def _document(role: str, card: ModelCard, verdict: _Verdict) -> Document:
    return {
        "role": role,
        "id": card.model_id,
        "base": card.base or None,
        "licence": card.licence or None,
        "dimensions": card.dim,
        "maxTokens": card.max_tokens,
        "weightBytes": card.weight_bytes,
        "intact": verdict.intact,
    }
