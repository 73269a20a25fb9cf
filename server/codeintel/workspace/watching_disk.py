"""Small looks at the disk that watching takes; paths are strings here, as there may be thousands of them."""

from __future__ import annotations

import os
import stat
import time

from codeintel.workspace.walking import PRIVATE_FOLDERS

_COARSE_S = 2.0  # of FAT, the coarsest
_HOLLOW_FOLDERS = 64  # looked into before a tree counts as one that holds files; a guess


def identity(folder: str) -> tuple[int, int] | None:
    """Device and inode; None where there is no folder. A symlink is none."""
    try:
        status = os.lstat(folder)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def entries(folder: str) -> list[tuple[str, bool]]:
    """The entries' paths and whether each is a real folder, without private ones; [] where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return [
                (entry.path, entry.is_dir(follow_symlinks=False))
                for entry in found
                if entry.name not in PRIVATE_FOLDERS
            ]
    except OSError:
        return []


def now() -> float:
    """Seconds since the epoch, as files are stamped, less what a file system may round off."""
    return time.time() - _COARSE_S


def changed_since(path: str, moment: float) -> bool:
    """Whether the file or folder was written, made or moved here after the moment; True where nobody can say.

    Only of itself: what lies in a folder that was moved keeps its times.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return True
    return os.name != "posix" or max(status.st_ctime, status.st_mtime) >= moment


def is_hollow(top: str) -> bool:
    """Whether a tree holds folders only: no listing shows it, and yet the first file in it counts."""
    pending = [top]
    for _ in range(_HOLLOW_FOLDERS):
        if not pending:
            return True
        for path, is_folder in entries(pending.pop()):
            if not is_folder:
                return False
            pending.append(path)
    return False


def below(folder: str) -> str:
    """What the paths of everything in the folder begin with."""
    return f"{folder.rstrip(os.sep)}{os.sep}"


def parent_of(path: str) -> str:
    """The folder that holds it."""
    return os.path.split(path)[0]


def name_of(path: str) -> str:
    """Its last part."""
    return os.path.split(path)[1]


def depth(path: str) -> int:
    """More for an inner folder than for the one around it."""
    return path.count(os.sep)
