"""What a damaged part means for the documents in it; taking it out of the index is store.py's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codeintel.catalog.folding import current_rows
from codeintel.catalog.manifest import Manifest, Part
from codeintel.catalog.parts import Shelf
from codeintel.catalog.schemas import TABLES


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair took out of the index, and the documents that must be indexed again for it."""

    parts: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


def documents_in(shelf: Shelf, sound: Manifest, damaged: Sequence[Part]) -> tuple[str, ...]:
    """Documents that the sound parts know and that may have had current rows in a damaged one.

    A document that no sound part knows is unknown to the index anyhow and will be found as a new one.
    """
    parts = [part for part in damaged if TABLES[part.table].by_document]
    if not parts:
        return ()
    return tuple(sorted({uri for uri in _known_uris(shelf, sound) if _may_be_in(parts, uri, sound)}))


def _known_uris(shelf: Shelf, manifest: Manifest) -> Iterable[str]:
    for table, kind in TABLES.items():
        if kind.by_document:
            uris: list[Any] = current_rows(shelf, manifest, table, ["uri"]).column("uri").unique().to_pylist()
            yield from uris


def _may_be_in(parts: Sequence[Part], uri: str, manifest: Manifest) -> bool:
    changed = manifest.changed.get(uri, 0)
    return any(
        part.min_uri <= uri <= part.max_uri
        and (changed == part.generation if part.kind == "delta" else changed <= part.generation)
        for part in parts
    )
