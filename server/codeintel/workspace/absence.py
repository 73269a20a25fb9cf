"""Why a file is not among those that discovery finds, in the words of whoever looks for it, and what to do about it.

Asked of one file at a time and of the disk as it is now; what the index has of it is not known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from codeintel.cancellation import CancelCheck, never
from codeintel.workspace.discovery import discover_at
from codeintel.workspace.git_listing import list_some_with_git, work_tree_top
from codeintel.workspace.ignoring import IgnoreRules, read_ignore_lines
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root
from codeintel.workspace.skipping import SkipRules
from codeintel.workspace.walking import PRIVATE_FOLDERS

_MAX_IGNORE_BYTES = 1_000_000  # beyond it no rule is named; git still reads the file

REMEDIES: Final[tuple[tuple[str, str], ...]] = (
    ("index.exclude", "Take the pattern out of the setting index.exclude."),
    ("larger than", "Raise the setting index.max_file_bytes."),
    ("binary", "Only text is indexed."),
    (
        "minified or data",
        "Look for the source that it was made from; only text with readable lines is indexed.",
    ),
    ("folder that cannot be read", "Give yourself the right to read the folder."),
    ("cannot be read", "Give yourself the right to read it."),
    ("its name is not valid UTF-8", "Rename it."),
    ("symbolic link that leads nowhere", "Mend the link."),
    ("symbolic link that leads out", "Open the folder that it leads to as well."),
    ("symbolic link", "Look for it under its own name."),
    ("another name", "Look for it under that name."),
    ("lock file", "Name it in the setting index.include."),
    ("minified code", "Name it in the setting index.include."),
    ("source map", "Name it in the setting index.include."),
    ("recorded test snapshot", "Name it in the setting index.include."),
    ("left out by default", "Name it in the setting index.include."),
)
"""What to do about a reason to skip a file (skipping.py, discovery.py, walking.py), by a part of its text."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a file is not searched: a clause without a stop, and a sentence that says what to do.

    `unread` is for a file that is there and will be indexed, `unknown` for what never was, as far as can be told.
    """

    kind: Literal["left out", "unread", "deleted", "unknown"]
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """How a file stands: why it is not searched, None where it is; `outdated` where the disk has another text of it."""

    absence: Absence | None
    outdated: bool = False


def remedy_for(reason: str) -> str:
    """What to do about a file that is skipped for `reason`; '' where nothing helps."""
    return next((remedy for part, remedy in REMEDIES if part in reason), "")


def absence(
    root: Root, rules: SkipRules, uri: str, roots: Sequence[Root] = (), cancelled: CancelCheck = never
) -> Absence:
    """Why `uri` is not indexed, as the disk says now. One run of git at most. Raises Cancelled."""
    private = next((part for part in uri.split("/") if part in PRIVATE_FOLDERS), None)
    if private:
        return Absence("left out", f"it lies in {private}, the private data of a tool")
    path = root.path / uri
    if not os.path.lexists(path):
        return _missing(root, uri, cancelled)
    if path.is_dir() and not path.is_symlink():
        return Absence("unknown", f"{printable(uri) or 'this'} is a folder", "Name a file in it.")
    if not path.is_symlink() and not path.is_file():
        return Absence("left out", "it is a named pipe, a socket or a device, not a file")
    found = discover_at(root, rules, [uri], lambda _: False, cancelled, roots)
    if found.files:
        return Absence(
            "unread", "it has not been read yet", "It will be in a moment, or with `indexctl index`."
        )
    reason = next((skip.reason for skip in found.skipped if _covers(skip.uri, uri)), None)
    return Absence("left out", reason, remedy_for(reason)) if reason else _unlisted(root, uri)


def _missing(root: Root, uri: str, cancelled: CancelCheck) -> Absence:
    tracked = list_some_with_git(root, [uri], cancelled)
    if tracked is not None and uri in tracked.uris:
        return Absence("deleted", "it was deleted", f"`git restore {printable(uri)}` brings it back.")
    if rule := ignoring_rule(root, uri):
        return Absence("left out", f"it is not on the disk, and once saved would be ignored by {rule}")
    return Absence("unknown", "there is no such file", "Check the spelling of the path.")


def _unlisted(root: Root, uri: str) -> Absence:
    """Why neither git nor our own walk lists a file that is there."""
    if link := _linked_folder(root, uri):
        return Absence(
            "left out", f"{link} is a symbolic link to a folder, not followed", remedy_for("symbolic link")
        )
    rule = ignoring_rule(root, uri)
    in_git = work_tree_top(root.path) is not None
    force = f", or `git add --force {printable(uri)}`" if in_git else ""
    if rule:
        return Absence("left out", f"it is ignored by {rule}", f"Take the rule out{force}.")
    if in_git:
        return Absence(
            "left out", "git ignores it by a rule outside the repository", f"See core.excludesFile{force}."
        )
    return Absence(
        "left out", "it lies in a folder that is left out by default", remedy_for("left out by default")
    )


def _covers(skipped: str, uri: str) -> bool:
    return skipped == uri or (skipped.endswith("/") and uri.startswith(skipped))


def _linked_folder(root: Root, uri: str) -> str:
    """The outermost folder above a file that is a symbolic link; '' where none is."""
    folders = uri.split("/")[:-1]
    above = ("/".join(folders[: depth + 1]) for depth in range(len(folders)))
    return next((printable(folder) for folder in above if (root.path / folder).is_symlink()), "")


def ignoring_rule(root: Root, uri: str) -> str:
    """The rule that ignores a file, which need not exist, with its place: "'*.log' (.gitignore, line 3)"; or ''."""
    top = work_tree_top(root.path) or root.path
    place = (root.path / uri).relative_to(top).as_posix()
    ends = [match.start() for match in re.finditer("/", place)]
    for end in [*ends, len(place)]:  # the outermost ignored folder decides: what lies in it is not looked at
        if rule := _rule_about(top, place[:end], is_folder=end < len(place)):
            return rule
    return ""


def _rule_about(top: Path, entry: str, *, is_folder: bool) -> str:
    """The rule that ignores one entry, where the innermost ignore file with an opinion has one to ignore it."""
    folders = entry.split("/")[:-1]
    files = [f"{'/'.join(folders[:depth])}/.gitignore".lstrip("/") for depth in range(len(folders), -1, -1)]
    for file in [*files, ".git/info/exclude"]:
        below = entry if file.startswith(".git/") else entry[len(file) - len(".gitignore") :]
        for number, line in reversed(list(enumerate(_lines(top / file), 1))):
            rule = IgnoreRules([line]).deciding(os.fsencode(below), is_folder)
            if rule is not None:
                return "" if rule.negated else f"{printable(rule.text)!r} ({printable(file)}, line {number})"
    return ""


def _lines(path: Path) -> list[bytes]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_IGNORE_BYTES:
            return []
        return read_ignore_lines(path.read_bytes())
    except OSError:
        return []
