"""What a damaged part means for the documents in it; taking it out of the index is store.py's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codeintel.catalog.folding import current_rows
from codeintel.catalog.manifest import Manifest, Part
from codeintel.catalog.parts import Shelf
from codeintel.catalog.schemas import TABLES, Group, tables_of


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair took out of the index, and the documents that must be indexed again for it.

    `structure_uris` have lost the rows of their structure alone, which are to be derived again from the text.
    """

    parts: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    structure_uris: tuple[str, ...] = ()


def documents_in(shelf: Shelf, sound: Manifest, damaged: Sequence[Part], group: Group) -> tuple[str, ...]:
    """Documents that the sound parts know and that may have had current rows of a group in a damaged one.

    A document that no sound part knows is unknown to the index anyhow and will be found as a new one. Parts of a
    table that follows from an engine cost no document: the engine writes them anew.
    """
    parts = [part for part in damaged if part.group == group and not TABLES[part.table].is_derived]
    if not parts:
        return ()
    known = {uri for uri in _known_uris(shelf, sound, group) if _may_be_in(parts, uri, sound)}
    return tuple(sorted(known))


def _known_uris(shelf: Shelf, manifest: Manifest, group: Group) -> Iterable[str]:
    for table in tables_of(group):
        if not TABLES[table].is_derived:
            uris: list[Any] = current_rows(shelf, manifest, table, ["uri"]).column("uri").unique().to_pylist()
            yield from uris


def _may_be_in(parts: Sequence[Part], uri: str, manifest: Manifest) -> bool:
    return any(manifest.living_uris(part, [uri]) for part in parts)
