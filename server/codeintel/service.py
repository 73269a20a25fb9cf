"""The one object that the surfaces talk to: open a workspace, index it, search, explain, report, close.

It may be used from any thread; everything here can block, so a surface with a loop calls it in an executor.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from pathlib import Path

from codeintel.cancellation import CancelCheck, never
from codeintel.catalog.database import Database
from codeintel.catalog.export import export_table
from codeintel.catalog.occurrence_rows import OccurrenceRows, symbol_rows
from codeintel.catalog.person_sql import SqlAnswer
from codeintel.catalog.rows import Chunk
from codeintel.errors import CodeIntelError, IndexTrouble, UsageError, WorkspaceError
from codeintel.indexing.analysis import AnalysisRules
from codeintel.indexing.document_queue import Urgency
from codeintel.indexing.index_folders import index_folder, open_or_follow, take_over
from codeintel.indexing.live_analysis import LiveAnalysis
from codeintel.indexing.presence import presence
from codeintel.indexing.progress import Progress, ProgressReport, silent
from codeintel.indexing.reports import (
    IndexReport,
    Reclaimed,
    Status,
    index_report,
    manifest_bytes,
    root_status,
)
from codeintel.indexing.root_index import RootIndex
from codeintel.indexing.scip_indexers import IndexerOptions
from codeintel.indexing.scip_refresh import IndexerRun
from codeintel.indexing.scip_status import ScipStatus, scip_status
from codeintel.indexing.structure_workers import StructureWorkers
from codeintel.indexing.workers import AnalysisWorkers
from codeintel.judgments.exchange import Imported
from codeintel.judgments.ledger import Intake, Standing, judge, standing, take_in
from codeintel.judgments.records import Judgment, checked_verdict
from codeintel.models.cache import chosen_cache
from codeintel.models.folder import Models, load_models
from codeintel.search.answers import Answer, Coverage, Explanation, Hit
from codeintel.search.channel_outputs import WIDE, lacking_outputs, wanted_outputs
from codeintel.search.document_outline import OutlineSymbol, document_outline
from codeintel.search.expectations import Expected
from codeintel.search.last_hits import LastHits
from codeintel.search.navigation import Navigation, RootSymbols
from codeintel.search.positions import Location, Position, Positions
from codeintel.search.searcher import Searcher, SearchRequest
from codeintel.search.summaries import Depth
from codeintel.search.why_not import WhyNot, WhyNotInquiry
from codeintel.settings import Settings
from codeintel.snapshot import Snapshot
from codeintel.tiers import Tier
from codeintel.workspace.absence import Presence
from codeintel.workspace.files import SourceFile
from codeintel.workspace.positions import PositionEncoding
from codeintel.workspace.roots import Root, innermost, open_root, path_of, unique_names, uri_of
from codeintel.workspace.skipping import SkipRules
from codeintel.workspace.watching import folders_holding

__all__ = ["SearchRequest", "Service", "Tier"]

REHEARSED = "where is an error handled"  # words that most code has, so that every channel finds something
STRUCTURE_TIMES = 3  # as long as parsing for the text tier: LibCST alone takes ten times its share


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
        self._warnings = tuple(warnings)
        self._indexes = tuple(indexes)
        self._settings = settings
        self._models = models
        self._searcher = Searcher(models, late=settings.channels.late)
        skip = SkipRules(
            settings.index.max_file_bytes, exclude=settings.index.exclude, include=settings.index.include
        )
        self._rules = AnalysisRules(skip, settings.index.chunk_chars)
        self._workers = (
            None if readonly else AnalysisWorkers(settings.workers.count, settings.workers.timeout_seconds)
        )
        self._live = None if readonly else LiveAnalysis(settings.workers.timeout_seconds)
        self._structure = (
            None if readonly else StructureWorkers(STRUCTURE_TIMES * settings.workers.timeout_seconds)
        )
        self._listed: dict[tuple[str, str], bool] = {}
        self._last_hits = LastHits()
        self._stage: Progress | None = None
        self._database = Database()
        if self._workers is not None and not any(len(index.snapshot.chunks) for index in indexes):
            self._workers.warm_up()  # a first run is coming: hides 0.1 s of it

    @classmethod
    def open(
        cls, folders: Sequence[Path], settings: Settings, *, readonly: bool = False, following: bool = False
    ) -> Service:
        """Open the workspace and what is indexed of it; nothing is read again before `index`.

        With `readonly` another process may be writing; with `following` roots that another process writes are
        followed (see `attend`), the others written. Raises WorkspaceError, SchemaTooNew, IndexLocked, ModelError.
        """
        if not folders:
            raise WorkspaceError("No folder is open.", "Open a folder to search in it.")
        roots = unique_names([open_root(folder).path for folder in folders])
        wanted = wanted_outputs(settings.channels)
        cache, sparse = chosen_cache(settings.model), settings.model.sparse
        models = load_models(settings.model.folder, cache=cache, wanted=wanted, sparse=sparse)
        warnings = lacking_outputs(models)
        indexes: list[RootIndex] = []
        try:
            for root in roots:
                folder = index_folder(root, settings, len(roots))
                opened = open_or_follow(
                    root, folder, models, settings, readonly=readonly, following=following
                )
                warnings += [f"{root.name}: {warning}" for warning in opened.warnings]
                indexes.append(RootIndex(root, opened, models, roots, wide=settings.channels.late == WIDE))
        except BaseException:
            for index in indexes:
                index.close()
            models.close()
            raise
        return cls(indexes, models, settings, warnings, readonly)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of how the index was found, damage that was mended above all."""
        return (
            *self._warnings,
            *(f"{index.root.name}: {warning}" for index in self._indexes for warning in index.warnings),
        )

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
        """Bring the index up to date with the disk: text, structure, meaning; only what changed is read.

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

        written = [index for index in self._indexes if index.writable]
        if not written:
            raise UsageError("This index is open for reading only.", "Another process keeps it up to date.")
        try:
            if uris is None:
                reports = [
                    index.refresh(self._workers, self._rules, force=force, report=staged, cancelled=cancelled)
                    for index in written
                ]
            else:
                reports = [
                    index.refresh_at(uris[index.root.name], self._workers, self._rules, cancelled=cancelled)
                    for index in written
                    if index.root.name in uris
                ]
                for index in written:
                    index.publish()
            tier, encoded = min(until, self.deepest), 0
            if tier >= Tier.STRUCTURE and self._structure is not None:
                for index in written:
                    index.find_structure(self._structure, report=staged, cancelled=cancelled)
            if tier >= Tier.MEANING:
                encoded = sum(index.encode(report=staged, cancelled=cancelled) for index in written)
            for index in written:
                index.upkeep(cancelled)
                index.publish_views()
        finally:
            self._stage = None
        return index_report(reports, written, encoded, tier, time.monotonic() - started)

    @property
    def deepest(self) -> Tier:
        """The tier at which indexing ends, as set."""
        return Tier[self._settings.index.tier.upper()]

    # -- keeping current: the steps that scheduler.py takes in the order of their urgency ------------------------

    def edit(self, path: Path, text: str) -> bool:
        """Search an open document's unsaved text from now on; False where it is not a part of the workspace.

        Blocks for the time of its analysis, about 20 ms for 500 lines. Raises Cancelled when the service closes.
        """
        index, uri = self._index_at(path)
        if self._live is None or not self._is_listed(index, uri):
            return False
        if index.state.reads(uri, text):
            index.state.lift(uri)
            self._live.warm_up()  # what is open is likely to be typed in
            if self._structure is not None and self.deepest >= Tier.STRUCTURE:
                self._structure.warm_up()
            return True
        index.state.mark_stale([uri])
        encoded = text.encode("utf-8", "replace")
        file = SourceFile(uri, path_of(index.root, uri), len(encoded), time.time_ns())
        analysis = self._live.analyse(f"{index.root.name}/{uri}", text, file, self._rules)
        index.read_open(analysis)
        return True

    def revert(self, path: Path) -> None:
        """Forget an open document's unsaved text; its file's is searched again."""
        index, uri = self._index_at(path)
        if self._live is not None:
            self._live.forget(f"{index.root.name}/{uri}")
        self._listed.pop((index.root.name, uri), None)
        index.state.lift(uri)

    def touch(
        self, paths: Sequence[Path], cancelled: CancelCheck = never, *, urgency: Urgency = Urgency.RECENT
    ) -> IndexReport:
        """Compare files, or all below folders, with what is indexed of them: the text tier, not yet published."""
        started = time.monotonic()
        if self._workers is None:
            raise UsageError("This index is open for reading only.", "Another process keeps it up to date.")
        uris = self._by_root(paths)
        written = [index for index in self._indexes if index.writable and index.root.name in uris]
        reports = [
            index.refresh_at(
                uris[index.root.name], self._workers, self._rules, urgency=urgency, cancelled=cancelled
            )
            for index in written
        ]
        return index_report(reports, self._indexes, 0, Tier.TEXT, time.monotonic() - started)

    def compare(
        self, report: ProgressReport = silent, cancelled: CancelCheck = never, force: bool = False
    ) -> IndexReport:
        """Compare every file with what is indexed of it and publish: the text tier."""
        self._listed.clear()
        return self.index(until=Tier.TEXT, report=report, cancelled=cancelled, force=force)

    @property
    def urgency(self) -> Urgency | None:
        """How urgent the next document is that waits for its meaning; None where none does."""
        if self.deepest < Tier.MEANING:
            return None
        most = self._most_urgent(_meaning_urgency)
        return None if most is None else most[0]

    def encode_some(self, cancelled: CancelCheck = never) -> int:
        """Give the most urgent chunks their contextual vectors; answers how many, 0 where none waits."""
        most = self._most_urgent(_meaning_urgency)
        return 0 if most is None else most[1].encode_some(cancelled)

    def encode_first(self, chunks: Sequence[tuple[Root, Chunk]], cancelled: CancelCheck = never) -> int:
        """Give some chunks, those that lack it, their contextual vectors at once; answers how many did.

        Raises Cancelled; what was encoded by then is kept.
        """
        if self.deepest < Tier.MEANING:
            return 0
        return sum(
            index.encode_first([chunk for root, chunk in chunks if root == index.root], cancelled)
            for index in self._indexes
        )

    @property
    def structure_urgency(self) -> Urgency | None:
        """How urgent the next document is that waits for its structure; None where none does."""
        if self.deepest < Tier.STRUCTURE:
            return None
        most = self._most_urgent(_structure_urgency)
        return None if most is None else most[0]

    def structure_some(self, *, at_least: Urgency = Urgency.REST, cancelled: CancelCheck = never) -> int:
        """Give the most urgent documents their structure; answers how many, 0 where none is so urgent."""
        if self._structure is None:
            return 0
        most = self._most_urgent(_structure_urgency)
        if most is None or most[0] > at_least:
            return 0
        return most[1].structure_some(self._structure, at_least=at_least, cancelled=cancelled)

    @property
    def asks_compilers(self) -> bool:
        """Whether installed indexers are to run without being asked."""
        scip = self._settings.scip
        return scip.enabled and scip.auto and self._structure is not None

    def refresh_scip(
        self, report: ProgressReport = silent, cancelled: CancelCheck = never
    ) -> list[tuple[Root, IndexerRun]]:
        """Run the indexers that are installed, read the index.scip files that others made, and publish what they know.

        Takes minutes and runs beside everything else. Raises UsageError where that is switched off, Cancelled.
        """
        if not self._settings.scip.enabled or self._structure is None:
            raise UsageError("Indexers are switched off.", "Set scip.enabled to true.", "scip.enabled")
        options = self._indexer_options()
        runs: list[tuple[Root, IndexerRun]] = []
        for index in self._indexes:
            if index.writable:
                found = index.refresh_scip(options, self._structure, report=report, cancelled=cancelled)
                runs += [(index.root, run) for run in found]
        return runs

    def scip_status(self) -> list[ScipStatus]:
        """Which indexers are installed, which index.scip files there are, and what is known from them."""
        self.load_structure()
        return [
            scip_status(
                index.root,
                index.state.saved.chunks.languages,
                self._indexer_options(),
                index.state.structure.compiled,
            )
            for index in self._indexes
        ]

    def _indexer_options(self) -> IndexerOptions:
        scip = self._settings.scip
        commands = {"scip-python": scip.python_command, "scip-typescript": scip.typescript_command}
        return IndexerOptions(commands, scip.timeout_seconds)

    def load_structure(self) -> None:
        """Have the occurrences that were published in memory; ranking does without them until then."""
        for index in self._indexes:
            index.load_structure()

    @property
    def unpublished_structure(self) -> int:
        """How many documents have structure that the tables on disk do not have yet."""
        return sum(index.state.structure.unpublished for index in self._indexes if index.writable)

    @property
    def unstructured(self) -> int:
        """How many saved documents have no structure yet."""
        return sum(index.state.structure.missing for index in self._indexes if index.writable)

    @property
    def unencoded(self) -> int:
        """How many saved chunks lack something of the meaning tier."""
        snapshots = (index.state.saved for index in self._indexes if index.writable)
        return sum(snapshot.unencoded for snapshot in snapshots)

    @property
    def unpublished(self) -> bool:
        """Whether files are searched that the tables on disk do not have yet."""
        return any(index.writable and index.state.has_unpublished for index in self._indexes)

    @property
    def unpublished_vectors(self) -> int:
        """How many vectors the tables on disk do not have yet, though they have their chunks."""
        return sum(index.state.fresh_vectors for index in self._indexes if index.writable)

    def publish(self, *, with_vectors: bool = False) -> bool:
        """Bring the tables on disk up to date; whether there was anything. Raises IndexTrouble where that fails."""
        published = [index.publish(with_vectors=with_vectors) for index in self._indexes]
        return any(published)

    def upkeep(self, cancelled: CancelCheck = never) -> None:
        """What keeps searches and saves fast; for quiet moments."""
        for index in self._indexes:
            index.upkeep(cancelled)

    def reclaim(self, cancelled: CancelCheck = never) -> Reclaimed:
        """Do all upkeep there is to do and remove what no reader can need; the roots together."""
        if self._workers is None:
            raise UsageError("This index is open for reading only.", "Another process keeps it up to date.")
        found = [index.reclaim(cancelled) for index in self._indexes]
        left = sum(manifest_bytes(index.store.manifest) for index in self._indexes)
        return Reclaimed(sum(files for files, _ in found), sum(size for _, size in found), left)

    def attend(self) -> list[Root]:
        """Follow the processes that write; the roots that this one has taken over from a process that is gone."""
        taken: list[Root] = []
        for index in self._indexes:
            if index.writable or self._workers is None:
                continue
            folder = index_folder(index.root, self._settings, len(self._indexes))
            if (opened := take_over(index.root, folder, self._models, self._settings)) is not None:
                index.adopt(opened)
                taken.append(index.root)
                continue
            try:
                index.follow()
            except IndexTrouble:
                index.adopt(open_or_follow(index.root, folder, self._models, self._settings, following=True))
        return taken

    @property
    def following(self) -> tuple[Root, ...]:
        """The roots that another process writes."""
        return tuple(index.root for index in self._indexes if not index.writable)

    def search(self, request: SearchRequest, cancelled: CancelCheck = never) -> Answer:
        """The best hits of every root. Raises UsageError, QueryError, NotReady, Cancelled."""
        answer = self._searcher.search(self._snapshots(), request, cancelled)
        self._last_hits.remember(answer)
        return answer

    def rehearse(self) -> None:
        """Answer a question that nobody asked, so that whoever asks the first one need not wait for what is opened and
        read from the disk on the way: 0.15 s with 20,000 chunks."""
        snapshots = self._snapshots()
        if any(len(snapshot.chunks) for snapshot in snapshots):
            with suppress(CodeIntelError):  # whoever asks is told
                self._searcher.search(snapshots, SearchRequest(REHEARSED))

    def similar(self, path: Path, line: int, limit: int = 10, cancelled: CancelCheck = never) -> Answer:
        """The chunks most like the one at `line` (0-based) of `path`; hover explains these too."""
        snapshots = self._snapshots()
        snapshot, uri = self._locate(snapshots, path)
        answer = self._searcher.similar(
            snapshots, snapshot.root, _chunk_at(snapshot, uri, line), limit, cancelled
        )
        self._last_hits.remember(answer)
        return answer

    def explain(
        self, query: str, path: Path, line: int, depth: Depth = "full", cancelled: CancelCheck = never
    ) -> Explanation:
        """Why the chunk at `line` (0-based) of `path` stands where it does for `query`, to some depth."""
        snapshots = self._snapshots()
        snapshot, uri = self._locate(snapshots, path)
        return self._searcher.explain(
            snapshots, query, snapshot.root, _chunk_at(snapshot, uri, line), depth, cancelled
        )

    def why_not(
        self, query: str, expected: Expected, limit: int = 10, cancelled: CancelCheck = never
    ) -> WhyNot:
        """What became of something expected among the first `limit` hits.

        Raises UsageError, QueryError, NotReady, Cancelled. May look at the disk and ask git about one file.
        """

        def whereabouts(snapshot: Snapshot, uri: str) -> Presence:
            index = next(one for one in self._indexes if one.root == snapshot.root)
            return presence(index, snapshot, uri, self._rules.skip, self.roots, cancelled)

        return WhyNotInquiry(self._searcher, self._snapshots(), limit, cancelled).ask(
            query, expected, whereabouts
        )

    def judge(self, query: str, path: Path, line: int, verdict: str) -> int:
        """Keep whether the chunk at `line` (0-based) of `path` answers `query`; how many verdicts stand now.

        Raises UsageError, QueryError, and WorkspaceError where it cannot be kept.
        """
        snapshots, checked = self._snapshots(), checked_verdict(verdict)
        snapshot, uri = self._locate(snapshots, path)
        judge(snapshot, _chunk_at(snapshot, uri, line), query, checked)
        return len(standing(snapshots))

    def judgments(self) -> list[Standing]:
        """The verdicts that stand, with the chunks that they are about now. Raises WorkspaceError."""
        return standing(self._snapshots())

    def take_in_judgments(self, imported: Sequence[Imported]) -> Intake:
        """Keep verdicts of another checkout: for the root of the same name, or for the only one there is.

        Raises WorkspaceError where they cannot be kept.
        """
        snapshots = self._snapshots()
        roots = {snapshot.root.name: snapshot for snapshot in snapshots}
        only = snapshots[0] if len(snapshots) == 1 else None
        chosen: dict[str, list[Judgment]] = {}
        found = Intake(0, 0, 0)
        for one in imported:
            snapshot = roots.get(one.root, only)
            if snapshot is None:
                found += Intake(0, 0, 1)
            else:
                chosen.setdefault(snapshot.root.name, []).append(one.judgment)
        return sum((take_in(roots[name], judgments) for name, judgments in chosen.items()), found)

    def last_hit_at(self, path: Path, line: int) -> tuple[str, Hit] | None:
        """The latest search with a hit in that file that covers `line` (0-based), and the hit; for hovers."""
        try:
            snapshot, uri = self._locate(self._snapshots(), path)
        except WorkspaceError:
            return None
        return self._last_hits.at(snapshot.root.name, uri, line)

    # -- navigation ---------------------------------------------------------------------------------------------

    def definitions(
        self, path: Path, at: Position, encoding: PositionEncoding = "utf-16", cancelled: CancelCheck = never
    ) -> list[Location]:
        """Where the symbol at a position of `path` is defined, best first; empty while nothing is known of it.

        Raises WorkspaceError outside the workspace, IndexCorrupt, Cancelled.
        """
        asked, uri, positions, byte = self._navigate(path, at, encoding, cancelled)
        return [positions.location(place.root, place.row) for place in asked.definitions(uri, byte)]

    def references(
        self,
        path: Path,
        at: Position,
        encoding: PositionEncoding = "utf-16",
        cancelled: CancelCheck = never,
        *,
        with_definitions: bool = False,
    ) -> list[Location]:
        """Where the symbol at a position of `path` is named, by root, document and place. Raises as `definitions`."""
        asked, uri, positions, byte = self._navigate(path, at, encoding, cancelled)
        found = asked.references(uri, byte, with_definitions=with_definitions)
        return [positions.location(place.root, place.row) for place in found]

    def document_symbols(self, path: Path) -> tuple[Root, str, tuple[OutlineSymbol, ...]]:
        """What a document defines, with its root and uri; nothing while its structure is not known."""
        index, uri = self._index_at(path)
        occurrences, symbols = (index.rows_of(table, [uri]) for table in ("scip_occurrences", "scip_symbols"))
        if occurrences is None or symbols is None:
            return index.root, uri, ()
        return index.root, uri, document_outline(OccurrenceRows(occurrences), symbol_rows(symbols))

    def positions(self, encoding: PositionEncoding) -> Positions:
        """What turns bytes of documents, as they are searched now, into an editor's positions."""
        return Positions(self._snapshots(), encoding)

    def _navigate(
        self, path: Path, at: Position, encoding: PositionEncoding, cancelled: CancelCheck
    ) -> tuple[Navigation, str, Positions, int]:
        index, uri = self._index_at(path)
        for one in self._indexes:
            one.load_structure()  # before the snapshots, which have the symbols then
        snapshots = self._snapshots()
        positions = Positions(snapshots, encoding)
        roots = [
            RootSymbols(snapshot, partial(_occurrences_of, one))
            for snapshot, one in zip(snapshots, self._indexes, strict=True)
        ]
        navigation = Navigation(roots, index.root, cancelled)
        return navigation, uri, positions, positions.byte(index.root, uri, at)

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

    def folders(self, root: Root) -> frozenset[Path]:
        """The folders of a root that files of the index lie in."""
        index = next(one for one in self._indexes if one.root == root)
        return folders_holding(root.path, (file.row.uri for file in index.state.saved.chunks.files()))

    def coverage(self) -> Coverage:
        """How far the tiers reach now."""
        return Coverage.over(self._snapshots())

    @property
    def stage(self) -> Progress | None:
        """What indexing is doing, None while it rests."""
        return self._stage

    def status(self) -> Status:
        """What is indexed, how far, with what, and where it lies."""
        statuses = tuple(root_status(index) for index in self._indexes)
        models = self._models
        return Status(
            statuses,
            models.encoder.model_id,
            models.static.model_id,
            models.encoded,
            models.remembered,
            self._stage,
            self.warnings,
        )

    # -- tables -------------------------------------------------------------------------------------------------

    def tables(self) -> Database:
        """The views over all roots as they are now, unsaved text included; made when they are asked."""
        self._database.refresh([index.source() for index in self._indexes])
        return self._database

    def sql(
        self, text: str, *, max_rows: int = 1_000, timeout_s: float = 10.0, cancelled: CancelCheck = never
    ) -> SqlAnswer:
        """A person's SQL over the views: one SELECT, which can read nothing else and write nothing.

        Raises UsageError for any other statement and for a faulty one, IndexCorrupt, Cancelled.
        """
        return self.tables().sql(text, max_rows=max_rows, timeout_s=timeout_s, cancelled=cancelled)

    def publish_views(self) -> None:
        """Bring the catalog.duckdb of every root up to its published generation."""
        for index in self._indexes:
            index.publish_views()

    def export_idmap(self, path: Path) -> int:
        """Write the id map of every root to `path` (.parquet, .csv or .jsonl); answers the number of rows."""
        self.publish(with_vectors=True)
        return export_table("faiss_idmap", [index.store for index in self._indexes], path)

    def close(self) -> None:
        """Stop the workers and let another process write."""
        if self._workers is not None:
            self._workers.close()
        if self._live is not None:
            self._live.close()
        if self._structure is not None:
            self._structure.close()
        self._database.close()
        for index in self._indexes:
            index.close()
        self._models.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _most_urgent(
        self, urgency_of: Callable[[RootIndex], Urgency | None]
    ) -> tuple[Urgency, RootIndex] | None:
        """The root whose next waiting document is the most urgent, the first of several; None where none waits."""
        waiting = [(urgency, index) for index in self._indexes if (urgency := urgency_of(index)) is not None]
        return min(waiting, key=itemgetter(0), default=None)

    def _snapshots(self) -> tuple[Snapshot, ...]:
        return tuple(index.snapshot for index in self._indexes)

    def _by_root(self, paths: Sequence[Path]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            root = self._root_of(path)
            found[root.name].append(uri_of(root, path))
        return dict(found)

    def _index_at(self, path: Path) -> tuple[RootIndex, str]:
        root = self._root_of(path)
        return next(index for index in self._indexes if index.root == root), uri_of(root, path)

    def _is_listed(self, index: RootIndex, uri: str) -> bool:
        """Whether a document belongs to the workspace: an ignored file's text is not searched while it is open."""
        key = (index.root.name, uri)
        if key not in self._listed:
            self._listed[key] = index.lists(uri, self._rules)
        return self._listed[key]

    def _root_of(self, path: Path) -> Root:
        """The innermost root that holds `path`."""
        root = innermost(self.roots, path)
        if root is None:
            raise WorkspaceError(f"{path} lies outside the workspace.", "Open its folder to search in it.")
        return root

    def _locate(self, snapshots: Sequence[Snapshot], path: Path) -> tuple[Snapshot, str]:
        root = self._root_of(path)
        return next(snapshot for snapshot in snapshots if snapshot.root == root), uri_of(root, path)


def _meaning_urgency(index: RootIndex) -> Urgency | None:
    return index.state.waiting.urgency


def _structure_urgency(index: RootIndex) -> Urgency | None:
    return index.structure.urgency


def _occurrences_of(index: RootIndex, uris: Collection[str]) -> OccurrenceRows | None:
    rows = index.rows_of("scip_occurrences", uris)
    return None if rows is None else OccurrenceRows(rows)


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
