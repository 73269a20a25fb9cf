"""Files of an index folder that the manifest in use does not list: found, kept for a while, removed.

Within a process only its monotonic clock counts, so that no change of the wall clock removes a file that an engine has
just written for the next generation, or that a reader of the last one still opens. Across processes it is the time of
modification, which is set anew where it lies in the future.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Collection, Iterable
from itertools import takewhile
from pathlib import Path

from codeintel.catalog.durable import TEMPORARY_PREFIX

_GENERATION = re.compile(r"-g(\d{1,15})\.")


class Retired:
    """Names with the moment since when nothing lists them, in its order."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def note(self, paths: Iterable[str], at: float) -> None:
        """Start the grace period of `paths`, those aside whose period runs already."""
        for path in paths:
            self._since.setdefault(path, at)

    def due(self, keep: Collection[str], at: float, grace: float) -> list[str]:
        """Take out those whose grace is over; those in `keep` are listed again. Costs what it answers."""
        over = [path for path, _ in takewhile(lambda one: at - one[1] >= grace, self._since.items())]
        for path in over:
            del self._since[path]
        return [path for path in over if path not in keep]


class Leftovers:
    """The leftovers of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._retired = Retired()

    def last_generation(self) -> int:
        """The highest generation in any name: no name is used twice, even after a manifest was lost."""
        return max((int(m[1]) for path in self._files() if (m := _GENERATION.search(path))), default=0)

    def retire(self, paths: Iterable[str], at: float) -> None:
        """Start the grace period of files that the current manifest no longer lists."""
        found = [path for path in paths if _is_ours(path)]
        self._retired.note(found, at)
        for path in found:
            self._touch(path)

    def find(self, keep: Collection[str], at: float) -> None:
        """Start that of every other file, too. Costs a look at every name in the folder."""
        self._retired.note(self._unlisted(keep), at)

    def collect(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Remove files whose grace is over; answers their sizes in bytes. Costs what it removes."""
        return self._remove(self._retired.due(keep, at, grace), at)

    def collect_old(self, keep: Collection[str], at: float, grace: float) -> dict[str, int]:
        """Remove what earlier processes left, by its time of modification; only before anything is written."""
        now = time.time()
        over = []
        for path in self._unlisted(keep):
            age = self._age(path, now)
            if age >= grace:
                over.append(path)
            elif age < 0:  # the clock was set back since
                self._touch(path)
        removed = self._remove(over, at)
        self.find(keep, at)
        return removed

    def orphans(self, keep: Collection[str], grace: float) -> list[str]:
        """What `collect_old` would remove now."""
        now = time.time()
        return sorted(path for path in self._unlisted(keep) if self._age(path, now) >= grace)

    def _unlisted(self, keep: Collection[str]) -> list[str]:
        return [path for path in self._files() if path not in keep and _is_ours(path)]

    def _remove(self, paths: Iterable[str], at: float) -> dict[str, int]:
        removed = {}
        for path in paths:
            try:
                size = (self._folder / path).stat().st_size
                (self._folder / path).unlink()
                removed[path] = size
            except FileNotFoundError:
                continue
            except OSError:  # some systems keep a file that is being read
                self._retired.note([path], at)
        return removed

    def _age(self, path: str, now: float) -> float:
        try:
            return now - (self._folder / path).stat().st_mtime
        except OSError:
            return 0.0

    def _touch(self, path: str) -> None:
        with contextlib.suppress(OSError):
            os.utime(self._folder / path)

    def _files(self) -> Iterable[str]:
        """Files of the tables' and engines' folders, and temporary ones beside them; no links."""
        for entry in _scan(self._folder):
            if entry.is_dir(follow_symlinks=False):
                inner = _scan(Path(entry.path))
                yield from (f"{entry.name}/{f.name}" for f in inner if f.is_file(follow_symlinks=False))
            elif _is_temporary(entry.name):
                yield entry.name


def _is_ours(path: str) -> bool:
    """Whether a file is of a generation, or was to be; any other belongs to an engine, or to somebody else."""
    return bool(_GENERATION.search(path)) or _is_temporary(path)


def _is_temporary(path: str) -> bool:
    return path.rpartition("/")[2].startswith(TEMPORARY_PREFIX)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
