"""The index folder itself: made, marked as ours, and refused where it is something else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from codeintel.catalog.durable import sync_folder, write_file
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.catalog.schemas import TABLES
from codeintel.errors import UsageError

FOLDER_NAME = ".codeintel"
ENGINE_FOLDERS = ("lexical", "vectors", "tokens", "terms")
CATALOG_NAME = "catalog.duckdb"

_GITIGNORE = b"*\n"
_CACHEDIR_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# A search index of codeintel: derived from the workspace, safe to delete, not worth a backup.\n"
)


def discard(folder: Path) -> None:
    """Remove everything that an index consists of, so that the next opening begins with none; other files stay.

    Raises OSError where something cannot be removed. The caller holds the writer's lock, or nobody does.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in (MANIFEST_NAME, CATALOG_NAME):
        (folder / name).unlink(missing_ok=True)
    for name in (*TABLES, *ENGINE_FOLDERS):
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)


def prepare(folder: Path) -> None:
    """Make `folder` an index folder that version control and backups pass over.

    Raises OSError where that cannot be done, also for a symbolic link: a repository could ship one that leads
    elsewhere. Raises UsageError for a folder of another name that already holds other things.
    """
    if folder.is_symlink():
        raise OSError(None, "it is a symbolic link")
    if not folder.exists():
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
    names = {entry.name for entry in os.scandir(folder)}
    if names and folder.name != FOLDER_NAME and not names & {"CACHEDIR.TAG", MANIFEST_NAME}:
        raise UsageError(
            f"The folder {folder} holds other things than an index.", "Name a new or an empty folder."
        )
    for name, content in ((".gitignore", _GITIGNORE), ("CACHEDIR.TAG", _CACHEDIR_TAG)):
        if name not in names:
            write_file(folder / name, content)
