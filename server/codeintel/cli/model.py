"""`indexctl model`: which models give the vectors, their licences, whether they are intact, and the vector cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from codeintel.cli.console import line, say, shown, stdout_console
from codeintel.cli.documents import Document, print_documents
from codeintel.cli.failures import TROUBLE
from codeintel.cli.figures import counted, size
from codeintel.cli.opening import settings_of
from codeintel.cli.options import Surface, common_options
from codeintel.errors import ModelError
from codeintel.options import EMBEDDED

if TYPE_CHECKING:
    from codeintel.models.cache import VectorCache
    from codeintel.models.folder import ModelCard


@click.command()
@click.option("--clear-cache", is_flag=True, help="First forget the vectors kept for all workspaces.")
@common_options
@click.pass_context
def model(ctx: click.Context, surface: Surface, clear_cache: bool) -> None:
    """Show the models and the vector cache; verify the checksums.

    The cache keeps what the encoder made of each passage, for all workspaces and branches. To forget it costs
    time, never results.

    Exit code 3 means that a file is missing or was changed, or that the cache could not be cleared.

    \b
    indexctl model
    indexctl model --clear-cache
    """
    from codeintel.models.cache import chosen_cache
    from codeintel.models.folder import model_card  # ONNX Runtime takes a moment to load

    settings = settings_of(surface.folders)[0].model
    cache = chosen_cache(settings)
    cleared = not clear_cache or _cleared(cache, surface)
    source = None if settings.folder == EMBEDDED else Path(settings.folder)
    cards = dict(zip(("encoder", "static"), model_card(source), strict=True))
    verdict = _verdict(source)
    if surface.for_people:
        stdout_console().print(_table(cards, verdict, cache))
    else:
        documents = [_document(role, card, verdict) for role, card in cards.items()]
        documents[0]["cache"] = cache and _cache_document(cache)
        print_documents(documents, surface.format)
    ctx.exit(TROUBLE if verdict.intact is False or not cleared else 0)


def _cleared(cache: VectorCache | None, surface: Surface) -> bool:
    """Clear the cache and say what that freed; whether nothing is left."""
    if cache is None:
        return True
    kept = cache.size()
    if not cache.clear():
        say(f"The vector cache {cache.path} cannot be cleared: {cache.trouble or 'it is in use'}.", "red")
        return False
    if not surface.quiet:
        say(f"Forgot {counted(kept.entries, 'vector')}, {size(kept.bytes)}.", "dim")
    return True


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


def _table(cards: Mapping[str, ModelCard], verdict: _Verdict, cache: VectorCache | None) -> Group:
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
    return Group(
        table,
        Text.assemble(("checksums   ", "dim"), mark, shown(verdict.message)),
        Text.assemble(("cache       ", "dim"), shown(_cache_line(cache))),
    )


def _cache_line(cache: VectorCache | None) -> str:
    if cache is None:
        return "off"
    kept = cache.size()
    if cache.trouble:
        return f"none: {cache.trouble}"
    return f"{cache.path} ({counted(kept.entries, 'vector')}, {size(kept.bytes)} of {size(cache.max_bytes)})"


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


def _cache_document(cache: VectorCache) -> Document:
    kept = cache.size()
    return {
        "path": cache.path and str(cache.path),
        "entries": kept.entries,
        "bytes": kept.bytes,
        "maxBytes": cache.max_bytes,
        "trouble": cache.trouble or None,
    }
