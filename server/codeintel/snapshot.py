"""What one query sees of one root: an immutable chunk table and the engines' views of the same moment.

Readers take `Snapshot` once and never look at anything newer; writers build the next one and swap one reference.
A change costs what it changes, whatever the size of the root: nothing is committed, folded or written here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk, FileRow
from codeintel.engines.dense_view import DenseView
from codeintel.engines.late_lists import TokenLists
from codeintel.engines.late_view import LateView
from codeintel.engines.lexical import LexicalDocument, LexicalView
from codeintel.engines.ragged_segment import Row
from codeintel.engines.ragged_view import RaggedView
from codeintel.engines.sparse import SparseView
from codeintel.engines.sparse_source import impact_rows
from codeintel.models.outputs import Output
from codeintel.symbol_table import SymbolTable
from codeintel.workspace.roots import Root

LAYER_RATIO = (
    4  # a layer is merged once the one below is no more than this much larger: five hold 100,000 files
)


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file's row and its chunks, in order; a skipped file has none and says why in its row."""

    row: FileRow
    chunks: tuple[Chunk, ...] = ()


def _kind(file: IndexedFile) -> tuple[str, str | None]:
    """What status counts of a file: its language, or why it is left out without the figures in brackets."""
    reason = file.row.skip_reason
    return (file.row.lang, None) if reason is None else ("", reason.partition(" (")[0])


class _Layer:
    """Documents that changed together, by uri and by chunk id; None for one that is gone."""

    __slots__ = ("_uris", "files", "ids")

    def __init__(self, files: Mapping[str, IndexedFile | None]) -> None:
        self.files = files
        self._uris: list[str] | None = None
        self.ids = {chunk.id: chunk for file in files.values() if file for chunk in file.chunks}

    def below(self, folder: str) -> list[str]:
        """The uris that lie in a folder."""
        if self._uris is None:
            self._uris = sorted(self.files)
        if not folder:
            return self._uris
        first = bisect_left(self._uris, f"{folder}/")
        return self._uris[first : bisect_left(self._uris, f"{folder}0", first)]  # "0" comes right after "/"

    def under(self, newer: _Layer, is_lowest: bool) -> _Layer:
        """Both as one layer; the lowest need not remember what is gone."""
        merged = {**self.files, **newer.files}
        return _Layer({uri: file for uri, file in sorted(merged.items()) if file or not is_lowest})


class ChunkTable:
    """Every file and chunk of a root, in layers of growing size, so that a change costs what changed.

    As in a log-structured merge tree, a layer that is no longer small beside the one below is merged into it.
    """

    __slots__ = ("_layers", "_size", "_tally")

    def __init__(self, files: Mapping[str, IndexedFile]) -> None:
        self._layers: tuple[_Layer, ...] = (_Layer(files),)
        self._size = len(self._layers[0].ids)
        self._tally = Counter(_kind(file) for file in files.values())

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Chunk]:
        return chain.from_iterable(file.chunks for file in self.files())

    def get(self, chunk_id: int) -> Chunk | None:
        """The chunk of that id, or None where this table has none."""
        layers = self._layers
        for depth in range(len(layers) - 1, -1, -1):
            if (chunk := layers[depth].ids.get(chunk_id)) is not None:
                above = layers[depth + 1 :]
                return None if above and any(chunk.uri in layer.files for layer in above) else chunk
        return None

    def file(self, uri: str) -> IndexedFile | None:
        """The file at `uri`, or None where the index has no such file."""
        for layer in reversed(self._layers):
            if uri in layer.files:
                return layer.files[uri]
        return None

    def knows(self, uri: str) -> bool:
        """Whether there is a file at `uri`, indexed or skipped."""
        return self.file(uri) is not None

    def below(self, folder: str) -> list[str]:
        """The uris of the files that lie in a folder ('' is the root), sorted."""
        found = {uri for layer in self._layers for uri in layer.below(folder)}
        return sorted(uri for uri in found if self.knows(uri))

    def files(self) -> Iterator[IndexedFile]:
        """Every file, indexed or skipped, ordered by uri within each layer."""
        for depth, layer in enumerate(self._layers):
            newer = self._layers[depth + 1 :]
            for uri, file in layer.files.items():
                if file is not None and not any(uri in above.files for above in newer):
                    yield file

    def ids(self) -> npt.NDArray[np.int64]:
        """The ids of every chunk, sorted."""
        return np.sort(np.fromiter((chunk.id for chunk in self), dtype=np.int64, count=self._size))

    @property
    def languages(self) -> dict[str, int]:
        """How many indexed files each language has, the commonest first; counted as files change."""
        counts = {
            lang: count for (lang, reason), count in self._tally.items() if reason is None and count > 0
        }
        return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))

    @property
    def skipped(self) -> dict[str, int]:
        """How many files are left out for each reason, figures in the reasons apart."""
        counts: Counter[str] = Counter()
        for (_, reason), count in self._tally.items():
            if reason is not None and count > 0:
                counts[reason] += count
        return dict(counts)

    def changed(self, files: Mapping[str, IndexedFile | None]) -> ChunkTable:
        """The table with `files` put in place of what it had there; None removes a file."""
        table = ChunkTable.__new__(ChunkTable)
        before = sum(len(old.chunks) for uri in files if (old := self.file(uri)))
        after = sum(len(file.chunks) for file in files.values() if file)
        table._size = self._size - before + after
        table._tally = self._tally.copy()
        table._tally.subtract(_kind(old) for uri in files if (old := self.file(uri)))
        table._tally.update(_kind(file) for file in files.values() if file)
        layers = [*self._layers, _Layer(dict(sorted(files.items())))]
        while len(layers) > 1 and len(layers[-1].files) * LAYER_RATIO > len(layers[-2].files):
            newer = layers.pop()
            layers[-1] = layers[-1].under(newer, is_lowest=len(layers) == 1)
        table._layers = tuple(layers)
        return table


Freshness = Literal["live", "saved", "stale"]

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
OutputRows = Mapping[Output, Mapping[int, Row]]
"""Rows of an encoder's outputs by chunk id."""


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Vectors to be put in place: `ids` int64 [n], `values` float32 [n, dim]."""

    ids: Ids
    values: Vectors

    @classmethod
    def of(cls, rows: Mapping[int, Vectors], dim: int) -> VectorRows:
        """Those of a mapping from chunk id to vector."""
        ids = np.fromiter(rows, np.int64, len(rows))
        return cls(ids, np.stack(list(rows.values())) if rows else np.empty((0, dim), np.float32))


@dataclass(frozen=True, slots=True)
class Change:
    """Documents as they shall be from now on, and what that means to the engines.

    `files` None removes a document. `gone` are ids that no document has any more; `documents` are the texts of new or
    altered chunks by uri, `static` and `contextual` the vectors that are known of them, `outputs` the rows by chunk id.
    """

    files: Mapping[str, IndexedFile | None]
    gone: Sequence[int]
    documents: Mapping[str, Sequence[LexicalDocument]]
    static: VectorRows
    contextual: VectorRows
    outputs: OutputRows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of one root: its chunks, the engines' views, and how far the meaning tier has come.

    `live` are the documents whose unsaved text it has, `stale` those known to have changed since. `structured` counts
    the saved documents that have the rows of their text, of `documents`; `symbols` are the occurrences in them.
    `outputs` are the token vectors and term weights by chunk id, where a channel asks for them; `token_lists` are over
    segments of the former, by name, `impacts` the latter by term.
    """

    root: Root
    generation: int
    chunks: ChunkTable
    lexical: LexicalView
    static: DenseView
    contextual: DenseView
    live: frozenset[str] = field(default=frozenset())
    stale: frozenset[str] = field(default=frozenset())
    symbols: SymbolTable = field(default_factory=SymbolTable)
    structured: int = 0
    documents: int = 0
    outputs: Mapping[Output, RaggedView] = field(default_factory=dict)
    token_lists: Mapping[str, TokenLists] = field(default_factory=dict)
    impacts: SparseView = field(default_factory=SparseView.empty)

    @property
    def coverage(self) -> float:
        """The share of chunks that have a contextual vector, 0 to 1 (an empty root is covered)."""
        return len(self.contextual) / len(self.chunks) if len(self.chunks) else 1.0

    def encoded(self, chunk_ids: Ids) -> npt.NDArray[np.bool_]:
        """Which chunks have all that the meaning tier gives them, bool [n]: a vector, and a row of each output."""
        found = self.contextual.holds(chunk_ids)
        for view in self.outputs.values():
            found &= view.holds(chunk_ids)
        return found

    @property
    def unencoded(self) -> int:
        """How many chunks have not."""
        held = [len(self.contextual), *map(len, self.outputs.values())]
        return len(self.chunks) - min(held)

    @property
    def late(self) -> LateView | None:
        """The token vectors, None where no channel asks for them."""
        rows = self.outputs.get(Output.TOKENS)
        return None if rows is None else LateView(rows, self.token_lists)

    def knows_symbols_of(self, uri: str) -> bool:
        """Whether the occurrences of a document are known, and are those of the text that is searched."""
        file = self.chunks.file(uri)
        return file is not None and self.symbols.content_hash(uri) == file.row.content_hash

    def freshness(self, uri: str) -> Freshness:
        """How current the text of a document is: unsaved text of an editor, the file, or an earlier file."""
        if uri in self.stale:
            return "stale"
        return "live" if uri in self.live else "saved"

    def changed(self, change: Change, lexical: LexicalView | None = None) -> Snapshot:
        """The snapshot with `change` in it; `lexical` where the lexical engine has taken it in already."""
        gone = np.array(change.gone, np.int64)
        altered = np.array([one.id for found in change.documents.values() for one in found], np.int64)
        outdated = np.union1d(gone, altered)
        return replace(
            self,
            chunks=self.chunks.changed(change.files),
            lexical=self.lexical.changed(gone, change.documents) if lexical is None else lexical,
            static=self.static.changed(outdated, change.static.ids, change.static.values),
            contextual=self.contextual.changed(outdated, change.contextual.ids, change.contextual.values),
            outputs=self._outputs(outdated, change.outputs),
            impacts=self._impacts(outdated, change.outputs),
        )

    def told(self, vectors: VectorRows, outputs: OutputRows) -> Snapshot:
        """The snapshot with what an encoder made of chunks that it has."""
        nothing = np.empty(0, np.int64)
        return replace(
            self,
            contextual=self.contextual.changed(nothing, vectors.ids, vectors.values),
            outputs=self._outputs(nothing, outputs),
            impacts=self._impacts(nothing, outputs),
        )

    def _outputs(self, gone: Ids, given: OutputRows) -> Mapping[Output, RaggedView]:
        return {output: view.changed(gone, given.get(output, {})) for output, view in self.outputs.items()}

    def _impacts(self, gone: Ids, given: OutputRows) -> SparseView:
        if Output.TERMS not in self.outputs:
            return self.impacts
        return self.impacts.changed(gone, impact_rows(given.get(Output.TERMS, {})))
