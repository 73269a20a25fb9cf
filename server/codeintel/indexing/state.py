"""What is searched of one root, and how it changes: saved files, open documents laid over them, vectors that arrive.

Every change is a pure step from one snapshot to the next under one short lock. Nothing here reads files, parses, or
writes to disk: recent changes are searched from memory until `capture` and `committed` move them into tantivy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk
from codeintel.engines.late_lists import TokenLists
from codeintel.engines.lexical import LexicalDocument, LexicalIndex, LexicalView
from codeintel.engines.ragged_segment import Row
from codeintel.engines.ragged_view import RaggedView
from codeintel.engines.sparse_source import matched
from codeintel.indexing.assembly import lexical_documents
from codeintel.indexing.differences import chunks_at, chunks_in, difference, reads_same, text_of
from codeintel.indexing.document_queue import DocumentQueue, Urgency
from codeintel.indexing.scip_refresh import CompiledDocument
from codeintel.indexing.structure_state import DocumentRows, StructureCapture, StructureState
from codeintel.models.folder import Models
from codeintel.models.outputs import Encoded, Output
from codeintel.models.vectors import passage_for
from codeintel.snapshot import Change, ChunkTable, IndexedFile, Snapshot, VectorRows
from codeintel.symbol_table import DocumentSymbols, SymbolTable

Vectors = npt.NDArray[np.float32]
Files = Mapping[str, IndexedFile | None]
Bodies = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class OpenText:
    """An open document's unsaved text, ready to be laid over its file: rows and vectors by chunk id."""

    file: IndexedFile
    documents: Mapping[int, LexicalDocument]
    static: Mapping[int, Vectors]
    contextual: dict[int, Vectors] = field(default_factory=dict)
    outputs: dict[Output, dict[int, Row]] = field(default_factory=dict)

    def is_encoded(self, chunk_id: int, layouts: Iterable[Output]) -> bool:
        """Whether a chunk has all that the meaning tier gives it."""
        return chunk_id in self.contextual and all(
            chunk_id in self.outputs.get(output, {}) for output in layouts
        )


@dataclass(frozen=True, slots=True)
class Capture:
    """What is to be written, taken at one moment: `saved` is what the files of `uris` are to become.

    `uncommitted` has what tantivy holds of each document that is searched from memory; `removed` and `documents` bring
    it up to `saved`. `vectors` are ids of chunks that were given their contextual vector since the last time.
    """

    saved: Snapshot
    uris: tuple[str, ...]
    uncommitted: Files
    removed: tuple[int, ...]
    documents: tuple[LexicalDocument, ...]
    vectors: tuple[int, ...]
    structure: StructureCapture


class IndexState:
    """The one place where a root's snapshot is exchanged. Any thread may call any method; `snapshot` may be read."""

    def __init__(
        self, saved: Snapshot, models: Models, structured: Mapping[str, int], *, writes: bool = True
    ) -> None:
        self.lock = threading.RLock()
        self.folding = threading.Lock()  # held while vectors of a captured snapshot are read
        self.waiting = DocumentQueue()
        self.structure = StructureState()
        self._models = models
        self._open: dict[str, OpenText] = {}
        self._stale: set[str] = set()
        self.adopt(saved, structured, writes=writes)

    def adopt(self, saved: Snapshot, structured: Mapping[str, int], *, writes: bool = True) -> None:
        """Go on from another saved snapshot, as read from disk; open documents stay laid over it.

        `structured` are the hashes of the texts that the tables have structure of. Where another process `writes`, it
        also gives saved chunks their vectors and documents their structure.
        """
        chunks = list(saved.chunks) if writes else []
        held = saved.encoded(np.array([chunk.id for chunk in chunks], np.int64))
        # in the order of the table: checkpoints then concern few bases
        bare = dict.fromkeys(chunk.uri for chunk, has in zip(chunks, held.tolist(), strict=True) if not has)
        with self.lock:
            self._writes = writes
            self.saved = saved
            self._uncommitted: dict[str, IndexedFile | None] = {}
            self._documents: dict[str, dict[int, LexicalDocument]] = {}
            self._unpublished: dict[str, None] = {}
            self._in_flight: tuple[str, ...] = ()  # being written just now
            self._fresh: dict[int, None] = {}
            self.waiting.put(bare, Urgency.REST)
            self.structure.adopt(saved.chunks.files(), structured, writes=writes)
            self._relay()

    @property
    def has_unpublished(self) -> bool:
        """Whether files changed since the last capture."""
        return bool(self._unpublished)

    def awaits_publication(self, uri: str) -> bool:
        """Whether a document changed, or was deleted, and no published state tells of it yet."""
        return uri in self._unpublished or uri in self._in_flight

    @property
    def fresh_vectors(self) -> int:
        """How many chunks were given their vector since the last capture that took them."""
        return len(self._fresh)

    # -- files as they are on disk ------------------------------------------------------------------------------

    def take_in(self, files: Files, bodies: Bodies, urgency: Urgency) -> None:
        """Make a few files searchable as they are on disk, from memory; None removes one. Milliseconds."""
        known = self._static_vectors(self._altered(self.saved, files))
        with self.lock:
            before = self.saved
            change = self._change(before, files, bodies, known)
            self.saved = before.changed(change)
            for uri in files:
                self._uncommitted.setdefault(uri, before.chunks.file(uri))
                kept = {chunk.id for chunk in chunks_in(files[uri])}
                staged = {i: d for i, d in self._documents.get(uri, {}).items() if i in kept}
                self._documents[uri] = {**staged, **{d.id: d for d in change.documents.get(uri, ())}}
            self._note_taken(files, urgency, before.chunks)

    def take_in_bulk(self, files: Files, bodies: Bodies, urgency: Urgency, lexical: LexicalIndex) -> None:
        """The same for many files, by way of a commit: tantivy indexes thousands faster than memory is searched.

        The caller holds the publishing lock. Raises IndexTrouble where tantivy cannot write; nothing is changed then.
        """
        with self.lock:
            before, uncommitted = self.saved, dict(self._uncommitted)
        held = {uri: uncommitted[uri] if uri in uncommitted else before.chunks.file(uri) for uri in files}
        removed, documents = _staged(held, files, bodies)
        lexical.replace(removed, documents)
        lexical.commit()
        known = self._static_vectors(self._altered(before, files))
        with self.lock:
            overtaken = {uri for uri in files if self.saved.chunks.file(uri) is not before.chunks.file(uri)}
            for uri in files:
                self._uncommitted.pop(uri, None)
                self._documents.pop(uri, None)
            for uri in overtaken:
                self._uncommitted[uri] = files[uri]
                self._documents[uri] = _documents_by_id(self.saved.chunks.file(uri))
            taken = {uri: file for uri, file in files.items() if uri not in overtaken}
            change = self._change(self.saved, taken, {}, known, with_documents=False)
            altered = [chunk.id for chunk in self._altered(self.saved, taken)]
            self.saved = self.saved.changed(replace(change, gone=[*change.gone, *altered]), lexical.view())
            self.saved = replace(self.saved, lexical=self._laid(lexical.view()))
            self._note_taken(taken, urgency, before.chunks)

    def _note_taken(self, files: Files, urgency: Urgency, before: ChunkTable) -> None:
        self._unpublished.update(dict.fromkeys(files))
        self._stale.difference_update(files)
        self.structure.taken(files, urgency, before.file)
        for uri, file in files.items():
            if (open_text := self._open.get(uri)) and file and text_of(file) == text_of(open_text.file):
                del self._open[uri]
                self.structure.lifted(uri)
        self.waiting.put([uri for uri, file in files.items() if file and file.chunks], urgency)
        self._relay()

    def follow(
        self,
        files: Files,
        static: VectorRows,
        contextual: VectorRows,
        structured: Mapping[str, DocumentSymbols | None],
        lexical: LexicalView,
        generation: int,
    ) -> None:
        """Take over documents as another process has published them, with the vectors and structure it gave them."""
        with self.lock:
            outdated = [chunk.id for uri in files for chunk in chunks_at(self.saved.chunks, uri)]
            change = Change(files, outdated, {}, static, contextual)
            self.saved = replace(self.saved.changed(change, lexical), generation=generation)
            self._stale.difference_update(files)
            self.structure.follow(files, structured)
            self._relay()

    # -- open documents -----------------------------------------------------------------------------------------

    def lay_over(self, file: IndexedFile, bodies: Sequence[str]) -> None:
        """Search an open document's text instead of its file's; where both read the same, the file's."""
        uri = file.row.uri
        static = self._static_vectors(file.chunks)
        with self.lock:
            self._stale.discard(uri)
            saved = self.saved.chunks.file(uri)
            if saved is not None and text_of(saved) == text_of(file):
                self._open.pop(uri, None)
                self.structure.lifted(uri)
            else:
                self.structure.opened(file)
                documents = {document.id: document for document in lexical_documents(file, bodies)}
                self._open[uri] = OpenText(file, documents, static, *self._known(file.chunks))
                self.waiting.put([uri], Urgency.VISIBLE)
            self._relay()

    def reads(self, uri: str, text: str) -> bool:
        """Whether a document's file, as it was last read, has exactly this text."""
        file = self.saved.chunks.file(uri)
        return file is not None and file.row.skip_reason is None and text_of(file) == text

    def lift(self, uri: str) -> None:
        """Forget an open document's unsaved text: its file's is searched again."""
        with self.lock:
            self._stale.discard(uri)
            self._open.pop(uri, None)
            self.structure.lifted(uri)
            self._relay()

    @property
    def open_uris(self) -> frozenset[str]:
        """The documents whose unsaved text is searched."""
        return frozenset(self._open)

    def mark_stale(self, uris: Iterable[str]) -> None:
        """Say of documents that they are known to have changed since they were read."""
        with self.lock:
            self._stale.update(uris)
            self._show_stale()

    def unmark_stale(self, uris: Iterable[str]) -> None:
        """Say that documents have been compared with what they were said to have become."""
        with self.lock:
            self._stale.difference_update(uris)
            self._show_stale()

    def unmark_all(self) -> None:
        """Say that every document has been compared."""
        with self.lock:
            self._stale.clear()
            self._show_stale()

    # -- contextual vectors -------------------------------------------------------------------------------------

    def next_batch(self, limit: int) -> list[Chunk]:
        """At most `limit` chunks without a contextual vector, of the most urgent documents; none when all have one."""
        batch: list[Chunk] = []
        while len(batch) < limit and (found := self.waiting.take()):
            uri, urgency = found
            missing = self.unencoded(uri)
            room = limit - len(batch)
            batch += missing[:room]
            if len(missing) > room:
                self.waiting.put([uri], urgency)
        return batch

    def unencoded(self, uri: str) -> list[Chunk]:
        """The chunks of a document, as saved and as open, that lack something of the meaning tier."""
        with self.lock:
            saved, open_text = self.saved, self._open.get(uri)
        chunks = chunks_at(saved.chunks, uri) if self._writes else ()
        held = saved.encoded(np.array([chunk.id for chunk in chunks], np.int64))
        missing = {chunk.id: chunk for chunk, has in zip(chunks, held.tolist(), strict=True) if not has}
        if open_text:
            unsaved = (
                chunk for chunk in open_text.file.chunks if not open_text.is_encoded(chunk.id, saved.outputs)
            )
            missing = {**{chunk.id: chunk for chunk in unsaved}, **missing}
        return list(missing.values())

    def lacking(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those of `chunks` that are searched and that this process is to give their meaning."""
        with self.lock:
            return [chunk for chunk in chunks if self._lacks_saved(chunk) or self._lacks_open(chunk)]

    def _lacks_saved(self, chunk: Chunk) -> bool:
        known = self._writes and reads_same(self.saved.chunks.get(chunk.id), chunk)
        return known and not self.saved.encoded(np.array([chunk.id], np.int64))[0]

    def _lacks_open(self, chunk: Chunk) -> bool:
        text = self._open.get(chunk.uri)
        if text is None or not _has(text.file, chunk):
            return False
        return not text.is_encoded(chunk.id, self.saved.outputs)

    def take_vectors(self, chunks: Sequence[Chunk], encoded: Encoded) -> None:
        """Put contextual vectors, and rows of outputs, in place where the chunks still read the same."""
        with self.lock:
            kept: dict[int, Vectors] = {}
            outputs: dict[Output, dict[int, Row]] = {output: {} for output in self.saved.outputs}
            for at, (chunk, vector) in enumerate(zip(chunks, encoded.dense, strict=True)):
                rows = {output: encoded.rows(output)[at] for output in outputs}
                if reads_same(self.saved.chunks.get(chunk.id), chunk):
                    kept[chunk.id] = vector
                    for output, row in rows.items():
                        outputs[output][chunk.id] = row
                if (open_text := self._open.get(chunk.uri)) and _has(open_text.file, chunk):
                    open_text.contextual[chunk.id] = vector
                    for output, row in rows.items():
                        open_text.outputs.setdefault(output, {})[chunk.id] = row
            self.saved = self.saved.told(VectorRows.of(kept, self._models.encoder.dim), outputs)
            kept_bare = (c.id for c in chunks if c.id in kept and c.uri not in self._unpublished)
            self._fresh.update(dict.fromkeys(kept_bare))  # the others' rows are yet to be written
            self._relay()

    # -- structure ----------------------------------------------------------------------------------------------

    def texts_without_structure(self, uri: str) -> list[tuple[bool, int, IndexedFile]]:
        """What of a document waits for its structure: whether it is the open text, its hash, and its chunks."""
        with self.lock:
            found: list[tuple[bool, int, IndexedFile]] = []
            for is_open, content_hash in self.structure.wants(uri):
                text = self._open.get(uri) if is_open else None
                file = text.file if text else self.saved.chunks.file(uri)
                if file is not None and file.row.content_hash == content_hash:
                    found.append((is_open, content_hash, file))
            return found

    def take_structure(
        self, uri: str, rows: DocumentRows, *, is_open: bool, merged: CompiledDocument | None = None
    ) -> None:
        """Put a text's structure in place where that is still the text which is searched.

        `merged` are a compiler's rows that have just become a part of it.
        """
        with self.lock:
            if self.structure.take(uri, rows, is_open=is_open):
                if merged is not None and not is_open:
                    self.structure.merged(merged)
                self._show_structure()

    def compiler_found(self, found: CompiledDocument) -> None:
        """A compiler's rows of a document are there; they are merged with ours when its turn comes."""
        with self.lock:
            self.structure.arrived(found)

    def lost(self, texts: Iterable[str], structures: Iterable[str]) -> None:
        """The tables on disk have lost documents that are known here: they are to be written, or derived, again."""
        with self.lock:
            self._unpublished.update(dict.fromkeys(texts))
            self.structure.lost([*texts, *structures])
            self._show_structure()

    def load_symbols(self, symbols: SymbolTable, compiled: Iterable[str]) -> None:
        """Take over the occurrences that were read from the tables on disk; some documents have a compiler's."""
        with self.lock:
            self.structure.load(symbols, compiled)
            self._show_structure()

    # -- what the tables on disk do not have --------------------------------------------------------------------

    def unwritten(self) -> tuple[Snapshot, frozenset[str], frozenset[str], Sequence[DocumentRows]]:
        """The snapshot, whose documents have another text on disk, whose another structure, and those rows."""
        with self.lock:
            texts = frozenset([*self._unpublished, *self._in_flight, *self._open])
            return self.snapshot, texts, self.structure.hidden(), self.structure.laid_over()

    # -- moving to disk -----------------------------------------------------------------------------------------

    def capture(self, *, with_vectors: bool) -> Capture:
        """Take what is to be written; until `put_back` it counts as written."""
        with self.lock:
            uncommitted = dict(self._uncommitted)
            now = {uri: self.saved.chunks.file(uri) for uri in uncommitted}
            removed = [i for uri, file in uncommitted.items() for i in _gone(file, now[uri])]
            documents = [document for uri in uncommitted for document in self._documents[uri].values()]
            uris, vectors = tuple(self._unpublished), tuple(self._fresh) if with_vectors else ()
            self._unpublished, self._in_flight = {}, uris
            if with_vectors:
                self._fresh = {}
            structure = self.structure.capture()
            return Capture(
                self.saved, uris, uncommitted, tuple(removed), tuple(documents), vectors, structure
            )

    def put_back(self, capture: Capture) -> None:
        """What was captured could not be written: it waits again."""
        with self.lock:
            self._unpublished, self._in_flight = {**dict.fromkeys(capture.uris), **self._unpublished}, ()
            self._fresh = {**dict.fromkeys(capture.vectors), **self._fresh}

    def committed(self, capture: Capture, view: LexicalView) -> None:
        """tantivy has what was captured: only what changed since is searched from memory."""
        with self.lock:
            for uri in capture.uncommitted:
                held = capture.saved.chunks.file(uri)
                if self.saved.chunks.file(uri) is held:
                    self._uncommitted.pop(uri, None)
                    self._documents.pop(uri, None)
                else:
                    self._uncommitted[uri] = held
            self.saved = replace(self.saved, lexical=self._laid(view))
            self._relay()

    def published(self, capture: Capture, generation: int) -> None:
        """The tables on disk have what was captured, as this generation."""
        with self.lock:
            self._in_flight = ()
            self.structure.published(capture.structure)
            self.saved = replace(self.saved, generation=generation)
            self._relay()

    def lay_outputs(self, change: Callable[[Output, RaggedView], RaggedView]) -> None:
        """Exchange the views of outputs for others that say the same, or more, of the saved chunks."""
        with self.lock:
            views = {output: change(output, view) for output, view in self.saved.outputs.items()}
            names = {held.segment.name for view in views.values() for held in view.held}
            lists = {name: lists for name, lists in self.saved.token_lists.items() if name in names}
            self.saved = replace(self.saved, outputs=views, token_lists=lists)
            self._relay()

    def lay_lists(self, lists: Mapping[str, TokenLists]) -> None:
        """Find tokens through further lists from now on; they are over segments that are looked at."""
        with self.lock:
            self.saved = replace(self.saved, token_lists={**self.saved.token_lists, **lists})
            self._relay()

    def fold(self) -> bool:
        """Let the dense bases take in what lies on top of them; False where their vectors are being read."""
        if not self.folding.acquire(blocking=False):
            return False
        try:
            for view in (self.saved.contextual, self.saved.static):
                view.fold()
        finally:
            self.folding.release()
        return True

    def match_impacts(self) -> None:
        """Have the term weights by term that the rows are which another process has published."""
        with self.lock:
            if (rows := self.saved.outputs.get(Output.TERMS)) is not None:
                self.saved = replace(self.saved, impacts=matched(self.saved.impacts, rows))
                self._relay()

    def fold_impacts(self) -> None:
        """Make the base of the term weights anew, with what lies on top of it, where that is much."""
        with self.folding:
            before = self.saved.impacts
            if not before.needs_fold:
                return
            folded = before.folded()
            with self.lock:
                now = self.saved.impacts
                if now.base is before.base:  # else another index has been taken over meanwhile
                    self.saved = replace(self.saved, impacts=now.over(folded, before))
                    self._relay()

    def fold_symbols(self) -> None:
        """Make the arrays of occurrences anew where many documents are laid over them, unless more come meanwhile."""
        before = self.structure.saved_symbols
        if before.needs_fold:
            folded = before.folded()
            with self.lock:
                if self.structure.fold_symbols(before, folded):
                    self._show_structure()

    # -- steps --------------------------------------------------------------------------------------------------

    def _relay(self) -> None:
        """Lay the open documents over the saved files; the lock is held."""
        self.snapshot = self.saved
        if self._open:
            files = {uri: text.file for uri, text in self._open.items()}
            found = {
                uri: difference(chunks_at(self.saved.chunks, uri), file.chunks) for uri, file in files.items()
            }
            altered = [(self._open[uri], chunk.id) for uri, one in found.items() for chunk in one.altered]
            documents = {
                uri: [self._open[uri].documents[chunk.id] for chunk in one.altered]
                for uri, one in found.items()
            }
            static = {i: text.static[i] for text, i in altered}
            contextual = {i: text.contextual[i] for text, i in altered if i in text.contextual}
            change = Change(
                files,
                [i for one in found.values() for i in one.gone],
                documents,
                VectorRows.of(static, self._models.static.dim),
                VectorRows.of(contextual, self._models.encoder.dim),
                {
                    output: {i: rows[i] for text, i in altered if i in (rows := text.outputs.get(output, {}))}
                    for output in self.saved.outputs
                },
            )
            self.snapshot = replace(self.saved.changed(change), live=frozenset(self._open))
        self._show_stale()
        self._show_structure()

    def _show_stale(self) -> None:
        """Let queries see which documents are known to have changed; the lock is held."""
        if self.snapshot.stale != self._stale:
            self.snapshot = replace(self.snapshot, stale=frozenset(self._stale))

    def _show_structure(self) -> None:
        """Let queries see the structure that is there now; the lock is held."""
        found = self.structure
        self.snapshot = replace(
            self.snapshot,
            symbols=found.symbols,
            structured=found.covered,
            documents=found.covered + found.missing,
        )

    def _laid(self, view: LexicalView) -> LexicalView:
        """What tantivy has not got, over what it has."""
        if not self._uncommitted:
            return view
        removed = [
            i for uri, file in self._uncommitted.items() for i in _gone(file, self.saved.chunks.file(uri))
        ]
        return view.changed(removed, {uri: [*self._documents[uri].values()] for uri in self._uncommitted})

    def _altered(self, before: Snapshot, files: Files) -> list[Chunk]:
        found = (difference(chunks_at(before.chunks, uri), chunks_in(file)) for uri, file in files.items())
        return [chunk for one in found for chunk in one.altered]

    def _change(
        self,
        before: Snapshot,
        files: Files,
        bodies: Bodies,
        static: Mapping[int, Vectors],
        *,
        with_documents: bool = True,
    ) -> Change:
        gone: list[int] = []
        altered: list[Chunk] = []
        documents: dict[str, list[LexicalDocument]] = {}
        for uri, file in files.items():
            found = difference(chunks_at(before.chunks, uri), chunks_in(file))
            gone += found.gone
            altered += found.altered
            if with_documents and file and found.altered:
                wanted = {chunk.id for chunk in found.altered}
                every = lexical_documents(file, bodies.get(uri, ()))
                documents[uri] = [document for document in every if document.id in wanted]
        missing = [chunk for chunk in altered if chunk.id not in static]  # a change came in between
        vectors = {**static, **self._static_vectors(missing)}
        rows = {chunk.id: vectors[chunk.id] for chunk in altered}
        known, outputs = self._known(altered)
        return Change(
            files,
            gone,
            documents,
            VectorRows.of(rows, self._models.static.dim),
            VectorRows.of(known, self._models.encoder.dim),
            outputs,
        )

    def _static_vectors(self, chunks: Sequence[Chunk]) -> dict[int, Vectors]:
        """By chunk id, rounded as the table keeps them, so that answers are the same before and after a restart."""
        if not chunks:
            return {}
        model = self._models.static
        passages = [passage_for(model, chunk.uri, chunk.breadcrumb, chunk.content) for chunk in chunks]
        vectors = model.encode(passages).astype(np.float16).astype(np.float32)
        return {chunk.id: vector for chunk, vector in zip(chunks, vectors, strict=True)}

    def _known(self, chunks: Sequence[Chunk]) -> tuple[dict[int, Vectors], dict[Output, dict[int, Row]]]:
        """Contextual vectors, and rows of outputs, of chunks that read as some document does that is searched now."""
        with self.lock:
            known: dict[int, Vectors] = {}
            outputs: dict[Output, dict[int, Row]] = {}
            same = [chunk for chunk in chunks if reads_same(self.saved.chunks.get(chunk.id), chunk)]
            ids = np.array([chunk.id for chunk in same], np.int64)
            held = ids[self.saved.contextual.holds(ids)]
            known.update(zip(held.tolist(), self.saved.contextual.reconstruct(held), strict=True))
            for output, view in self.saved.outputs.items():
                rows = zip(ids.tolist(), view.rows(ids), strict=True)
                outputs[output] = {number: row for number, row in rows if row is not None}
            for chunk in chunks:
                text = self._open.get(chunk.uri)
                if text and chunk.id in text.contextual and _has(text.file, chunk):
                    known[chunk.id] = text.contextual[chunk.id]
                    for output, of_text in text.outputs.items():
                        if chunk.id in of_text:
                            outputs[output][chunk.id] = of_text[chunk.id]
            return known, outputs


def _staged(held: Files, files: Files, bodies: Bodies) -> tuple[list[int], list[LexicalDocument]]:
    """The ids to remove from tantivy and the documents to add, for it to go from `held` to `files`."""
    removed: list[int] = []
    documents: list[LexicalDocument] = []
    for uri, file in files.items():
        found = difference(chunks_in(held[uri]), chunks_in(file))
        removed += found.gone
        wanted = {chunk.id for chunk in found.altered}
        if file and wanted:
            every = lexical_documents(file, bodies.get(uri, ()))
            documents += [document for document in every if document.id in wanted]
    return removed, documents


def _gone(held: IndexedFile | None, file: IndexedFile | None) -> tuple[int, ...]:
    return difference(chunks_in(held), chunks_in(file)).gone


def _documents_by_id(file: IndexedFile | None) -> dict[int, LexicalDocument]:
    return {document.id: document for document in lexical_documents(file)} if file else {}


def _has(file: IndexedFile, chunk: Chunk) -> bool:
    return any(one.id == chunk.id and reads_same(one, chunk) for one in file.chunks)
