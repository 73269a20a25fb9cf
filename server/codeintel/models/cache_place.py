"""Where the vector cache lies, who may read it, and what becomes of a damaged file; its rows are cache_file's."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

# A later form of the rows has another name: two versions of codeintel side by side keep a file each.
FILE_NAME = "vectors-v1.sqlite"
# What SQLite lays beside its file while it is open, and after a crash.
_COMPANIONS = ("-wal", "-shm")
_DAMAGED = ".damaged"


def user_cache_folder() -> Path | None:
    """The folder `codeintel` in this user's cache folder; None where the system knows of none."""
    chosen = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / "codeintel"
    try:
        home = Path.home()  # also without HOME, as under cron: from the user database
    except RuntimeError:
        return None
    if not home.is_absolute():
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "codeintel"


def prepare(path: Path) -> None:
    """Make the file `path`, and its folder, for this user's eyes only. Raises OSError.

    Only a new file is opened: closing a descriptor of a file that SQLite has open in this process would let go of
    SQLite's locks on it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if path.stat().st_mode & 0o077:  # copied here, say; SQLite gives its other files the mode of this one
        path.chmod(0o600)


def identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at `path` from another that takes its place; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def set_aside(path: Path, known: tuple[int, int] | None) -> Path | None:
    """Rename the damaged file `known` at `path`, over an earlier one; its new path, None where it is not there.

    Where another process was quicker, the file that lies there now is left alone. Raises OSError.
    """
    if known is None or identity(path) != known:
        return None
    aside = path.with_name(path.name + _DAMAGED)
    path.replace(aside)
    _remove(*_beside(path))
    return aside


def remove_set_aside(path: Path) -> None:
    """Remove what `set_aside` left of the file `path`."""
    _remove(path.with_name(path.name + _DAMAGED))


def remove(path: Path) -> bool:
    """Remove the file and what is beside it; whether it is gone. Processes that have it open notice and let go."""
    _remove(path, *_beside(path))
    return identity(path) is None


def bytes_on_disk(path: Path) -> int:
    """The size of the file and of what SQLite has beside it."""
    total = 0
    for part in (path, *_beside(path)):
        with contextlib.suppress(OSError):
            total += part.stat().st_size
    return total


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _COMPANIONS]


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
