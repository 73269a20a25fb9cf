"""Where a judged chunk is now: a judgment outlives edits, moves and renames, and says how it was found again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from codeintel.catalog.rows import Chunk
from codeintel.judgments.records import Judgment
from codeintel.snapshot import ChunkTable

How = Literal["chunk", "content", "symbol", "line", "lost"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chunk that a judgment is about now, and by what it was found; None where it is `lost`."""

    chunk: Chunk | None
    how: How


class Anchors:
    """Finds the chunks of judgments in one state of a root; the surest way that leads somewhere counts.

    1. the chunk itself: its file and text are the same;
    2. its text elsewhere: the file was renamed, or the chunk moved to another;
    3. its symbols, in the scope of its breadcrumb: it was edited;
    4. the chunk of that file which is nearest to where it stood.
    """

    def __init__(self, table: ChunkTable) -> None:
        self._table = table

    def find(self, judgment: Judgment) -> Anchor:
        """Where the judged chunk is."""
        chunk = self._table.get(judgment.chunk_id)
        if chunk is not None and chunk.content_hash == judgment.content_hash:
            return Anchor(chunk, "chunk")
        if same := self._by_content.get(judgment.content_hash):
            return Anchor(_likeliest(same, judgment), "content")
        if (named := self._by_name(judgment)) is not None:
            return Anchor(named, "symbol")
        file = self._table.file(judgment.uri)
        if file is None or not file.chunks:
            return Anchor(None, "lost")
        return Anchor(_likeliest(file.chunks, judgment), "line")

    def _by_name(self, judgment: Judgment) -> Chunk | None:
        """The chunk of the same file that defines most of its symbols, else the only one anywhere with all of them.

        Small neighbours share a chunk, so that an edit next to one may widen or narrow what is around its symbols.
        """
        names = set(judgment.symbols)
        alike = dict.fromkeys(
            chunk
            for name in judgment.symbols
            for chunk in self._by_symbol.get(name, ())
            if _in_one_scope(chunk, judgment)
        )
        here = [chunk for chunk in alike if chunk.uri == judgment.uri]
        if here:
            most = max(len(names.intersection(chunk.symbols)) for chunk in here)
            return _likeliest([one for one in here if len(names.intersection(one.symbols)) == most], judgment)
        whole = [chunk for chunk in alike if names.issubset(chunk.symbols)]
        return whole[0] if len(whole) == 1 else None

    @cached_property
    def _by_content(self) -> Mapping[int, Sequence[Chunk]]:
        found: dict[int, list[Chunk]] = defaultdict(list)
        for chunk in self._table:
            found[chunk.content_hash].append(chunk)
        return found

    @cached_property
    def _by_symbol(self) -> Mapping[str, Sequence[Chunk]]:
        found: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self._table:
            for name in chunk.symbols:
                found[name].append(chunk)
        return found


def _in_one_scope(first: Chunk | Judgment, second: Chunk | Judgment) -> bool:
    """Whether what encloses the symbols of either is the other, or encloses the other's too."""
    return _enclosing(first) <= _around(second) and _enclosing(second) <= _around(first)


def _enclosing(code: Chunk | Judgment) -> set[str]:
    """The names that its breadcrumb has beside those that it defines itself."""
    return {part.strip() for part in code.breadcrumb.split(">") if part.strip()}.difference(code.symbols)


def _around(code: Chunk | Judgment) -> set[str]:
    return _enclosing(code).union(code.symbols)


def _likeliest(chunks: Iterable[Chunk], judgment: Judgment) -> Chunk:
    """In the same file before others, then where the name of the file is kept, then nearest to where it stood."""
    name = judgment.uri.rpartition("/")[2]

    def distance(chunk: Chunk) -> tuple[bool, bool, int, str, int]:
        lines = max(chunk.start_line - judgment.start_line, judgment.start_line - chunk.end_line, 0)
        return (
            chunk.uri != judgment.uri,
            chunk.uri.rpartition("/")[2] != name,
            lines,
            chunk.uri,
            chunk.start_line,
        )

    return min(chunks, key=distance)
