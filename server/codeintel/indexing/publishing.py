"""What a snapshot looks like on disk: rows of changed files with the vectors they have, and the engines' files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codeintel.catalog.artifacts import artifact_of
from codeintel.catalog.manifest import Artifact
from codeintel.catalog.rows import Chunk, chunk_table, file_table, idmap_table
from codeintel.catalog.schemas import Dims
from codeintel.catalog.store import Store
from codeintel.catalog.structure_rows import joined
from codeintel.engines.dense import write_meta
from codeintel.engines.dense_view import DenseView
from codeintel.engines.lexical import LexicalIndex
from codeintel.indexing.structure_state import StructureCapture
from codeintel.snapshot import IndexedFile, Snapshot

LEXICAL_FOLDER = "lexical"
META_FILE = "vectors/faiss.meta.json"
TRAINED_PREFIX = "vectors/primary-g"


def tables_of(files: Iterable[IndexedFile], snapshot: Snapshot, dims: Dims) -> Mapping[str, Any]:
    """The rows of `files` for every table."""
    kept = list(files)
    chunks = [chunk for file in kept for chunk in file.chunks]
    embedding, embedded = _vectors(chunks, snapshot.contextual)
    static, _ = _vectors(chunks, snapshot.static)
    return {
        "chunks": chunk_table(chunks, dims, embedding, static, embedded),
        "files": file_table([file.row for file in kept], dims),
        "faiss_idmap": _idmap([chunk for chunk, has in zip(chunks, embedded, strict=True) if has], snapshot),
    }


def structure_of(capture: StructureCapture) -> Mapping[str, Any]:
    """The rows of the structure tier that are to be written, by table; none where there are none."""
    documents = [capture.rows[uri].tables for uri in sorted(capture.rows)]
    return joined(documents)


def idmap_of(snapshot: Snapshot) -> Any:
    """The whole `faiss_idmap` of the contextual vectors, as a table: a fold moves every row."""
    chunks = list(snapshot.chunks)
    held = snapshot.contextual.holds(_ids(chunks))
    return _idmap([chunk for chunk, has in zip(chunks, held, strict=True) if has], snapshot)


def _idmap(chunks: Sequence[Chunk], snapshot: Snapshot) -> Any:
    places = snapshot.contextual.places(_ids(chunks))
    uris = [chunk.uri for chunk in chunks]
    return idmap_table(uris, places.faiss_row, places.faiss_id, places.chunk_id, places.source)


def _ids(chunks: Iterable[Chunk]) -> np.ndarray[Any, Any]:
    return np.fromiter((chunk.id for chunk in chunks), np.int64)


def engine_files(
    store: Store, lexical: LexicalIndex, snapshot: Snapshot, *, whole: bool = False
) -> list[Artifact]:
    """Write what FAISS keeps on disk; vouch for its trained lists and every file of the lexical index; none in memory.

    faiss.meta.json vouches for itself: it is replaced before the manifest is, and may be a generation ahead of it.

    Trained lists are large: they are written where all vectors are (`whole`) or where there are none yet. What has
    changed since is made good from the chunks table on opening.
    """
    if store.folder is None:
        return []
    _write_meta(store.folder, snapshot, store.provenance.encoder)
    stamps = lexical.files().items()
    found = [Artifact(f"{LEXICAL_FOLDER}/{name}", size, checksum) for name, (size, checksum) in stamps]
    trained = _trained_files(store, store.folder, snapshot, whole)
    return [*found, *trained]


def trained_artifacts(store: Store) -> list[Artifact]:
    """The files of trained lists that the manifest vouches for, the one to load first; none while flat."""
    found = (artifact for artifact in store.manifest.artifacts if artifact.name.startswith(TRAINED_PREFIX))
    return sorted(found, key=lambda artifact: len(artifact.name))


def _trained_files(store: Store, folder: Path, snapshot: Snapshot, whole: bool) -> list[Artifact]:
    index = snapshot.contextual.base
    if not index.preset.inverted:
        return []
    if not whole and (recorded := trained_artifacts(store)):
        return recorded
    path = folder / f"{TRAINED_PREFIX}{store.generation + 1}.faiss"
    return [artifact_of(folder, written.relative_to(folder).as_posix()) for written in index.save(path)]


def lexical_stamps(store: Store) -> dict[str, tuple[int, str]]:
    """What the manifest vouches for of the lexical index, as the engine verifies it on opening."""
    prefix = f"{LEXICAL_FOLDER}/"
    found = (artifact for artifact in store.manifest.artifacts if artifact.name.startswith(prefix))
    return {artifact.name.removeprefix(prefix): (artifact.bytes, artifact.checksum) for artifact in found}


def _write_meta(folder: Path, snapshot: Snapshot, model_id: str) -> None:
    path = folder / META_FILE
    path.parent.mkdir(exist_ok=True)
    view = snapshot.contextual
    write_meta(path, {**view.base.meta(model_id), "vectors": len(view)})


def _vectors(chunks: list[Chunk], view: DenseView) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The view's vectors of `chunks`, float32 [n, dim], and which of them it has, bool [n]."""
    ids = _ids(chunks)
    present = view.holds(ids)
    vectors = np.zeros((len(ids), view.base.dim), np.float32)
    vectors[present] = view.reconstruct(ids[present])
    return vectors, present
