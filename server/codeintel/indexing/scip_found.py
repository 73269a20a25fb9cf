"""Indexes that others left in a root, by rust-analyzer, scip-go, scip-java, scip-clang and the like; only read here."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from codeintel.analysis.scip.merging import fits
from codeintel.analysis.scip.protobuf import ScipIndexError
from codeintel.analysis.scip.reader import IndexSurvey, read_index, survey_index
from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.indexing.scip_refresh import CompiledDocument
from codeintel.indexing.scip_shadow import Sources
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, contains
from codeintel.workspace.walking import DEFAULT_FOLDERS, PRIVATE_FOLDERS

log = logging.getLogger(__name__)

SUFFIX = ".scip"
MAX_DEPTH = 4
"""Folders below the root that are looked into; indexers write where a package begins (a guess)."""
MAX_FOLDERS = 2_000
"""So many folders are listed at most; a guess: 0.1 s on a local disk."""


@dataclass(frozen=True, slots=True)
class FoundIndex:
    """An index in a root: what made it, when (seconds since 1970), and of how many documents.

    `folder` is where its paths start, '' or ending in '/', relative to the root. `error` says why it cannot be read.
    """

    path: Path
    folder: str
    tool: str
    version: str
    modified: float
    documents: int
    error: ScipIndexError | None = None


def found_indexes(root: Root, cancelled: CancelCheck = never) -> list[FoundIndex]:
    """Every file of a root that is called an index, in order of path; links that lead out of it are none."""
    return [index for path in sorted(_candidates(root, cancelled)) if (index := _found(root, path))]


def read_found(
    found: FoundIndex, sources: Sources, cancelled: CancelCheck = never
) -> Iterator[CompiledDocument]:
    """The rows of those documents that still read as they did when the index was made, as far as names tell.

    Raises ScipIndexError.
    """
    known = {document.uri: document for document in sources.documents}

    def text_of(inner: str) -> str | None:
        uri = found.folder + inner
        return sources.text_of(uri) if uri in known else None

    for inner, occurrences, symbols in read_index(found.path, text_of):
        stop_if(cancelled)
        uri = found.folder + inner
        text = sources.text_of(uri)
        if text is None or not fits(occurrences, text):
            log.info("%s was made from another text of %s", printable(found.path), printable(uri))
            continue
        yield CompiledDocument(uri, known[uri].content_hash, text, occurrences, symbols)


def _candidates(root: Root, cancelled: CancelCheck) -> Iterator[Path]:
    folders = deque([(root.path, 0)])
    for _ in range(MAX_FOLDERS):
        if not folders:
            return
        stop_if(cancelled)
        folder, depth = folders.popleft()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if (
                    depth < MAX_DEPTH
                    and entry.name not in PRIVATE_FOLDERS
                    and entry.name not in DEFAULT_FOLDERS
                ):
                    folders.append((Path(entry.path), depth + 1))
            elif entry.name.endswith(SUFFIX) and entry.is_file() and contains(root, entry.path):
                yield Path(entry.path)


def _found(root: Root, path: Path) -> FoundIndex | None:
    try:
        modified = path.stat().st_mtime
    except OSError:
        return None
    try:
        survey = survey_index(path)
    except ScipIndexError as error:
        return FoundIndex(path, "", "", "", modified, 0, error)
    folder = _folder_of(root, path, survey)
    return FoundIndex(path, folder, survey.tool, survey.version, modified, len(survey.documents))


def _folder_of(root: Root, path: Path, survey: IndexSurvey) -> str:
    """Where the paths of an index start: where it says, or else, made on another machine, where it lies."""
    parts = urlsplit(survey.project_root)
    said = Path(unquote(parts.path)) if parts.scheme == "file" and parts.path else path.parent
    start = said if said.is_absolute() and said.is_dir() and contains(root, said) else path.parent
    inner = Path(os.path.realpath(start)).relative_to(root.path).as_posix()
    return "" if inner == "." else f"{inner}/"
