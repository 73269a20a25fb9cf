"""Places in files that a query names: `src/retry.py`, `retry.py:12`, the frames of a pasted stack trace.

Read from the text alone; which files of a workspace they mean is told by `located`.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codeintel.analysis.languages import PLAIN_TEXT, language_of
from codeintel.catalog.rows import Chunk
from codeintel.snapshot import IndexedFile

MAX_LOCATIONS = 64  # frames; a recursion has a thousand, all alike
MAX_FILES = 8  # of one name: more, and it says nothing (index.ts, __init__.py)
WHOLE_FILE = 0.5  # a file named without a line

# A path begins where a word does, so that no part of a URL is one, and no text is read more than once.
_PATH = r"(?<![^\s\"'`(<\[,;=@])(?:[A-Za-z]:)?[^\s\"'`()<>\[\],;:*?|=@]*[^\s\"'`()<>\[\],;:*?|=@/\\]\.[A-Za-z]\w{0,9}"
_LOCATION = re.compile(
    rf"""File\ "(?P<quoted>[^"\n]+)",\ line\ (?P<quoted_line>\d+)   # Python
      | (?P<path>{_PATH})
        (?: (?: :(?:line\ )? | \( | \#L | ,?\ (?:on\ )?line\ ) (?P<line>\d+) (?:[:,]\d+)? \)? )?
    """,
    re.VERBOSE,
)
_TRACE_HEADER = re.compile(r"\b(?:Traceback|Stack trace|Stack) \(most recent call last\):?")
"""Of Python, whose frames are in the order of the calls: the one that failed is the last."""


TRACE_FRAMES = 2  # places with lines, from which on a text is no question but a trace


@dataclass(frozen=True, slots=True)
class Location:
    """A place as the query has it: a path, with `/` whatever it was written with, and a line from 1 where one is named.

    `span` is where it stands in the query's text, in characters.
    """

    path: str
    line: int | None
    span: tuple[int, int]

    @property
    def name(self) -> str:
        """As people write it, without the folders."""
        name = self.path.rpartition("/")[2]
        return name if self.line is None else f"{name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Located:
    """A chunk at a place that the query names; `strength` from 0 to 1."""

    chunk: Chunk
    location: Location
    strength: float


def locations_of(text: str) -> tuple[Location, ...]:
    """The places that a text names, each once, the likeliest first: of a stack trace the frame that failed.

    A bare word is a place only if its ending is that of a language, or a line follows it.
    """
    found = list(_read(text))
    if _TRACE_HEADER.search(text):
        found.reverse()
    distinct = {(one.path, one.line): one for one in reversed(found)}
    return tuple(reversed(distinct.values()))[:MAX_LOCATIONS]


def is_stack_trace(text: str) -> bool:
    """Whether a text was pasted from where a program failed: a header that says so, or several lines of files."""
    lines = sum(location.line is not None for location in locations_of(text))
    return lines >= (1 if _TRACE_HEADER.search(text) else TRACE_FRAMES)


def _read(text: str) -> Iterator[Location]:
    for match in _LOCATION.finditer(text):
        path, line = match["quoted"] or match["path"], match["quoted_line"] or match["line"]
        path = path.replace("\\", "/")
        if line is None and language_of(path) is PLAIN_TEXT:
            continue
        yield Location(path, int(line) if line else None, match.span())


def without_paths(text: str, locations: Iterable[Location]) -> str:
    """The text with the name of the file, without ending, for each place: folders and numbers have no meaning."""
    parts, end = [], 0
    for location in sorted(locations, key=lambda one: one.span):
        start, after = location.span
        parts += [text[end:start], location.path.rpartition("/")[2].partition(".")[0]]
        end = after
    return _TRACE_HEADER.sub("", "".join([*parts, text[end:]]))


def located(files: Iterable[IndexedFile], locations: Sequence[Location]) -> Iterator[Located]:
    """The chunks at the places that a query names, as far as the files have them; about 1 us a file."""
    wanted: dict[str, list[Location]] = defaultdict(list)
    for location in locations:
        wanted[_folded(location.path)[-1]].append(location)
    agreeing: dict[Location, list[tuple[int, IndexedFile]]] = defaultdict(list)
    for file in files:
        for location in wanted.get(file.row.uri.rpartition("/")[2].casefold(), ()):
            if file.chunks and (common := _agreement(location.path, file.row.uri)):
                agreeing[location].append((common, file))
    frame = 0
    for location in locations:
        most = max((common for common, _ in agreeing[location]), default=0)
        meant = [file for common, file in agreeing[location] if common == most]
        if not 0 < len(meant) <= MAX_FILES:
            continue
        for file in meant:
            if location.line is None:
                yield from (Located(chunk, location, WHOLE_FILE) for chunk in file.chunks)
            else:
                yield Located(_at(file.chunks, location.line - 1), location, 1 / math.sqrt(1 + frame))
        frame += location.line is not None


def _folded(path: str) -> list[str]:
    return [part.casefold() for part in path.split("/") if part not in ("", ".", "..")]


def _agreement(path: str, uri: str) -> int:
    """How many parts a path and a file have in common, from their ends; 0 where they are two files of one name.

    A trace has the paths of the machine where it was taken, so that its beginning may differ from ours; one of the two
    has to be within the other, or a folder has to agree.
    """
    ours, theirs = _folded(uri), _folded(path)
    common = 0
    for mine, other in zip(reversed(ours), reversed(theirs), strict=False):
        if mine != other:
            break
        common += 1
    return common if common >= min(2, len(ours), len(theirs)) else 0


def _at(chunks: Sequence[Chunk], line: int) -> Chunk:
    """The chunk of a line from 0, or the one before it, or the first."""
    return chunks[max(0, bisect_right(chunks, line, key=lambda chunk: chunk.start_line) - 1)]
