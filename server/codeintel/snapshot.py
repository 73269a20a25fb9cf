"""What one query sees of one root: an immutable chunk table and the engines' views of the same moment.

Readers take `Snapshot` once and never look at anything newer; writers build the next one and swap one reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from codeintel.catalog.rows import Chunk, FileRow
from codeintel.engines.dense_view import DenseView
from codeintel.engines.lexical import LexicalView
from codeintel.workspace.roots import Root

FOLD_FILES = 256  # changed files after which the layers merge: copying a layer this small costs microseconds


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file's row and its chunks, in order; a skipped file has none and says why in its row."""

    row: FileRow
    chunks: tuple[Chunk, ...] = ()


class ChunkTable:
    """Every file and chunk of a root, in two layers so that a change costs what changed, not what exists."""

    __slots__ = ("_base", "_base_ids", "_delta", "_delta_ids", "_size")

    def __init__(
        self,
        base: Mapping[str, IndexedFile],
        delta: Mapping[str, IndexedFile | None] | None = None,
        base_ids: Mapping[int, Chunk] | None = None,
    ) -> None:
        self._base = base
        self._base_ids = _by_id(base.values()) if base_ids is None else base_ids
        self._delta = delta or {}
        self._delta_ids = _by_id(file for file in self._delta.values() if file)
        hidden = sum(len(base[uri].chunks) for uri in self._delta if uri in base)
        self._size = len(self._base_ids) - hidden + len(self._delta_ids)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Chunk]:
        return chain.from_iterable(file.chunks for file in self.files())

    def get(self, chunk_id: int) -> Chunk | None:
        """The chunk of that id, or None where this table has none."""
        if (chunk := self._delta_ids.get(chunk_id)) is not None:
            return chunk
        chunk = self._base_ids.get(chunk_id)
        return None if chunk is None or chunk.uri in self._delta else chunk

    def file(self, uri: str) -> IndexedFile | None:
        """The file at `uri`, or None where the index has no such file."""
        return self._delta[uri] if uri in self._delta else self._base.get(uri)

    def files(self) -> Iterator[IndexedFile]:
        """Every file, indexed or skipped, ordered by uri within each layer."""
        yield from (file for uri, file in self._base.items() if uri not in self._delta)
        yield from (file for file in self._delta.values() if file is not None)

    def ids(self) -> npt.NDArray[np.int64]:
        """The ids of every chunk, sorted."""
        return np.sort(np.fromiter((chunk.id for chunk in self), dtype=np.int64, count=self._size))

    def changed(self, files: Mapping[str, IndexedFile | None]) -> ChunkTable:
        """The table with `files` put in place of what it had there; None removes a file."""
        delta = dict(sorted({**self._delta, **files}.items()))
        if len(delta) <= FOLD_FILES:
            return ChunkTable(self._base, delta, self._base_ids)
        merged = {**self._base, **delta}
        return ChunkTable({uri: file for uri, file in sorted(merged.items()) if file is not None})


def _by_id(files: Iterable[IndexedFile]) -> dict[int, Chunk]:
    return {chunk.id: chunk for file in files for chunk in file.chunks}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of one root: its chunks, the engines' views, and how far the meaning tier has come."""

    root: Root
    generation: int
    chunks: ChunkTable
    lexical: LexicalView
    static: DenseView
    contextual: DenseView

    @property
    def coverage(self) -> float:
        """The share of chunks that have a contextual vector, 0 to 1 (an empty root is covered)."""
        return len(self.contextual) / len(self.chunks) if len(self.chunks) else 1.0
