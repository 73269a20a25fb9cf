"""What an index takes on disk, by what it is for: tables, engines, an encoder's outputs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.service import Service
from codeintel.settings import Settings

REST = "manifest and catalog.duckdb"


def published_bytes(workspace: Path, settings: Settings, folder: Path) -> dict[str, int]:
    """Bytes of each table, engine and output of the published index in `folder`, the largest first.

    Superseded files, which wait for their last readers to end, are not counted.
    """
    found: Counter[str] = Counter()
    with Service.open([workspace], settings, readonly=True) as service:
        (index,) = service._indexes
        for part in index.store.manifest.parts:
            found[part.table] += part.bytes
        for artifact in index.store.manifest.artifacts:
            found[purpose_of(artifact.name)] += artifact.bytes
    found[REST] = sum((folder / name).stat().st_size for name in (MANIFEST_NAME, "catalog.duckdb"))
    return dict(found.most_common())


def purpose_of(name: str) -> str:
    """What an engine's file is for: its folder, and apart from rows of an output the lists over them."""
    folder, _, file = name.partition("/")
    kind = file.rpartition(".")[2]
    return f"{folder} {kind}" if kind in ("lists", "centroids") else folder
