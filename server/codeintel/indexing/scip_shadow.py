"""A copy of a root's documents outside the workspace, for an indexer to read and write beside.

What is copied is the text that the index holds, not what is on disk now, so that an indexer's rows belong to a known
text. The copy and all that the indexer leaves there go when it is no longer needed.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.errors import CodeIntelError, WorkspaceError
from codeintel.indexing.progress import Meter
from codeintel.workspace.decoding import without_lone_surrogates
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, contains, path_of

log = logging.getLogger(__name__)

_PREFIX = "codeintel-scip-"
_LEFTOVER_SECONDS = 86_400.0
"""A folder this old was left by a process that was killed: no indexer is given a day."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What keeps every document from being copied; another error is that of one name."""


class NoShadow(CodeIntelError):
    """There is no place outside the workspace where its documents could be copied to."""


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document of the index: `content_hash` is that of the file, as the index knows it."""

    uri: str
    language: str
    content_hash: int


@dataclass(frozen=True, slots=True)
class Sources:
    """What can be copied: the documents of one snapshot, and their texts (None: it has no such document any more)."""

    documents: Sequence[SourceDocument]
    text_of: Callable[[str], str | None]

    def of(self, languages: frozenset[str]) -> list[SourceDocument]:
        """The documents in these languages."""
        return [document for document in self.documents if document.language in languages]


@dataclass(frozen=True, slots=True)
class Shadow:
    """The copy: `project` holds the documents under their uris, `scratch` is for anything else."""

    project: Path
    scratch: Path
    documents: dict[str, SourceDocument]

    def text_of(self, uri: str) -> str | None:
        """The text that was copied; None for what was not, or is no longer there."""
        if uri not in self.documents:
            return None
        try:
            return (self.project / uri).read_bytes().decode("utf-8", "replace")
        except OSError:
            return None

    def write(self, name: str, text: str) -> None:
        """Put a file of ours into the project, such as an indexer's configuration."""
        (self.project / name).write_bytes(text.encode())


@contextmanager
def shadow_of(
    root: Root, sources: Sources, documents: Iterable[SourceDocument], cancelled: CancelCheck, meter: Meter
) -> Iterator[Shadow]:
    """A copy of these documents while the context lasts.

    NoShadow where the system's folder for temporary files lies in the workspace or cannot be written.
    """
    folder = _fresh_folder(root)
    try:
        yield _filled(folder, sources, documents, cancelled, meter)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fresh_folder(root: Root) -> Path:
    base = Path(tempfile.gettempdir()).resolve()
    if contains(root, base):
        raise NoShadow(
            f"The folder for temporary files, {printable(base)}, lies in the workspace folder {root.name}.",
            "Set TMPDIR to a folder outside it.",
        )
    _sweep(base)
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    except OSError as error:
        raise _no_room(base, error) from error


def _no_room(folder: Path, error: OSError) -> NoShadow:
    return NoShadow(
        f"The workspace's documents cannot be copied to {printable(folder)} ({error.strerror}).",
        "Make room there, or set TMPDIR to another folder.",
    )


def _sweep(base: Path) -> None:
    """Remove what earlier processes of this user left when they were killed."""
    for folder in base.glob(f"{_PREFIX}*"):
        try:
            found = folder.lstat()
        except OSError:
            continue
        ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if ours and time.time() - found.st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _filled(
    folder: Path, sources: Sources, documents: Iterable[SourceDocument], cancelled: CancelCheck, meter: Meter
) -> Shadow:
    shadow = Shadow(folder / "project", folder / "scratch", {})
    shadow.project.mkdir()
    shadow.scratch.mkdir()
    copy = Root(_PREFIX, shadow.project)
    for document in documents:
        stop_if(cancelled)
        text = sources.text_of(document.uri)
        if text is not None and _copied(copy, document.uri, text):
            shadow.documents[document.uri] = document
        meter.advance()
    return shadow


def _copied(copy: Root, uri: str, text: str) -> bool:
    """Write one document; whether that was possible: its name may be none here, or lead elsewhere."""
    try:
        path = path_of(copy, uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(without_lone_surrogates(text).encode())
    except (WorkspaceError, ValueError) as error:
        log.info("%s is not copied for an indexer: %s", printable(uri), error)
        return False
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise _no_room(copy.path, error) from error
        log.info("%s is not copied for an indexer: %s", printable(uri), error.strerror)
        return False
    return True
