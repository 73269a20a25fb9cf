"""The watcher of a root: says which paths may have changed on disk; knows of no index and reads no file.

Everything that it reports is a hint, contents decide. It sees what this machine writes: not every change on a network
file system, and none that a program makes through mapped memory. So callers compare with the disk now and then too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from codeintel.workspace.watching_batches import Batch, Hints
from codeintel.workspace.watching_folders import FollowedFolders

if sys.platform == "linux":
    from codeintel.workspace.watching_inotify import InotifyWatches as SystemWatches
else:
    from codeintel.workspace.watching_tree import TreeWatches as SystemWatches

__all__ = ["Batch", "Watcher", "folders_holding"]

QUIET_S = 0.05  # measured (benchmarks/watching.py): a checkout of 400 files is one batch
LONGEST_S = 0.5  # a guess: what someone who waits for a change takes for at once
_STOP_S = 0.4  # for each of the two threads, so that `stop` is back within a second


class Watcher:
    """Watches the folders of a root that discovery found files in, and folders that appear beside them.

    A new folder is watched with all that is in it, until two calls of `follow` have left it out; folders like
    node_modules or .venv only if they are among the given ones. Never reported: what lies in `.codeintel` or in
    another private folder. A checkout, or a file that git begins or ceases to track, comes as ROOT/.git/HEAD,
    wherever that file really lies.

    `report` is called from one thread of the watcher; it may call `follow`. Started once.
    """

    def __init__(
        self,
        root: Path,
        folders: Iterable[Path],
        report: Callable[[Batch], None],
        *,
        quiet_s: float = QUIET_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        """`root` has its symlinks resolved, and `folders` lie in it; their parents are watched without being named."""
        self._first = [str(folder) for folder in folders]
        self._hints = Hints(report, self._look, quiet_s, longest_s)
        self._folders = FollowedFolders(str(root), SystemWatches, self._hints)

    def start(self) -> None:
        """Returns when the folders are watched: 60 ms for 2,000. What changed before is not reported."""
        self._folders.start(self._first)
        self._hints.start()

    def stop(self) -> None:
        """No call of `report` begins afterwards; one that runs is waited for, but not longer than a second."""
        self._hints.stop(_STOP_S)
        self._folders.stop(_STOP_S)

    def follow(self, folders: Iterable[Path]) -> None:
        """Watch these folders from now on, of a listing begun after the last call of this method or of `start`.

        Where a folder was not watched before, what has changed in it since that call is reported.
        """
        self._folders.follow(map(str, folders))

    @property
    def limited(self) -> str:
        """'' or a sentence why only part is watched: then the rest must be compared with the disk on a timer."""
        return self._folders.limited

    @property
    def gone(self) -> bool:
        """Whether the root is missing; looked at each second, and its return is reported as overflow."""
        return self._folders.gone

    def _look(self) -> None:
        self._folders.look_at_root()


def folders_holding(root: Path, uris: Iterable[str]) -> frozenset[Path]:
    """The folders in which the listed files, indexed or skipped, lie; a uri that ends in '/' is a folder's."""
    parents = {uri.rstrip("/").rpartition("/")[0] for uri in uris}
    return frozenset(root / parent for parent in parents)
