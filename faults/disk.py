"""Disks that misbehave, as strikes of a trap: one that refuses writes, one that is slow, one that loses power."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import stat
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.trap import GO_ON, Operation, Verdict

_NEEDS_ROOM: Final = frozenset(
    {"write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
     "mkdir", "mkdirat", "open", "openat", "link", "linkat", "fallocate", "copy_file_range", "sendfile"}
)  # fmt: skip
"""Operations that a full or broken disk refuses; it still removes and shortens files."""


class RefusingDisk:
    """Refuses the `first`-th operation that needs room, counted from `arm`, and all after it with `for_ever`."""

    def __init__(self, code: int = errno.EIO) -> None:
        self.refused = 0
        self.counted = 0
        self._code = code
        self._first = 0
        self._for_ever = False

    def arm(self, first: int, *, for_ever: bool) -> None:
        """Begin to count; `first` is 1-based."""
        self.refused = self.counted = 0
        self._for_ever = for_ever
        self._first = first

    def mend(self) -> None:
        """Refuse nothing any more."""
        self._first = 0

    def __call__(self, operation: Operation) -> Verdict:
        """Judge one operation."""
        if not self._first or operation.name not in _NEEDS_ROOM:
            return GO_ON
        self.counted += 1
        if self.counted == self._first or (self._for_ever and self.counted > self._first):
            self.refused += 1
            return Verdict(self._code)
        return GO_ON


@dataclass(slots=True)
class _Change:
    """A name that was made, replaced or removed; `lost` is a copy of what the name led to before."""

    path: Path
    moved_from: Path | None = None
    lost: Path | None = None
    is_folder: bool = False


@dataclass(slots=True)
class _Volatile:
    """What a power loss would take: bytes and names that were never synced."""

    contents: dict[Path, Path | None] = field(default_factory=dict)
    names: dict[Path, list[_Change]] = field(default_factory=dict)


class VolatileDisk:
    """Notes what was synced, and at the `step`-th operation after `arm` takes the power from the process.

    What is lost is decided by `lose`: contents that were not synced are as they were, empty, or half there;
    names whose folder was not synced may be there or not, each for itself, as POSIX allows. `stash` is a folder
    for the copies that this takes.
    """

    def __init__(self, stash: Path) -> None:
        self.struck = threading.Event()
        self.counted = 0
        self.last = ""
        self._stash = stash
        self._copies = 0
        self._step = 0
        self._pid = 0
        self._volatile = _Volatile()
        self._armed = False
        stash.mkdir(parents=True, exist_ok=True)

    def arm(self, pid: int, step: int) -> None:
        """From now on everything is noted; everything before counts as synced."""
        self._volatile = _Volatile()
        self._pid, self._step, self.counted, self._armed = pid, step, 0, True

    def __call__(self, operation: Operation) -> Verdict:
        """Note one operation, or end the process before it is done."""
        if not self._armed or self.struck.is_set():
            return GO_ON
        self.counted += 1
        self.last = f"{operation.name} {operation.path.name}"
        if self.counted == self._step:
            os.kill(self._pid, signal.SIGKILL)  # it waits for the verdict: the operation is never done
            self.struck.set()
            return Verdict(errno.EIO)
        with contextlib.suppress(OSError):
            self._note(operation)
        return GO_ON

    def lose(self, chance: random.Random | None) -> None:
        """Put the folder into a state that a power loss may leave behind; None loses all that can be lost."""
        for path, durable in self._volatile.contents.items():
            if path.is_file():
                self._lose_content(path, durable, chance)
        for changes in self._volatile.names.values():
            for change in reversed(changes):
                if chance is None or chance.random() < 0.5:
                    _undo(change)

    def _lose_content(self, path: Path, durable: Path | None, chance: random.Random | None) -> None:
        match 0 if chance is None else chance.randrange(4):
            case 0:
                path.write_bytes(durable.read_bytes() if durable else b"")
            case 1:
                os.truncate(path, 0)
            case 2:
                os.truncate(path, path.stat().st_size // 2)
            case _:
                pass  # it happened to be written out

    def _note(self, operation: Operation) -> None:
        path, name = operation.path, operation.name
        match name:
            case "write" | "pwrite64" | "writev" | "pwritev" | "ftruncate" | "truncate" | "fallocate":
                self._dirty(path)
            case "copy_file_range" | "sendfile":
                self._dirty(path)
            case "fsync" | "fdatasync" if path.is_dir():
                self._volatile.names.pop(path, None)
            case "fsync" | "fdatasync":
                self._volatile.contents.pop(path, None)
            case "open" | "openat":
                self._opened(path, operation)
            case "rename" | "renameat" | "renameat2" if operation.target:
                self._renamed(path, operation.target)
            case "link" | "linkat" if operation.target and not operation.target.exists():
                self._named(_Change(operation.target))
            case "unlink" | "unlinkat" | "rmdir" if path.exists():
                is_folder = path.is_dir()
                self._named(_Change(path, lost=None if is_folder else self._copy(path), is_folder=is_folder))
            case "mkdir" | "mkdirat" if not path.exists():
                self._named(_Change(path))

    def _opened(self, path: Path, operation: Operation) -> None:
        flags = operation.arguments[1 if operation.name == "open" else 2]
        if not path.exists():
            if flags & os.O_CREAT:
                self._named(_Change(path))
                self._volatile.contents.setdefault(path, None)
        elif flags & os.O_TRUNC and path.is_file():
            self._dirty(path)

    def _renamed(self, path: Path, target: Path) -> None:
        lost = self._copy(target) if target.is_file() else None
        self._named(_Change(target, moved_from=path, lost=lost))
        if path in self._volatile.contents:
            self._volatile.contents[target] = self._volatile.contents.pop(path)

    def _dirty(self, path: Path) -> None:
        if path not in self._volatile.contents and stat.S_ISREG(path.stat().st_mode):
            self._volatile.contents[path] = self._copy(path)

    def _named(self, change: _Change) -> None:
        self._volatile.names.setdefault(change.path.parent, []).append(change)

    def _copy(self, path: Path) -> Path:
        self._copies += 1
        return Path(shutil.copyfile(path, self._stash / str(self._copies)))


class SlowDisk:
    """Takes `delay_s` for every operation while it is `slow`; `by_thread` has what each thread waited for."""

    def __init__(self, delay_s: float) -> None:
        self.slow = False
        self.counted = 0
        self.by_thread: dict[int, list[str]] = {}
        self._verdict = Verdict(delay_s=delay_s)

    def __call__(self, operation: Operation) -> Verdict:
        """Judge one operation."""
        if not self.slow:
            return GO_ON
        self.counted += 1
        self.by_thread.setdefault(operation.pid, []).append(f"{operation.name} {operation.path.name}")
        return self._verdict


def _undo(change: _Change) -> None:
    """Have the name lead again to what it led to before."""
    path = change.path
    with contextlib.suppress(OSError):
        if change.moved_from and path.exists():
            path.replace(change.moved_from)
        elif change.is_folder:
            path.mkdir(exist_ok=True)
        elif path.is_dir():
            shutil.rmtree(path)
        elif not change.lost:
            path.unlink(missing_ok=True)
        if change.lost and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(change.lost, path)


def spread(total: int, wanted: int) -> Sequence[int]:
    """At most `wanted` of the steps 1 to `total`, the last among them, evenly."""
    if total <= wanted:
        return range(1, total + 1)
    return sorted({round(number * total / wanted) for number in range(1, wanted + 1)})
