"""Files that are there whole or not at all, also after a power loss; what is in them is not known here."""

from __future__ import annotations

import contextlib
import os
from hashlib import file_digest, sha256
from pathlib import Path

TEMPORARY_PREFIX = ".new-"


def checksum(data: bytes | memoryview) -> str:
    """Hex sha256 of `data`; 2 GB/s on one core of the reference machine, which has it in hardware."""
    return sha256(data).hexdigest()


def file_checksum(path: Path) -> str:
    """The checksum of a file's bytes, read in blocks. Raises OSError."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_file(path: Path, data: bytes | memoryview) -> None:
    """Put `data` under `path` by temporary file, fsync and replace; the folder is not synced (sync_folder).

    The temporary file is opened exclusively, so that a link planted under its name is never followed. It is
    removed where writing fails, so that a full disk is not filled further. Raises OSError.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}")
    temporary.unlink(missing_ok=True)
    try:
        _write_synced(temporary, data)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power loss (Windows has no such call and needs none)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, data: bytes | memoryview) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
