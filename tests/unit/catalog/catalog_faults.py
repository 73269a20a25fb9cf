"""A disk that crashes, loses power or refuses at the n-th operation."""

from __future__ import annotations

import errno
import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


@contextmanager
def operations(strike: Callable[[int], None]) -> Iterator[list[str]]:
    """Call `strike` with the number of each mkdir, write, fsync and replace before it; yields their names."""
    done: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "write", "fsync", "replace"):
            patch.setattr(os, name, _numbered(name, getattr(os, name), done, strike))
        yield done


def _numbered(
    name: str, function: Callable[..., Any], done: list[str], strike: Callable[[int], None]
) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        done.append(name)
        try:
            strike(len(done))
        except BaseException:
            if name == "write":
                function(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise
        return function(*arguments)

    return call


def crash_at(step: int) -> Callable[[int], None]:
    def strike(number: int) -> None:
        if number == step:
            raise Crash

    return strike


def refuse_from(step: int, until: float, code: int = errno.ENOSPC) -> Callable[[int], None]:
    """Fail like a full disk from operation `step` to operation `until`."""

    def strike(number: int) -> None:
        if step <= number <= until:
            raise OSError(code, os.strerror(code))

    return strike


class VolatileDisk:
    """Remembers what was not synced, and forgets it again, all or some of it, at `lose_power`."""

    def __init__(self) -> None:
        self._unsynced: set[Path] = set()
        self._names: dict[Path, list[tuple[Path, bytes | None]]] = {}

    @contextmanager
    def mounted(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "fsync", "replace", "mkdir"):
                patch.setattr(os, name, getattr(self, f"_{name}")(getattr(os, name)))
            yield

    def lose_power(self, chance: random.Random) -> None:
        """Undo any of the names whose folder was not synced, and empty what was not written out."""
        for path in self._unsynced:
            if path.exists():
                os.truncate(path, 0)
        for changes in self._names.values():
            for path, before in reversed(changes):
                if chance.random() < 0.5:
                    _put_back(path, before)

    def _open(self, function: Callable[..., int]) -> Callable[..., int]:
        def call(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & os.O_CREAT and flags & os.O_EXCL:
                self._unsynced.add(Path(path))
            return function(path, flags, *rest, **named)

        return call

    def _fsync(self, function: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            function(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                self._names.pop(path, None)
            self._unsynced.discard(path)

        return call

    def _replace(self, function: Callable[..., None]) -> Callable[..., None]:
        def call(source: Path, target: Path) -> None:
            source, target = Path(source), Path(target)
            before = target.read_bytes() if target.exists() else None
            function(source, target)
            self._names.setdefault(target.parent, []).append((target, before))
            if source in self._unsynced:
                self._unsynced.add(target)

        return call

    def _mkdir(self, function: Callable[..., None]) -> Callable[..., None]:
        def call(path: Path, *rest: Any) -> None:
            function(path, *rest)
            self._names.setdefault(Path(path).parent, []).append((Path(path), None))

        return call


def _put_back(path: Path, before: bytes | None) -> None:
    if before is not None:
        path.write_bytes(before)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
