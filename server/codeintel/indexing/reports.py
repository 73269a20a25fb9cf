"""What a workspace's surfaces are told of its indexes: what a run did, and where everything stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codeintel.catalog.manifest import Manifest
from codeintel.indexing.progress import Progress
from codeintel.indexing.root_index import RefreshReport, RootIndex
from codeintel.tiers import Tier


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one indexing run found and did, over every root; `seconds` is wall time."""

    files: int
    changed: int
    removed: int
    skipped: dict[str, int]
    chunks: int
    encoded: int
    seconds: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What `Service.reclaim` removed, and the bytes that the indexes have left."""

    files: int
    bytes: int
    left: int


@dataclass(frozen=True, slots=True)
class RootStatus:
    """One root's index as it is now; `meaning` counts chunks with contextual vectors, `structured` documents with rows.

    `live` and `stale` count documents: those with unsaved text, and those known to have changed since they were read.
    `following` says that another process writes the index. `outputs` counts the chunks that have each of the encoder's
    further outputs that a channel asks for: `tokens`, `terms`.
    """

    name: str
    path: Path
    index_folder: Path | None
    generation: int
    files: int
    skipped: dict[str, int]
    chunks: int
    documents: int
    structured: int
    meaning: int
    size_bytes: int
    languages: dict[str, int]
    last_indexed_at: str
    live: int = 0
    stale: int = 0
    following: bool = False
    outputs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """The whole workspace; `stage` is what indexing is doing, None when it rests.

    `encoded` and `remembered` count the passages since the start that the encoder read, and that the cache knew.
    """

    roots: tuple[RootStatus, ...]
    encoder: str
    static: str
    encoded: int
    remembered: int
    stage: Progress | None = None
    warnings: tuple[str, ...] = field(default=())


def index_report(
    reports: Sequence[RefreshReport], indexes: Sequence[RootIndex], encoded: int, tier: Tier, seconds: float
) -> IndexReport:
    """The reports of several roots as one, with the chunks of `indexes`; `seconds` is wall time."""
    skipped: dict[str, int] = defaultdict(int)
    for one in reports:
        for reason, count in one.skipped.items():
            skipped[reason] += count
    return IndexReport(
        files=sum(one.files for one in reports),
        changed=sum(one.changed for one in reports),
        removed=sum(one.removed for one in reports),
        skipped=dict(skipped),
        chunks=sum(len(index.snapshot.chunks) for index in indexes),
        encoded=encoded,
        seconds=seconds,
        tier=tier,
    )


def root_status(index: RootIndex) -> RootStatus:
    """Where one root's index stands now."""
    snapshot, store = index.snapshot, index.store
    languages, manifest = snapshot.chunks.languages, store.manifest
    return RootStatus(
        name=index.root.name,
        path=index.root.path,
        index_folder=store.folder,
        generation=store.generation,
        files=sum(languages.values()),
        skipped=snapshot.chunks.skipped,
        chunks=len(snapshot.chunks),
        documents=snapshot.documents,
        structured=snapshot.structured,
        meaning=len(snapshot.contextual),
        size_bytes=manifest_bytes(manifest) if store.folder else 0,
        languages=languages,
        last_indexed_at=manifest.created_at,
        live=len(snapshot.live),
        stale=len(snapshot.stale),
        following=not index.writable,
        outputs={output.value: len(view) for output, view in snapshot.outputs.items()},
    )


def manifest_bytes(manifest: Manifest) -> int:
    """The size of everything that the manifest vouches for."""
    return sum(part.bytes for part in manifest.parts) + sum(one.bytes for one in manifest.artifacts)
