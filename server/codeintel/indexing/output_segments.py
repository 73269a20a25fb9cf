"""The rows of an encoder's outputs on disk: segments in a folder an output, vouched for by the manifest.

Whether a row counts is not written: on opening it counts where the chunks table has its id, read as it was then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codeintel.catalog.artifacts import artifact_of, is_artifact_sound
from codeintel.catalog.manifest import Artifact
from codeintel.catalog.rows import Chunk
from codeintel.catalog.store import Store
from codeintel.engines.ragged_segment import (
    Ids,
    RaggedSegment,
    Readings,
    Row,
    read_segment,
    write_segment,
)
from codeintel.engines.ragged_view import Held, RaggedView, live_segments
from codeintel.errors import IndexCorrupt
from codeintel.models.folder import Models
from codeintel.models.outputs import Output
from codeintel.snapshot import ChunkTable, Snapshot


@dataclass(frozen=True, slots=True)
class Written:
    """A new segment of `rows`, not yet published."""

    segment: RaggedSegment
    artifact: Artifact
    rows: Mapping[int, Row]


@dataclass(frozen=True, slots=True)
class Merged:
    """A new segment in place of the `outdated` ones, not yet published."""

    segment: RaggedSegment
    artifact: Artifact
    outdated: tuple[str, ...]


def open_outputs(
    store: Store,
    models: Models,
    table: ChunkTable,
    warnings: list[str],
    before: Snapshot | None = None,
) -> dict[Output, RaggedView]:
    """What the published segments hold of the chunks of `table`, by wanted output.

    A segment that is missing, damaged or of another model is left out, with a warning: its rows are made again. Those
    that `before` has open are not read again. Nothing is read where no output is wanted.
    """
    layouts = models.layouts
    if not layouts:
        return {}
    ids, readings = _readings(table)
    found: dict[Output, RaggedView] = {}
    for output, layout in layouts.items():
        known = before.outputs.get(output) if before else None
        empty = RaggedView(layout, maker=models.maker(output))
        segments = _opened(store, output, empty, known, warnings)
        found[output] = replace(empty, held=tuple(live_segments(segments, ids, readings)))
    return found


def write_added(store: Store, saved: Snapshot) -> dict[Output, Written]:
    """Write what of each output lies in memory; nothing for an index in memory."""
    written: dict[Output, Written] = {}
    for output, view in saved.outputs.items():
        rows = {number: row for number, row in view.added.items() if saved.chunks.get(number)}
        if rows and store.folder is not None:
            ids = np.fromiter(rows, np.int64, len(rows))
            readings = _readings_of(chunk for i in rows if (chunk := saved.chunks.get(i)))
            segment, artifact = _write(
                store, store.folder, output, view, ids, readings, [*rows.values()], "delta"
            )
            written[output] = Written(segment, artifact, rows)
    return written


def held_artifacts(store: Store, saved: Snapshot, written: Mapping[Output, Written]) -> list[Artifact]:
    """What the next generation vouches for: the segments that hold living rows, and those just written."""
    names = {held.segment.name for view in saved.outputs.values() for held in view.held}
    kept = [a for a in store.manifest.artifacts if segment_of(a.name) in names]
    return [*kept, *(one.artifact for one in written.values())]


def merge_segments(
    store: Store, saved: Snapshot, crowds: Mapping[Output, Sequence[Held]]
) -> dict[Output, Merged]:
    """Write the living rows of some segments of each output as one, not yet published."""
    merged: dict[Output, Merged] = {}
    for output, crowd in crowds.items():
        view = saved.outputs[output]
        if store.folder is not None:
            ids, readings, rows = _living(crowd)
            segment, artifact = _write(store, store.folder, output, view, ids, readings, rows, "base")
            merged[output] = Merged(segment, artifact, tuple(held.segment.name for held in crowd))
    return merged


def _living(crowd: Sequence[Held]) -> tuple[Ids, Readings, list[Row]]:
    places = [np.flatnonzero(held.living()) for held in crowd]
    pairs = list(zip(crowd, places, strict=True))
    rows = [held.segment.row(int(at)) for held, found in pairs for at in found]
    ids = np.concatenate([held.segment.ids[found] for held, found in pairs])
    return ids, np.concatenate([held.segment.readings[found] for held, found in pairs]), rows


def _write(
    store: Store,
    folder: Path,
    output: Output,
    view: RaggedView,
    ids: Ids,
    readings: Readings,
    rows: Sequence[Row],
    kind: str,
) -> tuple[RaggedSegment, Artifact]:
    name = f"{output}/{kind}-g{store.generation + 1}.rows"
    (folder / output).mkdir(exist_ok=True)
    write_segment(folder / name, view.maker, view.layout, ids, readings, rows)
    return read_segment(folder, name, view.maker, view.layout), artifact_of(folder, name)


def _opened(
    store: Store, output: Output, empty: RaggedView, known: RaggedView | None, warnings: list[str]
) -> list[RaggedSegment]:
    open_before = {held.segment.name: held.segment for held in known.held} if known else {}
    segments: list[RaggedSegment] = []
    for artifact in segment_artifacts(store, output):
        if artifact.name in open_before:
            segments.append(open_before[artifact.name])
            continue
        try:
            segments.append(_read(store, artifact, empty))
        except IndexCorrupt as error:
            warnings.append(f"{error.message} What it held is made again.")
    return segments


def _read(store: Store, artifact: Artifact, view: RaggedView) -> RaggedSegment:
    if store.folder is None or not is_artifact_sound(store.folder, artifact):
        raise IndexCorrupt(f"{artifact.name} is missing or not as it was written.")
    return read_segment(store.folder, artifact.name, view.maker, view.layout)


def segment_artifacts(store: Store, output: Output) -> list[Artifact]:
    """The segments that the manifest vouches for, the oldest first."""
    names = (artifact.name for artifact in store.manifest.artifacts)
    wanted = {name for name in names if name.startswith(f"{output}/") and segment_of(name) == name}
    found = (artifact for artifact in store.manifest.artifacts if artifact.name in wanted)
    return sorted(found, key=lambda artifact: _generation(artifact.name))


def segment_of(name: str) -> str:
    """The segment that a file belongs to: itself, or the one that it lists; another engine's file to none."""
    return f"{name.rpartition('.')[0]}.rows"


def _generation(name: str) -> tuple[int, bool]:
    """By which segments are ordered: of one generation, what was merged is older than what was added."""
    return int(name.rpartition("-g")[2].partition(".")[0]), name.rpartition("/")[2].startswith("delta")


def _readings(table: ChunkTable) -> tuple[Ids, npt.NDArray[np.uint64]]:
    chunks = sorted(table, key=lambda chunk: chunk.id)
    return np.fromiter((chunk.id for chunk in chunks), np.int64, len(chunks)), _readings_of(chunks)


def _readings_of(chunks: Iterable[Chunk]) -> npt.NDArray[np.uint64]:
    """A fingerprint of what the encoder reads of each chunk, beside the path that its id is made of: 1 us each."""
    return np.array([_reading(chunk) for chunk in chunks], np.uint64)


def _reading(chunk: Chunk) -> int:
    text = chunk.breadcrumb.encode("utf-8", "surrogatepass") + chunk.content_hash.to_bytes(8, "little")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
