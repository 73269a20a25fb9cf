"""The BM25 index over tantivy: opening, writing and committing; searching is lexical_view's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import tantivy

from codeintel.engines.lexical_base import CommittedLayer
from codeintel.engines.lexical_faults import as_corrupt, as_trouble
from codeintel.engines.lexical_files import CommittedFiles, FileStamp, remove_leftovers, verify
from codeintel.engines.lexical_schema import LexicalDocument, lexical_schema, tantivy_document
from codeintel.engines.lexical_view import LexicalHits, LexicalView, TermScore
from codeintel.errors import IndexTrouble

__all__ = ["LexicalDocument", "LexicalHits", "LexicalIndex", "LexicalView", "TermScore"]

_log = logging.getLogger(__name__)

# Measured on 21,000 chunks (30 MB): as fast as 128 MB (0.7 s, one segment); 16 MB leaves 11 segments.
WRITER_HEAP_BYTES = 50_000_000

# One thread: two halve a bulk commit, but double a small one and leave more segments to merge.
WRITER_THREADS = 1

# tantivy's merge policy leaves fewer than eight segments alone: only from here on can a merge be running.
MERGE_SEGMENTS = 8


class LexicalIndex:
    """One writer, any number of views; `commit` makes everything since the last one visible at once.

    The writer lock is taken by the first `replace`, not by `open`, so that a second process can read and
    follow (`refresh`) and take over when the first is gone. Merges end inside `commit`: between commits no
    file changes.
    """

    def __init__(
        self,
        index: tantivy.Index,
        schema: tantivy.Schema,
        folder: Path | None,
        known: Mapping[str, FileStamp] | None = None,
    ) -> None:
        self._index = index
        self._schema = schema
        self._folder = folder
        self._files = CommittedFiles(folder, known) if folder else None
        self._writer: tantivy.IndexWriter | None = None
        self._is_tidy = False  # whether leftovers of a crash were removed
        self._mutation = threading.RLock()
        index.config_reader("manual")  # the default keeps a thread that polls the folder
        self._view = LexicalView(CommittedLayer(index.searcher(), schema, folder))

    @classmethod
    def open(cls, folder: Path | None, recorded: Mapping[str, FileStamp] | None = None) -> LexicalIndex:
        """Open or create the index in `folder` (None: in memory) after verifying its files.

        Against `recorded` (see `files`) where given, else each by its own checksum: 1 ms a megabyte. Raises
        IndexCorrupt, naming the folder, where it is damaged, truncated or of another schema; OSError where
        the folder cannot be created. Recorded files that a later commit merged away are no damage.
        """
        schema = lexical_schema()
        if folder is None:
            return cls(tantivy.Index(schema), schema, None)
        folder.mkdir(parents=True, exist_ok=True)
        known = verify(folder, recorded or {})
        with as_corrupt(folder):
            return cls(tantivy.Index(schema, path=str(folder)), schema, folder, known)

    def replace(self, remove_ids: Iterable[int], documents: Iterable[LexicalDocument]) -> None:
        """Stage removals, then documents (each instead of an earlier one of its id); seen after `commit`.

        Raises IndexLocked where another process writes; IndexTrouble where writing failed, after which all
        that was staged since the last commit must be staged again; ValueError for an id outside int64 > 0.
        """
        converted = [(document.id, tantivy_document(document, self._schema)) for document in documents]
        with self._mutation:
            writer = self._opened_writer()
            with self._discarding_writer("stage documents"):
                for chunk_id in remove_ids:
                    writer.delete_documents_by_term("id", int(chunk_id))
                for chunk_id, document in converted:
                    writer.delete_documents_by_term("id", int(chunk_id))
                    writer.add_document(document)

    def commit(self) -> None:
        """Make what is staged durable and visible to new views: 10 ms for ten documents, 0.5 s for 20,000."""
        with self._mutation:
            if self._writer is None:
                return
            with self._discarding_writer("commit"):
                self._writer.commit()
                self._follow()
                self._finish_merges()

    def rewrite(self, documents: Iterable[LexicalDocument]) -> None:
        """Put `documents` in place of everything, staged or committed, in one commit; as 0.5 s for 20,000.

        The statistics are then those of a fresh index, in which nothing was ever deleted. A crash or an error
        on the way leaves what was committed. Raises as `replace` does, and whatever `documents` raises.
        """
        with self._mutation:
            try:
                self._roll_back()
                self._stage_anew(documents)
                self.commit()
            except BaseException:
                self._roll_back()
                raise

    @property
    def deleted(self) -> int:
        """How many deleted documents the statistics still count: their segments were not merged or rewritten yet.

        0.1 ms for the first call after a commit.
        """
        return self._view.deleted

    def refresh(self) -> None:
        """See what another process has committed since; 0.02 ms where there is nothing."""
        with self._mutation, as_corrupt(self._folder):
            self._follow()

    def view(self) -> LexicalView:
        """The last committed state; it stays as it is."""
        return self._view

    def ids(self) -> npt.NDArray[np.int64]:
        """Every committed id, ascending, for reconciliation with the chunks table."""
        return self._view.ids()

    def files(self) -> dict[str, FileStamp]:
        """Size and sha256 of each file of the last commit, for `open(recorded=...)`; empty in memory.

        Reads what was written since the last call, 1 ms a megabyte; searches go on meanwhile, writing waits.
        """
        with self._mutation:
            return self._files.stamps() if self._files else {}

    def close(self) -> None:
        """Drop what is staged, wait for the writer's threads and give the lock back; views stay usable."""
        with self._mutation:
            writer, self._writer = self._writer, None
            if writer is not None:
                with as_trouble(self._folder, "close"):
                    writer.wait_merging_threads()

    def __enter__(self) -> LexicalIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _opened_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            with as_trouble(self._folder, "open its writer"):
                self._writer = self._index.writer(WRITER_HEAP_BYTES, WRITER_THREADS)
            if self._folder and not self._is_tidy:
                remove_leftovers(self._folder)
                self._is_tidy = True
        return self._writer

    def _roll_back(self) -> None:
        """Drop what is staged; its removals would else reach what is staged after a rewrite began."""
        if self._writer is not None:
            with self._discarding_writer("drop what was staged"):
                self._writer.rollback()

    def _stage_anew(self, documents: Iterable[LexicalDocument]) -> None:
        staged: set[int] = set()
        writer = self._opened_writer()
        with self._discarding_writer("start anew"):
            writer.delete_all_documents()
        for document in documents:
            converted = tantivy_document(document, self._schema)
            with self._discarding_writer("stage documents"):
                if document.id in staged:  # a removal for each would leave nothing to remove, and take time
                    writer.delete_documents_by_term("id", int(document.id))
                writer.add_document(converted)
            staged.add(document.id)

    def _follow(self) -> None:
        self._index.reload()
        self._view = LexicalView(CommittedLayer(self._index.searcher(), self._schema, self._folder))

    def _finish_merges(self) -> None:
        """Waiting consumes tantivy's writer; the next `replace` opens another in under 1 ms."""
        if self._writer is not None and self._index.searcher().num_segments >= MERGE_SEGMENTS:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()
            self._follow()

    @contextmanager
    def _discarding_writer(self, action: str) -> Iterator[None]:
        """A writer that failed stays dead: drop it; the next `replace` starts from the last commit."""
        try:
            with as_trouble(self._folder, action):
                yield
        except IndexTrouble as error:
            self._writer = None
            self._is_tidy = False
            _log.warning("%s", error)
            raise
