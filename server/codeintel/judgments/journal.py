"""The file of a root's judgments: a line each, only ever appended to, by any number of processes at once.

A line goes out in one write, behind a lock, to a file opened for appending. It begins with a line break, so that
whatever a full disk or a power failure left half-written before it costs that line alone.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from codeintel.errors import WorkspaceError
from codeintel.judgments.records import Judgment, from_line, to_line

log = logging.getLogger(__name__)

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_LOCKED_BYTE = 1 << 30  # Windows locks mandatorily: one that no journal reaches, so that reading goes on


def append(path: Path, *judgments: Judgment) -> None:
    """Add judgments, on the disk when this returns. Raises WorkspaceError where they cannot be written."""
    lines = "".join(f"\n{to_line(judgment)}\n" for judgment in judgments).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            _lock(descriptor)  # until it is closed
            written = os.write(descriptor, lines)
            if written < len(lines):
                raise OSError(0, "the disk took only a part of it")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise WorkspaceError(
            f"The judgment cannot be written to {path} ({error.strerror}).",
            "Free space, or the right to write.",
        ) from error


def read(path: Path) -> list[Judgment]:
    """The judgments in the order in which they were made; lines that cannot be read are passed over and logged.

    None where there is no file. Raises WorkspaceError where it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WorkspaceError(f"The judgments in {path} cannot be read ({error.strerror}).") from error
    found = [from_line(line) for line in lines if line.strip()]
    if None in found:
        log.warning("%s: %d lines cannot be read and are passed over", path, found.count(None))
    return [judgment for judgment in found if judgment is not None]


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
