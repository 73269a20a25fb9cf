"""Refreshing a root's compiler-grade rows: each installed indexer is run once over a copy of the documents."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.protobuf import ScipIndexError
from codeintel.analysis.scip.reader import read_index
from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.errors import Cancelled, CodeIntelError
from codeintel.indexing.progress import Meter, Progress, ProgressReport, silent
from codeintel.indexing.scip_indexers import INDEXERS, Indexer, IndexerOptions, errand_for, find_program
from codeintel.indexing.scip_process import IndexerFailed, run_errand
from codeintel.indexing.scip_shadow import Shadow, SourceDocument, Sources, shadow_of
from codeintel.workspace.roots import Root

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CompiledDocument:
    """A compiler's rows of one document, and the text and hash that it had when it was copied.

    Whoever takes it compares the hash with the document's now. Where they are equal the rows hold as they are; else
    `merging.merge` carries them over from this text to the new one.
    """

    uri: str
    content_hash: int
    text: str
    occurrences: Columns
    symbols: Columns


@dataclass(frozen=True, slots=True)
class IndexerRun:
    """What became of one indexer: documents copied for it and handed over, and the error that it ended with."""

    indexer: str
    copied: int
    documents: int
    seconds: float
    error: CodeIntelError | None = None


def refresh_scip(
    root: Root,
    sources: Sources,
    take: Callable[[CompiledDocument], None],
    options: IndexerOptions | None = None,
    cancelled: CancelCheck = never,
    report: ProgressReport = silent,
) -> list[IndexerRun]:
    """Run every indexer that has documents here, one after the other, and hand over what they found, by document.

    Takes minutes: for a thread in the background. `take` is called in this thread, as soon as an index is there; what
    it raises ends the refresh. One indexer's failure is told in its run and does not keep the next from running.
    Nothing is written into the root, nothing of it is run. Raises Cancelled, programs and copies being gone by then.
    """
    chosen = options or IndexerOptions()
    runs = []
    for indexer in INDEXERS:
        if documents := sources.of(indexer.languages):
            stop_if(cancelled)
            refresh = _Refresh(root, sources, indexer, documents, take)
            runs.append(refresh.run(chosen, cancelled, report))
    return runs


class _Refresh:
    """One indexer's run over the documents in its languages."""

    def __init__(
        self,
        root: Root,
        sources: Sources,
        indexer: Indexer,
        documents: Sequence[SourceDocument],
        take: Callable[[CompiledDocument], None],
    ) -> None:
        self._root, self._sources, self._indexer, self._documents = root, sources, indexer, documents
        self._take = take
        self._handed = 0

    def run(self, options: IndexerOptions, cancelled: CancelCheck, report: ProgressReport) -> IndexerRun:
        """What became of it, its failure included."""
        started = time.monotonic()
        failure = None
        try:
            self._index(options, cancelled, report)
        except Cancelled:
            raise
        except CodeIntelError as error:
            failure = error
            log.info("%s", error)
        seconds = time.monotonic() - started
        return IndexerRun(self._indexer.name, len(self._documents), self._handed, seconds, failure)

    def _index(self, options: IndexerOptions, cancelled: CancelCheck, report: ProgressReport) -> None:
        name = self._indexer.name
        find_program(self._indexer, self._root, options)  # before anything is copied
        meter = Meter(f"Copying for {name}", len(self._documents), report)
        with shadow_of(self._root, self._sources, self._documents, cancelled, meter) as shadow:
            errand = errand_for(self._indexer, self._root, shadow, options)

            def counted(done: int, total: int) -> None:
                report(Progress(f"Running {name}", done, total))

            counted(0, len(shadow.documents))
            run_errand(errand, cancelled, counted)
            self._hand_over(shadow, errand.output, cancelled, report)

    def _hand_over(self, shadow: Shadow, index: Path, cancelled: CancelCheck, report: ProgressReport) -> None:
        """Give each document's rows away; IndexerFailed where there are none."""
        name = self._indexer.name
        if not index.is_file():
            raise IndexerFailed(f"{name} wrote no index.", "Run it by hand to see why.")
        meter = Meter(f"Reading what {name} found", len(shadow.documents), report)
        try:
            for uri, occurrences, symbols in read_index(index, shadow.text_of):
                stop_if(cancelled)
                text = shadow.text_of(uri)
                if text is None:
                    continue
                hash_then = shadow.documents[uri].content_hash
                self._take(CompiledDocument(uri, hash_then, text, occurrences, symbols))
                self._handed += 1
                meter.advance()
        except ScipIndexError as error:
            raise IndexerFailed(
                f"{name} ended as if all were well, but: {error.message}", error.remedy
            ) from error
        if not self._handed:
            raise IndexerFailed(f"The index that {name} wrote has none of the documents that it was given.")
