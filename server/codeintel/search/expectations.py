"""What a person means by a place or a name that they expected among the hits: chunks, or why there are none."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from codeintel.catalog.rows import Chunk
from codeintel.errors import UsageError
from codeintel.search.filters import allowed_chunks, module_of
from codeintel.search.query import Qualifier
from codeintel.snapshot import IndexedFile, Snapshot
from codeintel.workspace.absence import Absence, Presence
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, innermost, uri_of

MOST_CHUNKS = 1_000  # that a name can mean, e.g. one that every file mentions; as many as an answer can have
SIMILAR_NAMES = 3  # offered for one that is nowhere

Whereabouts = Callable[[Snapshot, str], Presence]
"""How a document of a snapshot's root stands, whether or not the snapshot has it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected: a file, a 0-based line of it, a symbol, or a symbol in a file."""

    path: Path | None = None
    line: int | None = None
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Meant:
    """The chunks that are meant, one of which would do, how people call them, and what to know about them.

    `is_place` says that the name tells where the only one stands.
    """

    name: str
    chunks: tuple[tuple[Root, Chunk], ...]
    is_place: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class NotThere:
    """That nothing is searched of what is meant, and why."""

    name: str
    absence: Absence


def meant(snapshots: Sequence[Snapshot], expected: Expected, whereabouts: Whereabouts) -> Meant | NotThere:
    """The chunks that were expected. Raises UsageError where neither a place nor a symbol is given."""
    symbol = expected.symbol.strip()
    if expected.path is None and not symbol:
        raise UsageError("Say what you expected.", "Name a place, a file or a symbol.", "path")
    if expected.path is None:
        return _by_symbol(snapshots, symbol)
    place = _document(snapshots, expected.path)
    if place is None:
        outside = Absence(
            "left out", "it lies outside the workspace", "Open its folder as a part of the workspace too."
        )
        return NotThere(printable(expected.path), outside)
    snapshot, uri = place
    found = whereabouts(snapshot, uri)
    if found.absence is not None:
        return NotThere(printable(uri) or snapshot.root.name, _with_namesake(found.absence, snapshot, uri))
    there = _by_symbol([snapshot], symbol, uri) if symbol else _by_line(snapshot, uri, expected.line)
    if not found.outdated:
        return there
    return _outdated(there)


def _document(snapshots: Sequence[Snapshot], path: Path) -> tuple[Snapshot, str] | None:
    """The snapshot and the uri of a path, by its name before where links lead: a link that leads out has a reason."""
    by_root = {snapshot.root: snapshot for snapshot in snapshots}
    named = Path(os.path.normpath(path))
    holding = [root for root in by_root if named.is_relative_to(root.path)]
    if holding:
        root = max(holding, key=lambda root: len(root.path.parts))
        uri = named.relative_to(root.path).as_posix()
        return by_root[root], "" if uri == "." else uri
    inner = innermost(list(by_root), path)
    return (by_root[inner], uri_of(inner, path)) if inner else None


def _by_symbol(snapshots: Sequence[Snapshot], symbol: str, uri: str | None = None) -> Meant | NotThere:
    """The chunks that define a symbol, else those that mention it."""
    name = re.sub("::|->|#", ".", symbol).removesuffix("()").strip(".")
    *within, last = name.split(".")
    for qualifier in (Qualifier("def", last), Qualifier("sym", name)):
        found = [
            (snapshot.root, chunk)
            for snapshot in snapshots
            for chunk in allowed_chunks(snapshot.chunks, [qualifier], snapshot.symbols) or ()
            if (uri is None or chunk.uri == uri) and (qualifier.name == "sym" or _lies(chunk, within))
        ]
        if found:
            return Meant(f"`{symbol}`", tuple(found[:MOST_CHUNKS]))
    where = f"in {printable(uri)}" if uri else "that is indexed"
    close = _similar_names(snapshots, name)
    remedy = f"Did you mean {close}?" if close else "Name the file, to learn whether that is indexed."
    return NotThere(f"`{symbol}`", Absence("unknown", f"nothing {where} defines or mentions it", remedy))


def _lies(chunk: Chunk, within: Sequence[str]) -> bool:
    """Whether a chunk stands in, or is, everything that qualifies a name: classes, modules."""
    around = {part.strip() for part in chunk.breadcrumb.split(">")}.union(
        chunk.symbols, module_of(chunk.uri).split(".")
    )
    return around.issuperset(within)


def _similar_names(snapshots: Sequence[Snapshot], name: str) -> str:
    """Symbols that are written much like `name`, of those with its first letter: a typing error is rarely there."""
    last = name.rpartition(".")[2]
    names = {
        symbol.rpartition(".")[2] for one in snapshots for chunk in one.chunks for symbol in chunk.symbols
    }
    likely = [other for other in names if other[:1].lower() == last[:1].lower()]
    return " or ".join(f"`{one}`" for one in difflib.get_close_matches(last, sorted(likely), SIMILAR_NAMES))


def _by_line(snapshot: Snapshot, uri: str, line: int | None) -> Meant | NotThere:
    """The chunk at a line, or the nearest where the line is between two; all of the file without a line."""
    file = snapshot.chunks.file(uri)
    assert file is not None  # else its whereabouts had been an absence
    if line is None:
        return Meant(printable(uri), tuple((snapshot.root, chunk) for chunk in file.chunks))
    name = f"{printable(uri)}:{line + 1}"
    if not 0 <= line < max(file.row.lines, file.chunks[-1].end_line + 1):
        reason = f"{printable(uri)} has {file.row.lines:,} lines"
        return NotThere(name, Absence("unknown", reason, "Name one of them."))
    return Meant(name, ((snapshot.root, _nearest(file, line)),), is_place=True)


def _nearest(file: IndexedFile, line: int) -> Chunk:
    return min(file.chunks, key=lambda chunk: max(chunk.start_line - line, line - chunk.end_line, 0))


def _outdated(there: Meant | NotThere) -> Meant | NotThere:
    if isinstance(there, NotThere):
        reason = f"{there.absence.reason} in the text that was indexed, but the file has changed since"
        return NotThere(there.name, Absence("unread", reason, OUTDATED))
    return replace(there, remark=f"The file has changed since it was indexed. {OUTDATED}")


OUTDATED = "It is read again in a moment, or with `indexctl index`."


def _with_namesake(absence: Absence, snapshot: Snapshot, uri: str) -> Absence:
    """Point to a file of the same name elsewhere, which may be the one that was moved or meant."""
    if absence.kind not in ("deleted", "unknown"):
        return absence
    name = PurePosixPath(uri).name
    others = (file.row.uri for file in snapshot.chunks.files() if file.chunks)
    namesake = next((other for other in others if PurePosixPath(other).name == name and other != uri), None)
    if namesake is None:
        return absence
    return Absence(absence.kind, absence.reason, f"{printable(namesake)} has the same name: is it meant?")
