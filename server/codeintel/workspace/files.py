"""The values discovery and reading hand out; how they are found is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file to be indexed under `uri`; `path` is the real file, which a link's uri is not.

    `ctime_ns` changes with the content even where a program puts `mtime_ns` back (on Windows it is that of creation).
    """

    uri: str
    path: Path
    size: int
    mtime_ns: int
    ctime_ns: int = 0


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """Something that is not indexed, and why; the uri of a folder ends in '/'."""

    uri: str
    size: int
    mtime_ns: int
    reason: str
    ctime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every file of a root, to be indexed or not; both tuples are sorted by uri and share no uri."""

    files: tuple[SourceFile, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Candidate uris in no order, not yet looked at, and what the lister itself had to leave out."""

    uris: list[str]
    skipped: list[SkippedFile]
