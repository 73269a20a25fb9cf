"""The one object that the surfaces talk to: open a workspace, index it, search, explain, report, close.

It may be used from any thread; everything here can block, so a surface with a loop calls it in an executor.
"""

from __future__ import annotations

import re
import stat
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codeintel.cancellation import CancelCheck, never
from codeintel.catalog.check import Finding
from codeintel.catalog.export import export_table
from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.rows import Chunk
from codeintel.errors import UsageError, WorkspaceError
from codeintel.indexing.analysis import AnalysisRules
from codeintel.indexing.checking import check_index
from codeintel.indexing.opening import open_index
from codeintel.indexing.progress import Progress, ProgressReport, silent
from codeintel.indexing.root_index import RefreshReport, RootIndex, skip_counts
from codeintel.indexing.workers import AnalysisWorkers
from codeintel.models.folder import Models, load_models
from codeintel.search.answers import Answer, Explanation, Hit
from codeintel.search.searcher import Searcher, SearchRequest
from codeintel.settings import Settings
from codeintel.snapshot import Snapshot
from codeintel.tiers import Tier
from codeintel.workspace.roots import Root, innermost, open_root, unique_names, uri_of
from codeintel.workspace.skipping import SkipRules

__all__ = ["IndexReport", "RootStatus", "SearchRequest", "Service", "Status", "Tier"]

REMEMBERED_FILES = 256  # files whose last hits a hover can explain


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
class RootStatus:
    """One root's index as it is now; `meaning` counts chunks with contextual vectors."""

    name: str
    path: Path
    index_folder: Path | None
    generation: int
    files: int
    skipped: dict[str, int]
    chunks: int
    meaning: int
    size_bytes: int
    languages: dict[str, int]
    last_indexed_at: str


@dataclass(frozen=True, slots=True)
class Status:
    """The whole workspace; `stage` is what indexing is doing, None when it rests."""

    roots: tuple[RootStatus, ...]
    encoder: str
    static: str
    stage: Progress | None = None
    warnings: tuple[str, ...] = field(default=())


class Service:
    """A workspace: its roots' indexes, the models, and the worker processes."""

    def __init__(
        self,
        indexes: Sequence[RootIndex],
        models: Models,
        settings: Settings,
        warnings: Sequence[str],
        readonly: bool,
    ) -> None:
        self.warnings = tuple(warnings)
        self._indexes = tuple(indexes)
        self._settings = settings
        self._models = models
        self._searcher = Searcher(models)
        skip = SkipRules(
            settings.index.max_file_bytes, exclude=settings.index.exclude, include=settings.index.include
        )
        self._rules = AnalysisRules(skip, settings.index.chunk_chars)
        self._workers = (
            None if readonly else AnalysisWorkers(settings.workers.count, settings.workers.timeout_seconds)
        )
        self._last_hits: OrderedDict[tuple[str, str], tuple[str, tuple[Hit, ...]]] = OrderedDict()
        self._remembering = threading.Lock()
        self._stage: Progress | None = None
        if self._workers is not None and not any(len(index.snapshot.chunks) for index in indexes):
            self._workers.warm_up()  # a first run is coming: hides 0.1 s of it

    @classmethod
    def open(cls, folders: Sequence[Path], settings: Settings, *, readonly: bool = False) -> Service:
        """Open the workspace and what is indexed of it; nothing is read again before `index`.

        With `readonly` another process may be writing. Raises WorkspaceError, SchemaTooNew, IndexLocked, ModelError.
        """
        if not folders:
            raise WorkspaceError("No folder is open.", "Open a folder to search in it.")
        roots = unique_names([open_root(folder).path for folder in folders])
        models = load_models(settings.model.folder)
        warnings: list[str] = []
        indexes: list[RootIndex] = []
        try:
            for root in roots:
                folder = _index_folder(root, settings, len(roots))
                opened = open_index(root, folder, models, settings.index.chunk_chars, readonly=readonly)
                warnings += [f"{root.name}: {warning}" for warning in opened.warnings]
                indexes.append(RootIndex(root, opened, models, roots))
        except BaseException:
            for index in indexes:
                index.close()
            raise
        return cls(indexes, models, settings, warnings, readonly)

    @property
    def roots(self) -> tuple[Root, ...]:
        """The workspace's roots, names distinct."""
        return tuple(index.root for index in self._indexes)

    @property
    def unindexed(self) -> tuple[Root, ...]:
        """The roots of which nothing was ever published: a first run under way elsewhere, or killed."""
        return tuple(index.root for index in self._indexes if not index.store.generation)

    def index(
        self,
        *,
        until: Tier = Tier.MEANING,
        report: ProgressReport = silent,
        cancelled: CancelCheck = never,
        force: bool = False,
        paths: Sequence[Path] | None = None,
    ) -> IndexReport:
        """Bring the index up to date with the disk, text first, then meaning; only what changed is read.

        `paths` restricts it to some files (a save), `force` reads everything again. Raises Cancelled, after which
        all finished work is kept; IndexTrouble where nothing can be written.
        """
        if self._workers is None:
            raise UsageError("This index is open for reading only.", "Another process keeps it up to date.")
        started = time.monotonic()
        uris = None if paths is None else self._by_root(paths)

        def staged(progress: Progress) -> None:
            self._stage = progress
            report(progress)

        try:
            reports = [
                index.refresh(
                    self._workers,
                    self._rules,
                    uris=None if uris is None else uris[index.root.name],
                    force=force,
                    report=staged,
                    cancelled=cancelled,
                )
                for index in self._indexes
                if uris is None or index.root.name in uris
            ]
            tier = min(until, Tier.TEXT if self._settings.index.tier == "text" else Tier.MEANING)
            encoded = 0
            if tier >= Tier.MEANING:
                encoded = sum(index.encode(report=staged, cancelled=cancelled) for index in self._indexes)
        finally:
            self._stage = None
        return _report(reports, encoded, tier, time.monotonic() - started)

    def search(self, request: SearchRequest, cancelled: CancelCheck = never) -> Answer:
        """The best hits of every root. Raises UsageError, QueryError, NotReady, Cancelled."""
        answer = self._searcher.search(self._snapshots(), request, cancelled)
        self._remember(answer)
        return answer

    def similar(self, path: Path, line: int, limit: int = 10, cancelled: CancelCheck = never) -> Answer:
        """The chunks most like the one at `line` (0-based) of `path`; hover explains these too."""
        snapshots = self._snapshots()
        snapshot, uri = self._locate(snapshots, path)
        answer = self._searcher.similar(
            snapshots, snapshot.root, _chunk_at(snapshot, uri, line), limit, cancelled
        )
        self._remember(answer)
        return answer

    def explain(self, query: str, path: Path, line: int, cancelled: CancelCheck = never) -> Explanation:
        """Why the chunk at `line` (0-based) of `path` stands where it does for `query`."""
        snapshots = self._snapshots()
        snapshot, uri = self._locate(snapshots, path)
        return self._searcher.explain(
            snapshots, query, snapshot.root, _chunk_at(snapshot, uri, line), cancelled
        )

    def last_hit_at(self, path: Path, line: int) -> tuple[str, Hit] | None:
        """The latest search with a hit in that file that covers `line` (0-based), and the hit; for hovers."""
        try:
            snapshot, uri = self._locate(self._snapshots(), path)
        except WorkspaceError:
            return None
        with self._remembering:
            remembered = self._last_hits.get((snapshot.root.name, uri))
        if remembered is None:
            return None
        query, hits = remembered
        covering = (hit for hit in hits if hit.chunk.start_line <= line <= hit.chunk.end_line)
        hit = next(covering, None)
        return None if hit is None else (query, hit)

    def line_before(self, root: Root, chunk: Chunk) -> str:
        """What the chunk's first line holds before it: '' unless one line is longer than a chunk."""
        snapshot = next((one for one in self._snapshots() if one.root == root), None)
        file = snapshot.chunks.file(chunk.uri) if snapshot else None
        earlier = [one for one in (file.chunks if file else ()) if one.end_byte <= chunk.start_byte]
        before = ""
        for one in reversed(earlier):
            if one.end_line != chunk.start_line:
                break
            before = one.content + before
            if one.start_line != chunk.start_line:
                return re.split(r"\r\n|\n|\r", before)[-1]
        return before

    def status(self) -> Status:
        """What is indexed, how far, with what, and where it lies."""
        statuses = tuple(_root_status(index) for index in self._indexes)
        models = self._models
        return Status(statuses, models.encoder.model_id, models.static.model_id, self._stage, self.warnings)

    @staticmethod
    def check(folders: Sequence[Path], settings: Settings) -> list[Finding]:
        """Everything in which the indexes on disk depart from the contract; empty where it holds.

        Looks at the files as they are and repairs nothing: opening does that.
        """
        roots = unique_names([open_root(folder).path for folder in folders])
        return [found for root in roots for found in check_index(_index_folder(root, settings, len(roots)))]

    def export_idmap(self, path: Path) -> int:
        """Write the id map of every root to `path` (.parquet, .csv or .jsonl); answers the number of rows."""
        return export_table("faiss_idmap", [index.store for index in self._indexes], path)

    def close(self) -> None:
        """Stop the workers and let another process write."""
        if self._workers is not None:
            self._workers.close()
        for index in self._indexes:
            index.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _snapshots(self) -> tuple[Snapshot, ...]:
        return tuple(index.snapshot for index in self._indexes)

    def _by_root(self, paths: Sequence[Path]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            root = self._root_of(path)
            found[root.name].append(uri_of(root, path))
        return dict(found)

    def _root_of(self, path: Path) -> Root:
        """The innermost root that holds `path`."""
        root = innermost(self.roots, path)
        if root is None:
            raise WorkspaceError(f"{path} lies outside the workspace.", "Open its folder to search in it.")
        return root

    def _locate(self, snapshots: Sequence[Snapshot], path: Path) -> tuple[Snapshot, str]:
        root = self._root_of(path)
        return next(snapshot for snapshot in snapshots if snapshot.root == root), uri_of(root, path)

    def _remember(self, answer: Answer) -> None:
        by_file: dict[tuple[str, str], list[Hit]] = defaultdict(list)
        for hit in answer.hits:
            by_file[hit.root.name, hit.chunk.uri].append(hit)
        with self._remembering:
            for key, hits in by_file.items():
                self._last_hits[key] = (answer.query, tuple(hits))
                self._last_hits.move_to_end(key)
            while len(self._last_hits) > REMEMBERED_FILES:
                self._last_hits.popitem(last=False)


def _report(reports: Sequence[RefreshReport], encoded: int, tier: Tier, seconds: float) -> IndexReport:
    """The roots' reports as one."""
    skipped: dict[str, int] = defaultdict(int)
    for one in reports:
        for reason, count in one.skipped.items():
            skipped[reason] += count
    return IndexReport(
        files=sum(one.files for one in reports),
        changed=sum(one.changed for one in reports),
        removed=sum(one.removed for one in reports),
        skipped=dict(skipped),
        chunks=sum(one.chunks for one in reports),
        encoded=encoded,
        seconds=seconds,
        tier=tier,
    )


def _index_folder(root: Root, settings: Settings, roots: int) -> Path:
    """`.codeintel` in the root, or where the setting places it; several roots then each have a folder in that."""
    if settings.index.folder is None:
        return root.path / FOLDER_NAME
    return settings.index.folder / root.name if roots > 1 else settings.index.folder


def _chunk_at(snapshot: Snapshot, uri: str, line: int) -> Chunk:
    file = snapshot.chunks.file(uri)
    if file is None:
        raise UsageError(f"{uri} is not indexed.", "Save it, or run `indexctl index`.", "path")
    if not file.chunks:
        raise UsageError(f"{uri} is not indexed: {file.row.skip_reason or 'it is empty'}.", field="path")
    for chunk in file.chunks:
        if chunk.start_line <= line <= chunk.end_line:
            return chunk
    message = f"{uri} has {file.row.lines:,} lines; line {line + 1:,} is not among them."
    raise UsageError(message, field="line")


def _root_status(index: RootIndex) -> RootStatus:
    snapshot, store = index.snapshot, index.store
    languages: dict[str, int] = defaultdict(int)
    for file in snapshot.chunks.files():
        if file.row.skip_reason is None:
            languages[file.row.lang] += 1
    return RootStatus(
        name=index.root.name,
        path=index.root.path,
        index_folder=store.folder,
        generation=store.generation,
        files=sum(languages.values()),
        skipped=skip_counts(snapshot),
        chunks=len(snapshot.chunks),
        meaning=len(snapshot.contextual),
        size_bytes=_size_of(store.folder),
        languages=dict(sorted(languages.items(), key=lambda entry: (-entry[1], entry[0]))),
        last_indexed_at=store.manifest.created_at,
    )


def _size_of(folder: Path | None) -> int:
    if folder is None:
        return 0
    return sum(_size_of_file(path) for path in folder.rglob("*"))


def _size_of_file(path: Path) -> int:
    """0 for a folder, and for a file that its engine removed since it was listed."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
