"""Which folders of a root are watched and what their events mean; the system's watches and batches are elsewhere.

A folder is watched where discovery found files in it or below it, where it appeared after that (until two listings
say that git ignores it), and where it holds no file yet. The parent of a watched folder is watched too, so that one
which goes away or is replaced is noticed.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from codeintel.workspace.naming import printable
from codeintel.workspace.walking import DEFAULT_FOLDERS, PRIVATE_FOLDERS
from codeintel.workspace.watching_batches import Hints
from codeintel.workspace.watching_disk import (
    below,
    changed_since,
    depth,
    entries,
    identity,
    is_hollow,
    name_of,
    now,
    parent_of,
)
from codeintel.workspace.watching_git import GIT_FILES, git_folder
from codeintel.workspace.watching_system import FolderEvents, FolderWatches

log = logging.getLogger(__name__)

_LEFT_OUT = PRIVATE_FOLDERS | DEFAULT_FOLDERS.keys()  # not entered unless discovery found files there
_LIMITS = {
    errno.ENOSPC: "the limit of inotify watches is reached (fs.inotify.max_user_watches)",
    errno.EMFILE: "the limit of inotify instances is reached (fs.inotify.max_user_instances)",
    errno.ENFILE: "the system's limit of open files is reached (fs.file-max)",
}


class FollowedFolders:
    """The watched folders of one root, kept in step with the disk and with what discovery finds worth watching."""

    def __init__(
        self, root: str, watches: Callable[[FolderEvents, str], FolderWatches], hints: Hints
    ) -> None:
        self._root = root
        self._hints = hints
        self._watches = watches(self, root)
        self._lock = threading.Lock()
        self._state = "new"
        self._identity: tuple[int, int] | None = None  # device and inode of the root as it is watched
        self._git = ""
        self._wanted: set[str] = set()
        self._inner: dict[str, set[str]] = {}  # every watched folder, with its watched subfolders
        # Watched but not wanted, and something came into them: how often `follow` has left them alone since.
        self._on_trial: dict[str, int] = {}
        self._refused: set[str] = set()
        self._reason = ""
        self._since = 0.0  # when `start` or `follow` was called last: the next listing is younger

    @property
    def limited(self) -> str:
        """'' or a sentence that says why folders are not watched."""
        with self._lock:
            if not self._refused:
                return ""
            total = len(self._refused | self._inner.keys())
            which = f"{len(self._refused):,} of {total:,} folders" if self._inner else "files"
            return f"Changes of {which} are not noticed at once, because {self._reason}."

    @property
    def gone(self) -> bool:
        """Whether the root is missing."""
        return self._identity is None

    def start(self, folders: Iterable[str]) -> None:
        """Begin with these folders, silently: only what changes from now on is reported."""
        with self._lock:
            if self._state != "new":
                return
            self._since = now()
            self._wanted = self._with_parents(folders)
            self._begin()
            if self.gone:
                self._hints.lose()

    def follow(self, folders: Iterable[str]) -> None:
        """Watch these folders; report what changed since the last call in those that were not watched before."""
        with self._lock:
            since, self._since = self._since, now()
            before, self._wanted = self._wanted, self._with_parents(folders)
            if self._state == "refused":
                self._begin(since)
            elif self._state == "started" and self._identity:
                self._end_trials(before)
                self._watch_wanted(since)

    def look_at_root(self) -> None:
        """Notice a root that went away, came back or was replaced; one stat where nothing happened."""
        with self._lock:
            if self._state in ("new", "stopped") or identity(self._root) == self._identity:
                return
            self._begin()
            self._hints.lose()

    def stop(self, timeout_s: float) -> None:
        """End within the time; no hint afterwards."""
        with self._lock:
            before, self._state = self._state, "stopped"
            self._inner, self._git = {}, ""
        if before == "started":
            self._watches.stop(timeout_s)

    def file_changed(self, folder: str, name: str) -> None:
        """See FolderEvents, as for the four that follow."""
        with self._lock:
            if folder == self._git and name in GIT_FILES:
                self._hint_git()
            elif folder in self._inner and name == ".git":
                self._look_at_git(folder)
            elif folder in self._inner and name not in PRIVATE_FOLDERS:
                self._put_on_trial(folder)
                self._hints.add((below(folder) + name,))

    def folder_came(self, folder: str, name: str) -> None:
        path = below(folder) + name
        with self._lock:
            if folder not in self._inner or path in self._inner:
                return
            if name == ".git":
                self._look_at_git(folder)
            elif name not in PRIVATE_FOLDERS:
                self._put_on_trial(folder)
                self._hints.add((path,))
                if self._enters(path):
                    self._watch_tree(path)

    def folder_went(self, folder: str, name: str) -> None:
        path = below(folder) + name
        with self._lock:
            if folder in self._inner and name == ".git":
                self._look_at_git(folder)
            elif folder in self._inner and name not in PRIVATE_FOLDERS:
                self._drop(path)
                self._hints.add((path,))

    def watch_ended(self, folder: str) -> None:
        with self._lock:
            if folder == self._git:
                self._look_at_git(self._root)
            elif folder not in self._inner:
                return
            elif folder == self._root:  # where it is back already, it may even have the same inode
                self._begin()
                self._hints.lose()
            else:
                self._drop(folder)
                self._hints.add((folder,))

    def events_lost(self) -> None:
        with self._lock:
            if self._state != "started":
                return
            self._begin()
            self._hints.lose()

    # What follows runs with the lock held.

    def _begin(self, since: float | None = None) -> None:
        """Watch everything anew: at the start, after lost events, and where the root is another folder now."""
        self._identity = identity(self._root)
        self._refused = set()
        if self._state in ("new", "refused"):
            try:
                self._watches.start()
            except OSError as error:
                self._state = "refused"
                self._refuse(self._root, error)
                return
            self._state = "started"
        before, self._inner, self._on_trial = self._inner, {}, {}
        if self._identity:
            self._watch_wanted(since)
        # Last: what is still the same folder keeps its watch, as ending thousands would itself drop events.
        self._watches.remove(before.keys() - self._inner.keys())
        self._watch_git()

    def _watch_wanted(self, since: float | None) -> None:
        """Watch the wanted folders that are not yet, outermost first, and the hollow trees beside them.

        What changed in them after the moment is reported, as it may be younger than the listing; None: nothing is.
        """
        again, self._refused = self._refused - self._wanted, set()
        young: set[str] = set()
        for folder in sorted(self._wanted - self._inner.keys(), key=depth):
            if parent_of(folder) in self._refused:
                self._refused.add(folder)
            elif self._watch(folder):
                found = entries(folder)  # after the watch was added: nothing falls in between
                if since is not None:
                    self._tell_young(folder, found, since, young)
                for path, is_folder in found:
                    if is_folder and path not in self._wanted and self._enters(path) and is_hollow(path):
                        self._watch_tree(path, silently=since is None)
        for folder in sorted(again, key=depth):
            self._watch_tree(folder)

    def _tell_young(self, folder: str, found: list[tuple[str, bool]], since: float, young: set[str]) -> None:
        """Report a folder's changed files, or all of them where it may have been moved here with them."""
        files = [path for path, is_folder in found if not is_folder]
        if parent_of(folder) in young or changed_since(folder, since):
            young.add(folder)
            self._hints.add([folder, *files])
        elif changed := [path for path in files if changed_since(path, since)]:
            self._hints.add(changed)

    def _watch_tree(self, top: str, silently: bool = False) -> None:
        """Watch and report a folder that no listing has shown, and all below it but what is left out by name."""
        pending = [top]
        while pending:
            folder = pending.pop()
            if folder in self._inner or not self._watch(folder):
                continue
            found = entries(folder)
            if found and not silently:
                self._put_on_trial(folder)
                self._hints.add([path for path, _ in found])
            pending += [path for path, is_folder in found if is_folder and self._enters(path)]

    def _watch(self, folder: str) -> bool:
        parent = parent_of(folder)
        if folder != self._root and parent not in self._inner:
            return False
        try:
            self._watches.add(folder)
        except OSError as error:
            if error.errno in _LIMITS or folder == self._root:
                self._refuse(folder, error)
            return False
        self._inner[folder] = set()
        self._refused.discard(folder)
        if folder != self._root:
            self._inner[parent].add(folder)
        return True

    def _refuse(self, folder: str, error: OSError) -> None:
        self._refused.add(folder)
        reason = _LIMITS.get(error.errno or 0, f"the system refuses ({error.strerror})")
        if reason != self._reason:
            log.warning("%s is watched in part or not at all: %s", printable(self._root), reason)
        self._reason = reason

    def _drop(self, top: str) -> None:
        """End the watches of a folder and of all below it."""
        self._inner.get(parent_of(top), set()).discard(top)
        dropped, pending = [], [top]
        while pending:
            folder = pending.pop()
            pending += self._inner.pop(folder, ())
            self._on_trial.pop(folder, None)
            self._refused.discard(folder)
            dropped.append(folder)
        self._watches.remove(dropped)

    def _put_on_trial(self, folder: str) -> None:
        if folder not in self._wanted:
            self._on_trial.setdefault(folder, 0)

    def _end_trials(self, wanted_before: set[str]) -> None:
        """Drop folders that something came into and of which two listings show no file: git ignores them.

        The first of the two may have been begun before it came.
        """
        for folder in (wanted_before - self._wanted) & self._inner.keys():
            self._put_on_trial(folder)
        young = self._with_parents(folder for folder, age in self._on_trial.items() if not age)
        for folder in list(self._on_trial):
            if folder in self._wanted:
                del self._on_trial[folder]
            elif folder in young:
                self._on_trial[folder] = 1
            elif folder in self._inner and is_hollow(folder):
                del self._on_trial[folder]
            else:
                self._drop(folder)

    def _with_parents(self, folders: Iterable[str]) -> set[str]:
        """The folders below the root and every folder between, the root included."""
        found, inside = {self._root}, below(self._root)
        for folder in folders:
            while folder not in found and folder.startswith(inside):
                found.add(folder)
                folder = parent_of(folder)
        return found

    def _enters(self, folder: str) -> bool:
        return folder in self._wanted or name_of(folder) not in _LEFT_OUT

    def _look_at_git(self, folder: str) -> None:
        """Something happened to `.git` itself: of the root, or of a repository in it, which changes its listing."""
        self._hint_git()
        if folder == self._root:
            self._watch_git()

    def _watch_git(self) -> None:
        before, found = self._git, git_folder(Path(self._root)) if self._identity else None
        self._git = str(found) if found else ""
        try:
            if self._git:
                self._watches.add(self._git)
        except OSError as error:
            log.info("%s is not watched: %s", printable(self._git), error.strerror)
            self._git = ""
        if before != self._git:
            self._watches.remove((before,))

    def _hint_git(self) -> None:
        self._hints.add((f"{below(self._root)}.git{os.sep}HEAD",))
