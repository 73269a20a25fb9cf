"""From an index folder to a snapshot: damage is set aside and said, engines are reconciled with the table."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codeintel.catalog.artifacts import is_artifact_sound
from codeintel.catalog.manifest import Provenance
from codeintel.catalog.rows import CHUNK_COLUMNS, Chunk, chunks_of, files_of
from codeintel.catalog.store import Store
from codeintel.engines.dense import DenseIndex, read_meta
from codeintel.engines.dense_view import DenseView
from codeintel.engines.lexical import LexicalIndex
from codeintel.engines.ragged_view import RaggedView
from codeintel.engines.sparse import SparseView
from codeintel.engines.sparse_source import impacts_of
from codeintel.errors import IndexCorrupt
from codeintel.indexing.analysis import ANALYSIS_VERSION
from codeintel.indexing.assembly import lexical_documents
from codeintel.indexing.output_segments import open_outputs
from codeintel.indexing.publishing import LEXICAL_FOLDER, META_FILE, lexical_stamps, trained_artifacts
from codeintel.indexing.structure_workers import STRUCTURE_VERSION
from codeintel.indexing.token_lists import open_lists
from codeintel.indexing.vector_columns import COLUMNS, CONTEXTUAL, STATIC, foreign_columns, vector_rows
from codeintel.models.folder import Models
from codeintel.models.outputs import Output
from codeintel.snapshot import ChunkTable, IndexedFile, Snapshot, VectorRows
from codeintel.workspace.roots import Root

log = logging.getLogger(__name__)

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
ROUNDING = 0.05  # of a component of a unit vector, above what an 8-bit quantizer loses; a guess


@dataclass(slots=True)
class Opened:
    """A root's index as it was found, with what had to be mended."""

    store: Store
    lexical: LexicalIndex
    snapshot: Snapshot
    warnings: list[str] = field(default_factory=list)
    must_publish: bool = False


def open_index(
    root: Root, folder: Path, models: Models, chunk_chars: int, *, readonly: bool = False
) -> Opened:
    """Open the index of `root`, repairing what can be derived again.

    Raises SchemaTooNew and IndexLocked; with `readonly`, IndexCorrupt where there is no usable index.
    """
    warnings: list[str] = []
    store = (
        Store.follow(folder)
        if readonly
        else _writable(folder, provenance_of(models, chunk_chars, root), warnings)
    )
    try:
        if foreign := foreign_columns(store.provenance, models):
            warnings.append(_of_other_models(store.provenance, foreign))
        table, vectors, static_vectors = _tables(store, models, warnings)
        lexical, lexical_mended = _lexical(store, table, warnings)
        contextual, lists_mended = _contextual(store, vectors, models, warnings)
        static = DenseView(DenseIndex.build(models.static.dim, static_vectors.ids, static_vectors.values))
        said = len(warnings)
        outputs = open_outputs(store, models, table, warnings)
        impacts = _impacts(outputs)
        snapshot = Snapshot(
            root,
            store.generation,
            table,
            lexical.view(),
            static,
            contextual,
            outputs=outputs,
            impacts=impacts,
            token_lists=open_lists(store, outputs, warnings),
        )
        mended = lexical_mended or lists_mended or len(warnings) > said
        mended = mended or _meta_is_lost(store, contextual, warnings) or _idmap_differs(store, contextual)
        return Opened(store, lexical, snapshot, warnings, mended and store.writable)
    except BaseException:
        store.close()
        raise


def empty_index(root: Root, models: Models, chunk_chars: int) -> Opened:
    """An index of nothing that cannot be written: what a follower searches before the writer's first generation."""
    provenance = provenance_of(models, chunk_chars, root)
    store = Store.in_memory(provenance)
    store.close()
    none = np.empty(0, np.int64)

    def view(dim: int) -> DenseView:
        return DenseView(DenseIndex.build(dim, none, np.empty((0, dim), np.float32)))

    lexical = LexicalIndex.open(None)
    static, contextual = view(provenance.static_dim), view(provenance.dim)
    nothing = ChunkTable({})
    outputs = open_outputs(store, models, nothing, [])
    snapshot = Snapshot(root, 0, nothing, lexical.view(), static, contextual, outputs=outputs)
    return Opened(store, lexical, snapshot)


def provenance_of(models: Models, chunk_chars: int, root: Root) -> Provenance:
    """What rows made now depend on."""
    encoder, static = models.encoder, models.static
    chunker, structure = f"{ANALYSIS_VERSION}:{chunk_chars}", f"{STRUCTURE_VERSION}:{project_of(root)}"
    return Provenance(encoder.model_id, encoder.dim, static.model_id, static.dim, chunker, structure)


def project_of(root: Root) -> str:
    """What symbols of a root name as their project: its folder's name, which other roots do not change."""
    return root.path.name or "root"


def _writable(folder: Path, provenance: Provenance, warnings: list[str]) -> Store:
    try:
        store = Store.open(folder, provenance)
    except IndexCorrupt as error:
        warnings.append(f"{error} The index is made anew.")
        store = Store.open(folder, provenance, reset=True)
    if store.warning:
        warnings.append(store.warning)
    if store.provenance != provenance and store.manifest.parts:
        warnings.append("The models or the chunker have changed: what depends on them is made anew.")
        if store.folder is not None and store.provenance.encoder != provenance.encoder:
            (store.folder / META_FILE).unlink(missing_ok=True)  # it tells of vectors that are about to go
    store.adopt(provenance)
    return store


def _of_other_models(made: Provenance, columns: frozenset[str]) -> str:
    """What whoever reads an index of other models is told: who writes one has turned it to its own."""
    names = {CONTEXTUAL: made.encoder, STATIC: made.static}
    makers = " and ".join(names[column] for column in COLUMNS if column in columns)
    return f"Its vectors are those of {makers}: they are left out until it is indexed with the models in use."


def _tables(store: Store, models: Models, warnings: list[str]) -> tuple[ChunkTable, VectorRows, VectorRows]:
    try:
        return _read(store, models)
    except IndexCorrupt as error:
        if not store.writable:
            raise
        repair = store.repair()
        lost = f"{len(repair.uris):,} files are indexed again" if repair.uris else "it is derived again"
        warnings.append(f"{error.message} {', '.join(repair.parts) or 'A part'} was set aside; {lost}.")
        return _read(store, models)


def _read(store: Store, models: Models) -> tuple[ChunkTable, VectorRows, VectorRows]:
    """The chunks by file, with their contextual and their static vectors."""
    store.read("faiss_idmap")  # so that damage to it is found, and mended, with the others'
    store.read("modules")
    rows = store.read("chunks", [*CHUNK_COLUMNS, *COLUMNS])
    chunks = chunks_of(rows)
    ids = np.array([chunk.id for chunk in chunks], np.int64)
    contextual, static = vector_rows(rows, ids, store.provenance, models)
    by_uri: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_uri.setdefault(chunk.uri, []).append(chunk)
    files = {
        row.uri: IndexedFile(row, tuple(by_uri.get(row.uri, ()))) for row in files_of(store.read("files"))
    }
    return ChunkTable(dict(sorted(files.items()))), contextual, static


def _lexical(store: Store, table: ChunkTable, warnings: list[str]) -> tuple[LexicalIndex, bool]:
    """The lexical index with exactly the table's ids; True where something had to be done for it."""
    folder = store.folder / LEXICAL_FOLDER if store.folder else None
    recorded = lexical_stamps(store)
    try:
        lexical = LexicalIndex.open(folder, recorded)
        lexical_ids = lexical.ids()
    except IndexCorrupt as error:
        assert folder is not None
        warnings.append(f"{error.message} It is made anew from the chunks.")
        # a follower must not touch the writer's folder: it searches a copy in memory until the writer has mended it
        if store.writable:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder = None
        lexical = LexicalIndex.open(folder)
        lexical_ids = lexical.ids()
    mended = _reconcile(lexical, lexical_ids, table) if store.writable or folder is None else False
    return lexical, mended or (bool(recorded) and not lexical.files())


def _reconcile(lexical: LexicalIndex, present: Ids, table: ChunkTable) -> bool:
    wanted = table.ids()
    surplus = np.setdiff1d(present, wanted)
    missing = set(np.setdiff1d(wanted, present).tolist())
    if not len(surplus) and not missing:
        return False
    log.info("the lexical index lacks %d chunks and has %d too many", len(missing), len(surplus))
    documents = (
        document
        for file in table.files()
        if any(chunk.id in missing for chunk in file.chunks)
        for document in lexical_documents(file)
        if document.id in missing
    )
    lexical.replace(surplus.tolist(), documents)
    lexical.commit()
    return True


def _contextual(
    store: Store, rows: VectorRows, models: Models, warnings: list[str]
) -> tuple[DenseView, bool]:
    """The dense index with exactly these vectors: trained lists from their file, all else built anew.

    True where lists were trained that no file has yet.
    """
    dim, ids, vectors = models.encoder.dim, rows.ids, rows.values
    try:
        if CONTEXTUAL in foreign_columns(store.provenance, models):
            return DenseView(DenseIndex.build(dim, ids, vectors)), False
        trained = _trained(store)
        if trained is not None and trained.dim == dim:
            _make_good(trained, ids, vectors)
            return DenseView(trained), False
        meta = read_meta(store.folder / META_FILE) if store.folder else None
        built = DenseIndex.build(dim, ids, vectors, meta=meta, model_id=store.provenance.encoder)
    except IndexCorrupt as error:
        warnings.append(f"{error.message} It is written anew.")
        built = DenseIndex.build(dim, ids, vectors)
    return DenseView(built), built.preset.inverted


def _impacts(outputs: Mapping[Output, RaggedView]) -> SparseView:
    """The term weights by term; they follow from the rows by chunk, and are nowhere else on disk."""
    rows = outputs.get(Output.TERMS)
    return SparseView.empty() if rows is None else impacts_of(rows)


def _trained(store: Store) -> DenseIndex | None:
    """The trained lists that the manifest vouches for, None while the index is flat. Raises IndexCorrupt."""
    recorded = trained_artifacts(store)
    if not recorded or store.folder is None:
        return None
    # the record has the hashes of the two large files, which loading compares: they are read once
    record = next(artifact for artifact in recorded if artifact.name.endswith(".json"))
    if not is_artifact_sound(store.folder, record):
        raise IndexCorrupt(f"{record.name} is missing or not as it was written.")
    return DenseIndex.load(store.folder / recorded[0].name)


def _make_good(index: DenseIndex, ids: Ids, vectors: Vectors) -> None:
    """Bring lists that were written some generations ago up to the table: its ids, its vectors."""
    index.remove(np.setdiff1d(index.ids(), ids))
    differs = ~np.isin(ids, index.ids())
    known = np.flatnonzero(~differs)
    differs[known] = np.abs(index.reconstruct(ids[known]) - vectors[known]).max(axis=1, initial=0) > ROUNDING
    index.add(ids[differs], vectors[differs])


def _meta_is_lost(store: Store, contextual: DenseView, warnings: list[str]) -> bool:
    """Whether faiss.meta.json is missing, damaged, or of a generation that was never published."""
    if store.folder is None or not store.manifest.artifacts:
        return False
    try:
        meta = read_meta(store.folder / META_FILE)
    except IndexCorrupt:  # said where it was read first
        return True
    if meta is None:
        warnings.append(f"{META_FILE} was lost. It is written anew.")
    return meta is None or meta.get("vectors") != len(contextual)


def _idmap_differs(store: Store, contextual: DenseView) -> bool:
    rows = store.read("faiss_idmap", ["chunk_id"]).column("chunk_id").to_numpy()
    return not np.array_equal(np.sort(rows), contextual.ids())
