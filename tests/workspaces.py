"""Workspaces for the tests: services over folders, and snapshots made in memory from a few texts.

Services share one pool of workers and one pair of models, so that a test opens as many as it needs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

from codeintel.catalog.rows import Chunk
from codeintel.engines.dense import DenseIndex
from codeintel.engines.dense_view import DenseView
from codeintel.engines.lexical import LexicalIndex
from codeintel.indexing.analysis import AnalysisRules, analyse_file
from codeintel.indexing.assembly import indexed_file, lexical_documents
from codeintel.indexing.structure_workers import StructureWorkers
from codeintel.indexing.workers import AnalysisWorkers
from codeintel.models.folder import Models, load_models
from codeintel.models.vectors import passage_for
from codeintel.search.answers import Answer, Hit
from codeintel.service import SearchRequest, Service
from codeintel.settings import Settings
from codeintel.snapshot import ChunkTable, IndexedFile, Snapshot
from codeintel.workspace.files import SourceFile
from codeintel.workspace.roots import Root
from codeintel.workspace.skipping import SkipRules

SAMPLE = Path(__file__).parents[1] / "data" / "sample-workspace"
RULES = AnalysisRules(SkipRules(), 1_500)

Texts = Mapping[str, str | bytes]


def settings(**options: object) -> Settings:
    """The defaults with options of the group `index` changed; one worker, so that two cores are enough."""
    default, _ = Settings.resolve()
    index, workers = replace(default.index, **options), replace(default.workers, count=1)
    return replace(default, index=index, workers=workers)


TEXT_ONLY = settings(tier="text")
MEANING = settings()


class SharedWorkers(AnalysisWorkers):
    """Workers that outlive the service that was given them; `handed` are the uris analysed so far."""

    def __init__(self) -> None:
        super().__init__(1, 20.0)
        self.handed: list[str] = []

    def analyse(self, files, rules, cancelled=lambda: False):  # type: ignore[no-untyped-def]
        files = tuple(files)
        self.handed += [file.uri for file in files]
        return super().analyse(files, rules, cancelled)

    def close(self) -> None:
        """The pool goes on; `stop` ends it."""

    def stop(self) -> None:
        super().close()


@cache
def shared_workers() -> SharedWorkers:
    return SharedWorkers()


class SharedStructureWorkers(StructureWorkers):
    """The same for the structure tier."""

    def __init__(self) -> None:
        super().__init__(20.0)

    def close(self) -> None:
        """The pool goes on; `stop` ends it."""

    def stop(self) -> None:
        super().close()


@cache
def shared_structure_workers() -> SharedStructureWorkers:
    return SharedStructureWorkers()


@cache
def shared_models() -> Models:
    return load_models()


@contextmanager
def opened(
    *folders: Path, settings: Settings = TEXT_ONLY, readonly: bool = False, models: Models | None = None
) -> Iterator[Service]:
    """A service over `folders`; what is read is added to `shared_workers().handed`."""
    with (
        patch("codeintel.service.AnalysisWorkers", lambda *_: shared_workers()),
        patch("codeintel.service.StructureWorkers", lambda *_: shared_structure_workers()),
        patch("codeintel.service.load_models", lambda *_, **__: models or shared_models()),
    ):
        service = Service.open(folders, settings, readonly=readonly)
    with service:
        yield service


@contextmanager
def indexed(*folders: Path, settings: Settings = TEXT_ONLY) -> Iterator[Service]:
    """A service over `folders`, brought up to date."""
    with opened(*folders, settings=settings) as service:
        service.index()
        yield service


def index_once(*folders: Path, settings: Settings = TEXT_ONLY) -> None:
    """Bring the index on disk up to date and let go of it."""
    with indexed(*folders, settings=settings):
        pass


def snapshot(service: Service) -> Snapshot:
    """What the service sees of its first root."""
    return service._snapshots()[0]


def write(folder: Path, texts: Texts) -> Path:
    """Write files into `folder`, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for uri, text in texts.items():
        path = folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def copy_sample(folder: Path) -> Path:
    """A copy of the sample workspace without caches and without an index."""
    ignored = shutil.ignore_patterns(".*_cache", ".codeintel", "__pycache__", "spool", "dist")
    shutil.copytree(SAMPLE, folder, ignore=ignored)
    return folder


def analysed(texts: Texts, root: Root | None = None) -> dict[str, IndexedFile]:
    """The files as indexing would keep them, by uri, without a worker process."""
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), texts)
        for uri in sorted(texts):
            path = Path(folder) / uri
            file = SourceFile(uri, path, path.stat().st_size, 1)
            files[uri] = indexed_file(root or Root("memory", Path(folder)), analyse_file(file, RULES))
    return files


def chunk_table(texts: Texts) -> ChunkTable:
    """The table of a root that holds `texts`."""
    return ChunkTable(analysed(texts))


def snapshot_of(texts: Texts, *, meaning: bool = False, name: str = "memory") -> Snapshot:
    """A snapshot of a root that holds `texts`, wholly in memory."""
    root = Root(name, Path("/nowhere") / name)
    files = analysed(texts, root)
    table = ChunkTable(files)
    lexical = LexicalIndex.open(None)
    lexical.replace([], [document for file in files.values() for document in lexical_documents(file)])
    lexical.commit()
    models = shared_models()
    static = _view(list(table), models.static, True)
    return Snapshot(root, 1, table, lexical.view(), static, _view(list(table), models.encoder, meaning))


def _view(chunks: Sequence[Chunk], model, filled: bool) -> DenseView:  # type: ignore[no-untyped-def]
    kept = chunks if filled else ()
    ids = np.array([chunk.id for chunk in kept], np.int64)
    passages = [passage_for(model, chunk.uri, chunk.breadcrumb, chunk.content) for chunk in kept]
    vectors = model.encode(passages) if passages else np.empty((0, model.dim), np.float32)
    return DenseView(DenseIndex.build(model.dim, ids, vectors))


def places(answer: Answer) -> list[tuple[str, str, int]]:
    """Root, uri and first line of each hit, in order."""
    return [(hit.root.name, hit.chunk.uri, hit.chunk.start_line) for hit in answer.hits]


def find(service: Service, query: str, limit: int = 10) -> list[tuple[str, str, int]]:
    """Root, uri and first line of each hit for `query`, in order."""
    return places(service.search(SearchRequest(query, limit)))


def ranking(service: Service, query: str, limit: int = 10) -> list[tuple[int, float]]:
    """Id and score of each hit for `query`, in order; a score to six digits, as far as it is promised."""
    hits = service.search(SearchRequest(query, limit)).hits
    return [(hit.chunk.id, round(hit.score, 6)) for hit in hits]


def parts(hit: Hit) -> dict[str, float]:
    """What each source added to a hit's score."""
    return {part.source: part.contribution for part in hit.contributions}
