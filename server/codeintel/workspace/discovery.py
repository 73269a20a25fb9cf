"""Which files of a root are there to be indexed, and which are not and why: all of them, or some."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.workspace.files import Discovery, SkippedFile, SourceFile
from codeintel.workspace.git_listing import list_some_with_git, list_with_git
from codeintel.workspace.naming import is_unicode, printable
from codeintel.workspace.roots import Root
from codeintel.workspace.skipping import SkipRules
from codeintel.workspace.walking import PRIVATE_FOLDERS, is_ignored, walk

__all__ = ["Discovery", "SkippedFile", "SourceFile", "discover", "discover_at", "would_list"]

FEW = 200  # uris that are listed apart; git compares each with every path of its index
_KINDS = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def discover(
    root: Root, rules: SkipRules, cancelled: CancelCheck = never, roots: Sequence[Root] = ()
) -> Discovery:
    """Every file of the root that git does not ignore (or, without git, that its ignore files do not).

    `roots` are the workspace's roots: what lies in one nested in this one is left to it. Each real file
    appears once; nothing outside the root does. One stat a file: about 0.8 s for 100,000 files.
    Raises Cancelled, and WorkspaceError when the root has gone.
    """
    sieve = _Sieve(root, rules, _nested_prefixes(root, roots))
    pending = [""]
    while pending:
        prefix = pending.pop()
        listing = list_with_git(root, prefix, cancelled)
        if listing is None:
            listing = walk(root.path / prefix, rules, cancelled, prefix)
        sieve.skipped += [skip for skip in listing.skipped if sieve.owns(skip.uri)]
        for uri in sorted(listing.uris):
            stop_if(cancelled)  # each time: on a slow disk a stat may take 0.1 s
            pending += sieve.take(uri)
    return sieve.result()


def discover_at(
    root: Root,
    rules: SkipRules,
    uris: Iterable[str],
    known: Callable[[str], bool],
    cancelled: CancelCheck = never,
    roots: Sequence[Root] = (),
) -> Discovery:
    """What `discover` would find of some documents and below some folders; those that are gone are left out.

    A file that is `known` to be listed is only looked at: a save costs a stat. Others, and folders, are listed where
    they lie. Links and files with several names can only be judged beside all others: then everything is discovered.
    """
    sieve = _Sieve(root, rules, _nested_prefixes(root, roots))
    uris, taken, unlisted = list(dict.fromkeys(uris)), set[str](), list[str]()
    for uri in uris:
        kind = _kind_of(root, uri)
        if kind == "many-named":
            return _restricted(discover(root, rules, cancelled, roots), uris)
        if kind == "file" and known(uri):
            taken.add(uri)
            sieve.take(uri)
        elif kind:
            unlisted.append(uri)
    if len(unlisted) > FEW:
        return _restricted(discover(root, rules, cancelled, roots), uris)
    if unlisted:
        listing = list_some_with_git(root, unlisted, cancelled)
        if listing is None:
            listing = walk(root.path, rules, cancelled, wanted=unlisted)
        sieve.skipped += [skip for skip in listing.skipped if sieve.owns(skip.uri)]
        if any(
            sieve.take(uri) for uri in sorted({*listing.uris} - taken)
        ):  # a repository within: its own git decides
            return _restricted(discover(root, rules, cancelled, roots), uris)
    return sieve.result()


def would_list(root: Root, uri: str) -> bool:
    """Whether a file that does not exist yet would be listed, as far as ignore files and its folder's names tell."""
    return PRIVATE_FOLDERS.isdisjoint(uri.split("/")) and not is_ignored(root.path, uri)


def _kind_of(root: Root, uri: str) -> str:
    """'' for nothing, 'file', 'folder', or 'many-named' for what has other names as well."""
    try:
        status = os.lstat(f"{str(root.path).rstrip('/')}/{uri}")
    except (OSError, ValueError):
        return ""
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    return "many-named" if stat.S_ISLNK(status.st_mode) or status.st_nlink > 1 else "file"


def _restricted(found: Discovery, uris: Iterable[str]) -> Discovery:
    exact, folders = set(uris), tuple(f"{uri}/" if uri else "" for uri in uris)
    return Discovery(
        tuple(file for file in found.files if file.uri in exact or file.uri.startswith(folders)),
        tuple(file for file in found.skipped if file.uri in exact or file.uri.startswith(folders)),
    )


def _nested_prefixes(root: Root, roots: Sequence[Root]) -> tuple[str, ...]:
    inside = [other.path.relative_to(root.path) for other in roots if other.path.is_relative_to(root.path)]
    return tuple(f"{path.as_posix()}/" for path in inside if path.parts)


class _Sieve:
    """Sorts listed uris into files, skipped files, and folders that are still to be listed."""

    def __init__(self, root: Root, rules: SkipRules, nested: tuple[str, ...]) -> None:
        self.skipped: list[SkippedFile] = []
        self._root = root
        self._top = str(root.path).rstrip("/")
        self._rules = rules
        self._nested = nested
        self._files: list[SourceFile] = []
        self._links: list[str] = []
        self._sound_folders: dict[str, bool] = {"": True}
        self._uri_of_inode: dict[tuple[int, int], str] = {}

    def owns(self, uri: str) -> bool:
        """Whether the uri belongs to this root rather than to one nested in it."""
        return not uri.startswith(self._nested)

    def take(self, uri: str) -> list[str]:
        """File one listed uri; returns the prefix of a folder that was listed as one thing."""
        if not self.owns(f"{uri}/") or not self._sound(uri.rstrip("/").rpartition("/")[0]):
            return []
        try:
            status = os.lstat(f"{self._top}/{uri}")
        except (FileNotFoundError, NotADirectoryError):
            return []  # deleted, but still in git's index; or gone since it was listed
        except OSError as error:
            self._skip(uri, None, f"cannot be read ({error.strerror})")
            return []
        if stat.S_ISDIR(status.st_mode):
            return [f"{uri.rstrip('/')}/"]
        if not is_unicode(uri):
            self._skip(uri, status, "its name is not valid UTF-8")
        elif stat.S_ISLNK(status.st_mode):
            self._links.append(uri)
        elif not stat.S_ISREG(status.st_mode):
            self._skip(uri, status, f"{_KINDS.get(stat.S_IFMT(status.st_mode), 'special file')}, not a file")
        elif not self._is_second_name(uri, status):
            self._add(uri, Path(f"{self._top}/{uri}"), status)
        return []

    def result(self) -> Discovery:
        """Both lists by uri, the links resolved against everything that was taken before."""
        known = {file.uri for file in self._files} | {skip.uri for skip in self.skipped}
        for uri in sorted(self._links):
            self._follow(uri, known)
        return Discovery(
            tuple(sorted(self._files, key=lambda file: file.uri)),
            tuple(sorted(self.skipped, key=lambda skip: skip.uri)),
        )

    def _sound(self, folder: str) -> bool:
        """Whether a folder is neither private nor reached through a symlink, as one in git's index may be."""
        known = self._sound_folders.get(folder)
        if known is None:
            parent, _, name = folder.rpartition("/")
            known = name not in PRIVATE_FOLDERS and self._sound(parent)
            known = known and not Path(f"{self._top}/{folder}").is_symlink() and name not in ("", "..")
            self._sound_folders[folder] = known
        return known

    def _is_second_name(self, uri: str, status: os.stat_result) -> bool:
        if status.st_nlink < 2 or not status.st_ino:
            return False
        first = self._uri_of_inode.setdefault((status.st_dev, status.st_ino), uri)
        if first != uri:
            self._skip(uri, status, f"another name (hard link) of {first}")
        return first != uri

    def _follow(self, uri: str, known: set[str]) -> None:
        try:
            target = Path(os.path.realpath(f"{self._top}/{uri}", strict=True))
            status = target.stat()
        except OSError:
            self._skip(uri, None, "symbolic link that leads nowhere")
            return
        inside = target.is_relative_to(self._root.path)
        target_uri = target.relative_to(self._root.path).as_posix() if inside else ""
        if reason := self._link_trouble(target_uri, status, known):
            self._skip(uri, status, reason)
        else:
            known.add(target_uri)
            self._add(uri, target, status)

    def _link_trouble(self, target_uri: str, status: os.stat_result, known: set[str]) -> str | None:
        if not target_uri or not self.owns(target_uri):
            return "symbolic link that leads out of the workspace folder"
        if stat.S_ISDIR(status.st_mode):
            return "symbolic link to a folder, not followed"
        if not stat.S_ISREG(status.st_mode):
            return "symbolic link to something that is not a file"
        if not PRIVATE_FOLDERS.isdisjoint(target_uri.split("/")):
            return "symbolic link to private data of a tool"
        return f"symbolic link to {printable(target_uri)}, listed itself" if target_uri in known else None

    def _add(self, uri: str, path: Path, status: os.stat_result) -> None:
        reason = self._rules.reason_by_stat(uri, status.st_size)
        if reason:
            self._skip(uri, status, reason)
        else:
            times = status.st_mtime_ns, status.st_ctime_ns
            self._files.append(SourceFile(uri, path, status.st_size, *times))

    def _skip(self, uri: str, status: os.stat_result | None, reason: str) -> None:
        size, mtime_ns = (status.st_size, status.st_mtime_ns) if status else (0, 0)
        ctime_ns = status.st_ctime_ns if status else 0
        shown = uri if is_unicode(uri) else printable(uri)
        self.skipped.append(SkippedFile(shown, size, mtime_ns, reason, ctime_ns))
