"""Candidate files by walking folders that git does not know; ignore files mean what they mean to git."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.errors import WorkspaceError
from codeintel.workspace.files import Listing, SkippedFile
from codeintel.workspace.git_listing import work_tree_top
from codeintel.workspace.ignoring import IgnoreRules, read_ignore_lines
from codeintel.workspace.naming import printable
from codeintel.workspace.skipping import SkipRules

# Never entered, with or without git: version control's own data and ours.
PRIVATE_FOLDERS = frozenset({".git", ".codeintel", ".hg", ".svn", ".jj", ".bzr"})

# Left out where no git says what belongs to the project; index.include brings them back.
DEFAULT_FOLDERS: dict[str, str] = {
    **dict.fromkeys(("node_modules", "bower_components", "site-packages", ".eggs"), "installed dependencies"),
    **dict.fromkeys((".venv", ".tox", ".nox", ".direnv"), "virtual environment"),
    **dict.fromkeys(("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"), "cache"),
    **dict.fromkeys((".gradle", ".next", ".nuxt", ".svelte-kit", ".terraform"), "build output"),
}
# A file in a folder that declares what the folder is (cachedir.org; PEP 405).
MARKER_FILES = {"CACHEDIR.TAG": "cache", "pyvenv.cfg": "virtual environment"}

# Ordinary words too: output only next to a build manifest, where no .gitignore speaks for the project.
OUTPUT_FOLDERS = frozenset({"build", "dist", "out", "target"})
BUILD_MANIFESTS = frozenset(
    {
        "Cargo.toml", "CMakeLists.txt", "build.gradle", "build.gradle.kts", "build.sbt", "package.json",
        "pom.xml", "pyproject.toml", "setup.py",
    }
)  # fmt: skip
_MAX_IGNORE_BYTES = 100_000  # measured: compiling that many rules takes up to a second; git reads any size


@dataclass(frozen=True, slots=True)
class _Scope:
    """The rules of one ignore file and how many bytes to cut from a path to make it relative to the file."""

    cut: int
    rules: IgnoreRules


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to read. `uri` is '' or ends in '/', as does `place`, its path below the repository's top.

    `default` says why it is left out except for what index.include names; '' where it is not.
    """

    uri: str
    place: bytes
    scopes: tuple[_Scope, ...]
    default: str = ""


def walk(
    top: Path, rules: SkipRules, cancelled: CancelCheck, prefix: str = "", wanted: Sequence[str] = ("",)
) -> Listing:
    """Every entry below `top` that is not a folder and that no ignore file excludes, as `prefix` + path.

    `wanted` restricts it to some uris and what lies below them: other folders are not entered.

    Folders that cannot be read and folders left out by default are reported as skipped. Symlinks are listed,
    never followed. WorkspaceError when the root itself cannot be read: an empty answer would be a lie.
    """
    listing = Listing([], [])
    pending = [_first_folder(top, prefix)]
    while pending:
        stop_if(cancelled)
        folder = pending.pop()
        try:
            with os.scandir(f"{top}/{folder.uri.removeprefix(prefix)}") as entries:
                found = list(entries)
        except OSError as error:
            if not folder.uri:
                raise WorkspaceError(
                    f"The folder {printable(top)} cannot be read ({error.strerror})."
                ) from error
            reason = f"folder that cannot be read ({error.strerror})"
            listing.skipped.append(SkippedFile(folder.uri, 0, 0, reason))
            continue
        pending += [inner for inner in _sort_out(folder, found, listing, rules) if _leads(inner.uri, wanted)]
    if "" not in wanted:
        listing.uris[:] = [uri for uri in listing.uris if _lies(uri, wanted)]
        listing.skipped[:] = [skip for skip in listing.skipped if _lies(skip.uri, wanted)]
    return listing


def is_ignored(top: Path, uri: str) -> bool:
    """Whether the ignore files above a path, which need not exist, ignore it or a folder that it lies in."""
    folder = _first_folder(top, "")
    *folders, name = uri.split("/")
    for inner in folders:
        scopes = _scopes_at(top / folder.uri, folder)
        place = folder.place + os.fsencode(inner)
        if _ignored(scopes, place, is_folder=True) or inner in DEFAULT_FOLDERS:
            return True
        folder = _Folder(f"{folder.uri}{inner}/", place + b"/", scopes)
    return _ignored(_scopes_at(top / folder.uri, folder), folder.place + os.fsencode(name), is_folder=False)


def _scopes_at(path: Path, folder: _Folder) -> tuple[_Scope, ...]:
    rules = _read_rules(path / ".gitignore")
    return (*folder.scopes, _Scope(len(folder.place), rules)) if rules else folder.scopes


def _leads(folder: str, wanted: Sequence[str]) -> bool:
    """Whether something wanted lies in the folder, or the folder in something wanted."""
    return _lies(folder, wanted) or any(uri.startswith(folder) for uri in wanted)


def _lies(uri: str, wanted: Sequence[str]) -> bool:
    return any(not one or uri.rstrip("/") == one or uri.startswith(f"{one}/") for one in wanted)


def _sort_out(
    folder: _Folder, found: list[os.DirEntry[str]], listing: Listing, rules: SkipRules
) -> list[_Folder]:
    """Add the folder's files to the listing and return the folders to enter."""
    names = {entry.name for entry in found}
    marked = _marked(folder, names)
    if marked and not rules.mentions_folder(folder.uri.split("/")[-2]):
        listing.skipped.append(_left_out(folder.uri, marked))
        return []
    scopes = _scopes_within(folder, found)
    inner: list[_Folder] = []
    for entry in found:
        uri, place = folder.uri + entry.name, folder.place + os.fsencode(entry.name)
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name in PRIVATE_FOLDERS or _ignored(scopes, place, is_folder):
            continue
        default = folder.default or marked
        if not is_folder:
            if not default or rules.includes(uri):
                listing.uris.append(uri)
            continue
        named = "" if default else _default_reason(entry.name, names, bool(scopes))
        if named and not rules.mentions_folder(entry.name):
            listing.skipped.append(_left_out(f"{uri}/", named))
        else:
            inner.append(_Folder(f"{uri}/", place + b"/", scopes, default or named))
    return inner


def _marked(folder: _Folder, names: set[str]) -> str:
    """What a marker file declares this folder to be; the folder a person opened is read whatever it holds."""
    if folder.default or not folder.uri:
        return ""
    return next((why for name, why in MARKER_FILES.items() if name in names), "")


def _default_reason(name: str, siblings: set[str], has_ignore_file: bool) -> str:
    if name in DEFAULT_FOLDERS:
        return DEFAULT_FOLDERS[name]
    is_output = name in OUTPUT_FOLDERS and not has_ignore_file and not BUILD_MANIFESTS.isdisjoint(siblings)
    return "build output" if is_output else ""


def _left_out(uri: str, why: str) -> SkippedFile:
    return SkippedFile(uri, 0, 0, f"{why}, left out by default where git does not decide")


def _ignored(scopes: tuple[_Scope, ...], place: bytes, is_folder: bool) -> bool:
    """Whether the innermost ignore file with an opinion on this entry ignores it."""
    for scope in reversed(scopes):
        rule = scope.rules.deciding(place[scope.cut :], is_folder)
        if rule is not None:
            return not rule.negated
    return False


def _scopes_within(folder: _Folder, found: list[os.DirEntry[str]]) -> tuple[_Scope, ...]:
    by_name = {entry.name: entry for entry in found if entry.name in (".git", ".gitignore")}
    nested = folder.uri and ".git" in by_name  # a repository of its own: the outer one's rules end here
    scopes = () if nested else folder.scopes
    if ".gitignore" not in by_name:
        return scopes
    rules = _read_rules(Path(by_name[".gitignore"].path))
    return (*scopes, _Scope(len(folder.place), rules)) if rules else scopes


def _first_folder(top: Path, prefix: str) -> _Folder:
    """The folder to start from, under the ignore files of its repository above it."""
    repository = work_tree_top(top) or top
    scopes = []
    if exclude := _read_rules(repository / ".git" / "info" / "exclude"):
        scopes.append(_Scope(0, exclude))
    place, above = b"", repository
    for name in top.relative_to(repository).parts:
        if rules := _read_rules(above / ".gitignore"):
            scopes.append(_Scope(len(place), rules))
        place, above = place + os.fsencode(name) + b"/", above / name
    return _Folder(prefix, place, tuple(scopes))


def _read_rules(path: Path) -> IgnoreRules | None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            data = file.read(_MAX_IGNORE_BYTES)
        if len(data) == _MAX_IGNORE_BYTES:
            data = data.rpartition(b"\n")[0]  # half a pattern could ignore anything
        return IgnoreRules(read_ignore_lines(data))
    except OSError:
        return None
