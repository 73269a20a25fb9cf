"""The lists over token vectors on disk: two files beside a segment, vouched for by the manifest."""

from __future__ import annotations

from collections.abc import Mapping

from codeintel.catalog.artifacts import artifact_of, is_artifact_sound
from codeintel.catalog.manifest import Artifact
from codeintel.catalog.store import Store
from codeintel.engines.late_lists import TokenLists, list_names, read_lists, write_lists
from codeintel.engines.ragged_segment import RaggedSegment
from codeintel.engines.ragged_view import Held, RaggedView
from codeintel.errors import IndexCorrupt
from codeintel.models.outputs import Output
from codeintel.snapshot import Snapshot

# From so many chunks on there are lists; fewer are compared one by one, about 3 ms where a chunk has 26 entries
# (benchmarks/late_interaction.py: 48 for 54,000).
LISTED_CHUNKS = 3_000


def unlisted(saved: Snapshot) -> tuple[Held, ...]:
    """The segments to be made one and listed; none while they hold few chunks together."""
    view = saved.outputs.get(Output.TOKENS)
    found = tuple(held for held in (view.held if view else ()) if held.segment.name not in saved.token_lists)
    enough = sum(map(len, found)) >= LISTED_CHUNKS and any(len(held.segment.entries) for held in found)
    return found if enough else ()


def is_held(saved: Snapshot, segment: RaggedSegment) -> bool:
    """Whether a segment is still looked at."""
    return any(held.segment is segment for held in saved.outputs[Output.TOKENS].held)


def write_token_lists(store: Store, lists: TokenLists) -> list[Artifact]:
    """Write lists, not yet published; nothing for an index in memory."""
    if store.folder is None:
        return []
    names = write_lists(store.folder, lists, store.provenance.encoder)
    return [artifact_of(store.folder, name) for name in names]


def open_lists(
    store: Store,
    outputs: Mapping[Output, RaggedView],
    warnings: list[str],
    before: Snapshot | None = None,
) -> dict[str, TokenLists]:
    """The published lists over the segments of `outputs`, by the segment's name; `before` has some open already."""
    view = outputs.get(Output.TOKENS)
    found: dict[str, TokenLists] = {}
    for held in view.held if view else ():
        name = held.segment.name
        if before is not None and name in before.token_lists:
            found[name] = before.token_lists[name]
            continue
        try:
            if (lists := _read(store, held.segment, view)) is not None:
                found[name] = lists
        except IndexCorrupt as error:
            warnings.append(f"{error.message} It is made again.")
    return found


def _read(store: Store, segment: RaggedSegment, view: RaggedView | None) -> TokenLists | None:
    recorded = [a for a in store.manifest.artifacts if a.name in list_names(segment.name)]
    if not recorded or store.folder is None or view is None:
        return None
    for artifact in recorded:
        if not is_artifact_sound(store.folder, artifact):
            raise IndexCorrupt(f"{artifact.name} is missing or not as it was written.")
    return read_lists(store.folder, segment, store.provenance.encoder, view.layout)
