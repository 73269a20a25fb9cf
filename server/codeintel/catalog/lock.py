"""The writer's lock of an index folder: one process holds it, and its death frees it."""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from pathlib import Path

from codeintel.errors import IndexLocked

LOCK_NAME = "writer.lock"

# Windows locks bytes mandatorily: one far behind the pid, so that the pid stays readable.
_WINDOWS_BYTE = 1 << 30


class WriterLock:
    """An advisory lock on `<folder>/writer.lock`, which names its holder's pid and is never deleted."""

    def __init__(self, folder: Path) -> None:
        """Take the lock at once. Raises IndexLocked with the holder's pid, OSError where there is no file."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor: int | None = os.open(folder / LOCK_NAME, flags, 0o644)
        try:
            _lock(self._descriptor)
        except (BlockingIOError, PermissionError):
            holder = _holder(self._descriptor)
            self.abandon()
            raise IndexLocked(
                f"The index in {folder} is being written by process {holder}.",
                "It can be read meanwhile; writing starts when that process ends.",
            ) from None
        except OSError:
            self.abandon()
            raise
        # A full disk keeps the pid from being written, not the lock from being held.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, str(os.getpid()).encode())
        _held.add(self)

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor is not None:
            _unlock(self._descriptor)
            self.abandon()

    def abandon(self) -> None:
        """Close this process's copy; the lock stays with those who have another."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _WINDOWS_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        """Closing is enough."""

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


_held: weakref.WeakSet[WriterLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked child would keep the lock beyond its parent's death; closing its copy frees nothing."""
    for lock in list(_held):
        lock.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
