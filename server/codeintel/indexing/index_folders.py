"""The index folders of a workspace's roots: where they lie, opening them for writing or behind a writer, removal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codeintel.catalog.check import Finding
from codeintel.catalog.folder import FOLDER_NAME, discard
from codeintel.catalog.lock import WriterLock
from codeintel.errors import IndexCorrupt, IndexLocked, IndexTrouble, WorkspaceError
from codeintel.indexing.checking import check_index
from codeintel.indexing.opening import Opened, empty_index, open_index
from codeintel.models.folder import Models
from codeintel.settings import Settings
from codeintel.workspace.roots import Root, open_root, unique_names


def index_folder(root: Root, settings: Settings, roots: int) -> Path:
    """`.codeintel` in the root, or where the setting places it; several roots then each have a folder in that."""
    if settings.index.folder is None:
        return root.path / FOLDER_NAME
    return settings.index.folder / root.name if roots > 1 else settings.index.folder


def open_or_follow(
    root: Root,
    folder: Path,
    models: Models,
    settings: Settings,
    *,
    readonly: bool = False,
    following: bool = False,
) -> Opened:
    """The index of a root; with `following` read only where another process writes, empty before its first state."""
    chunk_chars = settings.index.chunk_chars
    try:
        return open_index(root, folder, models, chunk_chars, readonly=readonly)
    except IndexLocked:
        if not following:
            raise
    try:
        return open_index(root, folder, models, chunk_chars, readonly=True)
    except IndexCorrupt:
        return empty_index(root, models, chunk_chars)


def take_over(root: Root, folder: Path, models: Models, settings: Settings) -> Opened | None:
    """The index of a root for writing, None while another process writes it."""
    try:
        return open_index(root, folder, models, settings.index.chunk_chars)
    except IndexTrouble:
        return None


def discard_indexes(folders: Sequence[Path], settings: Settings) -> None:
    """Remove the indexes of a workspace that no service has open; the next one makes them anew.

    Raises IndexLocked where another process writes one, WorkspaceError where files cannot be removed.
    """
    for folder in index_folders(folders, settings):
        if not folder.is_dir():
            continue
        try:
            lock = WriterLock(folder)
            try:
                discard(folder)
            finally:
                lock.release()
        except OSError as error:
            raise WorkspaceError(
                f"{folder} cannot be removed ({error.strerror}).", "Remove it by hand."
            ) from error


def check_indexes(folders: Sequence[Path], settings: Settings) -> list[Finding]:
    """Everything in which the indexes on disk depart from the contract; empty where it holds.

    Looks at the files as they are and repairs nothing: opening does that.
    """
    return [found for folder in index_folders(folders, settings) for found in check_index(folder)]


def index_folders(folders: Sequence[Path], settings: Settings) -> list[Path]:
    """Where the index of each root lies, or would."""
    roots = unique_names([open_root(folder).path for folder in folders])
    return [index_folder(root, settings, len(roots)) for root in roots]
