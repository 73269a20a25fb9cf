"""How far the structure tier of one root has come: rows of saved files and of open documents, and what waits.

Rows are those of one text, told by its hash; rows of another text than the one that is searched are nowhere shown. The
owner's lock is held by every caller. Nothing here parses or writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from codeintel.indexing.document_queue import DocumentQueue, Urgency
from codeintel.indexing.scip_refresh import CompiledDocument
from codeintel.snapshot import IndexedFile
from codeintel.symbol_table import DocumentSymbols, SymbolTable


@dataclass(frozen=True, slots=True, eq=False)
class DocumentRows:
    """The structure of one text: its rows by table (Arrow), what queries need of them, and if some are a compiler's."""

    content_hash: int
    tables: Mapping[str, Any]
    symbols: DocumentSymbols | None
    is_compiled: bool = False


NOTHING: Final = DocumentRows(-1, {}, None)
"""What an empty text has: no rows at all, under a hash that no text has."""


@dataclass(frozen=True, slots=True)
class StructureCapture:
    """What is to be written: the rows of some documents, and documents whose rows on disk are of another text."""

    rows: Mapping[str, DocumentRows]
    removed: tuple[str, ...]


class StructureState:
    """The structure tier of one root. `symbols` is what queries see, open documents' in place of their files'."""

    def __init__(self) -> None:
        self.waiting = DocumentQueue()
        self.symbols = SymbolTable()
        self._saved_symbols = SymbolTable()
        self._wanted: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._fresh: dict[str, DocumentRows] = {}
        self._missing: set[str] = set()  # saved documents without rows of their text
        self._outdated: set[str] = set()  # documents whose rows on disk are of another text
        self._compiled: set[str] = set()  # documents whose last rows have a compiler's in them
        self._compiled_texts: dict[
            str, IndexedFile
        ] = {}  # the texts that those are of, where they are no longer saved
        self._arrived: dict[str, CompiledDocument] = {}  # a compiler's rows that wait to be merged with ours
        self._open_wanted: dict[str, int] = {}
        self._open: dict[str, DocumentRows] = {}

    def adopt(self, files: Iterable[IndexedFile], stored: Mapping[str, int], *, writes: bool) -> None:
        """Go on from saved files and the hashes of the texts that the tables on disk have rows of."""
        self._wanted = {file.row.uri: hashed for file in files if (hashed := wanted(file)) is not None}
        self._stored = dict(stored)
        self._fresh.clear()
        self._saved_symbols = SymbolTable()
        self._missing.clear()
        self._outdated.clear()
        for uri in {**self._wanted, **self._stored}:
            self._count(uri)
        if writes:
            self.waiting.put(sorted(self._missing), Urgency.REST)
        self._relay()

    def load(self, symbols: SymbolTable, compiled: Iterable[str]) -> None:
        """Take over the occurrences that the tables on disk have, read since `adopt`; newer ones stay."""
        self._compiled.update(uri for uri in compiled if uri in self._stored and uri not in self._fresh)
        newer = {uri: rows.symbols for uri, rows in self._fresh.items()}
        gone = {uri: None for uri in symbols.uris() if uri not in self._stored}
        self._saved_symbols = symbols.changed({**gone, **newer})
        self._relay()

    @property
    def saved_symbols(self) -> SymbolTable:
        """The occurrences in saved files."""
        return self._saved_symbols

    def fold_symbols(self, before: SymbolTable, folded: SymbolTable) -> bool:
        """Take over the same occurrences, folded, unless others have come since `before`; whether that is done."""
        if self._saved_symbols is not before:
            return False
        self._saved_symbols = folded
        self._relay()
        return True

    def lost(self, uris: Iterable[str]) -> None:
        """The tables on disk have rows of these documents no more."""
        for uri in uris:
            self._stored.pop(uri, None)
            self._count(uri)
            if uri in self._missing:
                self.waiting.put([uri], Urgency.REST)

    # -- what is wanted -----------------------------------------------------------------------------------------

    def taken(
        self,
        files: Mapping[str, IndexedFile | None],
        urgency: Urgency,
        before: Callable[[str], IndexedFile | None],
    ) -> None:
        """These files are searched as they are on disk now: where no rows are of their text, they wait for them.

        `before` gives a file as it was until then.
        """
        gone: dict[str, None] = {}
        for uri, file in files.items():
            hashed = wanted(file)
            if hashed is None:
                self._wanted.pop(uri, None)
                self._fresh.pop(uri, None)
                self._compiled.discard(uri)
                self._compiled_texts.pop(uri, None)
                gone[uri] = None
                self._count(uri)
                continue
            self._keep_text(uri, before(uri), hashed)
            self._wanted[uri] = hashed
            rows = self._open.get(uri)
            if rows is not None and rows.content_hash == hashed:
                self._take_saved(uri, rows)  # a save makes the open document's rows the file's
            self._count(uri)
            if uri in self._missing:
                self.waiting.put([uri], urgency)
        self._saved_symbols = self._saved_symbols.changed(gone)
        self._relay()

    def opened(self, file: IndexedFile) -> None:
        """An open document's unsaved text is searched instead of its file's."""
        uri, hashed = file.row.uri, wanted(file)
        if hashed is None:  # emptied: what its file has is not shown, and nothing else is
            self._open_wanted[uri], self._open[uri] = NOTHING.content_hash, NOTHING
            self._relay()
            return
        self._open_wanted[uri] = hashed
        if uri not in self._open or self._open[uri].content_hash != hashed:
            self.waiting.put([uri], Urgency.VISIBLE)

    def lifted(self, uri: str) -> None:
        """Its file's is searched again."""
        self._open_wanted.pop(uri, None)
        if self._open.pop(uri, None) is not None:
            self._relay()

    def wants(self, uri: str) -> Iterator[tuple[bool, int]]:
        """The texts of a document that have no rows: whether it is the open one, and its hash."""
        hashed = self._open_wanted.get(uri)
        if hashed is not None and (uri not in self._open or self._open[uri].content_hash != hashed):
            yield True, hashed
        if uri in self._missing or (uri in self._arrived and uri in self._wanted):
            yield False, self._wanted[uri]

    # -- what a compiler knows ------------------------------------------------------------------------------------

    def arrived(self, found: CompiledDocument) -> None:
        """A compiler's rows of some text of a document, to be merged with ours of the one that is searched."""
        if found.uri in self._wanted:
            self._arrived[found.uri] = found
            self.waiting.put([found.uri], Urgency.REST)

    def arrival(self, uri: str) -> CompiledDocument | None:
        """The compiler's rows of a document that are not merged yet."""
        return self._arrived.get(uri)

    def merged(self, found: CompiledDocument) -> None:
        """They are now."""
        if self._arrived.get(found.uri) is found:
            del self._arrived[found.uri]

    def compiled_text(self, uri: str) -> IndexedFile | None:
        """An earlier text of a document, which the compiler's among its last rows are of."""
        return self._compiled_texts.get(uri)

    def is_compiled(self, uri: str) -> bool:
        """Whether a compiler's rows are among the last ones of a document's file."""
        return uri in self._compiled

    def _keep_text(self, uri: str, before: IndexedFile | None, now: int) -> None:
        """Remember the text that a compiler's rows are of, when it is replaced: lines are compared with it."""
        if uri in self._compiled and before is not None and now != wanted(before) == self._hash(uri):
            self._compiled_texts[uri] = before

    def _hash(self, uri: str) -> int | None:
        """That of the text which the last rows of a document's file are of."""
        rows = self._fresh.get(uri)
        return rows.content_hash if rows else self._stored.get(uri)

    # -- what is there ------------------------------------------------------------------------------------------

    def take(self, uri: str, rows: DocumentRows, *, is_open: bool) -> bool:
        """Put rows in place where they still are of the text that is searched; whether they are."""
        if is_open:
            if self._open_wanted.get(uri) != rows.content_hash:
                return False
            self._open[uri] = rows
        else:
            if self._wanted.get(uri) != rows.content_hash:
                return False
            self._take_saved(uri, rows)
        self._relay()
        return True

    def _take_saved(self, uri: str, rows: DocumentRows) -> None:
        self._fresh[uri] = rows
        self._count(uri)
        self._saved_symbols = self._saved_symbols.changed({uri: rows.symbols})
        self._compiled_texts.pop(uri, None)
        _put(self._compiled, uri, rows.is_compiled)

    def rows(self, uri: str, *, is_open: bool) -> DocumentRows | None:
        """The last rows that are in memory, of whatever text: the open document's, else its file's."""
        rows = self._open.get(uri) if is_open else None
        return self._fresh.get(uri) if rows is None or rows is NOTHING else rows

    def is_stored(self, uri: str) -> bool:
        """Whether the tables on disk have rows of a document, of whatever text."""
        return uri in self._stored

    def newest(self, uris: Iterable[str]) -> tuple[list[DocumentRows], dict[str, int]]:
        """Rows of the text that is searched: those in memory, and the hashes of the texts that the tables have rows of.

        A document without any is left out.
        """
        memory: list[DocumentRows] = []
        stored: dict[str, int] = {}
        for uri in dict.fromkeys(uris):
            is_open = uri in self._open_wanted
            hashed = self._open_wanted[uri] if is_open else self._wanted.get(uri)
            rows = self._open.get(uri) if is_open else self._fresh.get(uri)
            if hashed is None or rows is NOTHING:
                continue
            if rows is not None and rows.content_hash == hashed:
                memory.append(rows)
            elif not is_open and self._stored.get(uri) == hashed:
                stored[uri] = hashed
        return memory, stored

    @property
    def compiled(self) -> int:
        """How many saved documents have a compiler's rows among their last ones."""
        return len(self._compiled)

    @property
    def missing(self) -> int:
        """How many saved documents have no rows of their text yet."""
        return len(self._missing)

    @property
    def covered(self) -> int:
        """How many documents have rows of their text."""
        return len(self._wanted) - len(self._missing)

    @property
    def unpublished(self) -> int:
        """How many documents have rows in memory that the tables on disk do not have."""
        return len(self._fresh)

    # -- moving to disk -----------------------------------------------------------------------------------------

    def capture(self) -> StructureCapture:
        """What the tables on disk lack, and what they have too much."""
        rows = {uri: one for uri, one in self._fresh.items() if self._wanted.get(uri) == one.content_hash}
        return StructureCapture(rows, tuple(sorted(self._outdated - rows.keys())))

    def published(self, capture: StructureCapture) -> None:
        """The tables on disk have what was captured."""
        for uri in capture.removed:
            self._stored.pop(uri, None)
            self._count(uri)
        for uri, rows in capture.rows.items():
            self._stored[uri] = rows.content_hash
            if self._fresh.get(uri) is rows:
                del self._fresh[uri]
            self._count(uri)

    def follow(
        self, files: Mapping[str, IndexedFile | None], stored: Mapping[str, DocumentSymbols | None]
    ) -> None:
        """Take over documents as another process has published them, with their structure where that changed."""
        for uri, file in files.items():
            if (hashed := wanted(file)) is None:
                self._wanted.pop(uri, None)
            else:
                self._wanted[uri] = hashed
        for uri, symbols in stored.items():
            if symbols is None:
                self._stored.pop(uri, None)
            else:
                self._stored[uri] = symbols.content_hash
        for uri in {**files, **stored}:
            self._count(uri)
        self._saved_symbols = self._saved_symbols.changed(stored)
        self._relay()

    def hidden(self) -> frozenset[str]:
        """The documents whose rows on disk are not those of the text that is searched."""
        return frozenset([*self._outdated, *self._fresh, *self._open_wanted])

    def laid_over(self) -> list[DocumentRows]:
        """The rows in their place."""
        saved = [
            rows
            for uri, rows in self._fresh.items()
            if uri not in self._open_wanted and self._wanted.get(uri) == rows.content_hash
        ]
        live = [
            rows
            for uri, rows in self._open.items()
            if rows is not NOTHING and self._open_wanted.get(uri) == rows.content_hash
        ]
        return saved + live

    def _count(self, uri: str) -> None:
        """Whether a document's rows are missing or outdated, looked at again: what is counted costs what changes."""
        hashed, stored = self._wanted.get(uri), self._stored.get(uri)
        _put(self._outdated, uri, stored is not None and stored != hashed)
        _put(self._missing, uri, hashed is not None and self._hash(uri) != hashed)

    def _relay(self) -> None:
        self.symbols = self._saved_symbols.overlaid({uri: rows.symbols for uri, rows in self._open.items()})


def wanted(file: IndexedFile | None) -> int | None:
    """The hash of the text whose structure is wanted, None where a file has none: skipped, gone, or empty."""
    return file.row.content_hash if file is not None and file.chunks else None


def _put(members: set[str], uri: str, is_member: bool) -> None:
    if is_member:
        members.add(uri)
    else:
        members.discard(uri)
