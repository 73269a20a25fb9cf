"""Workspace roots: opening and naming them, and the only translation between paths and uris."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codeintel.errors import WorkspaceError
from codeintel.workspace.naming import printable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Root:
    """A workspace folder: a name that is distinct within the workspace, and its path, symlinks resolved."""

    name: str
    path: Path


def open_root(path: Path | str) -> Root:
    """The folder at `path`; WorkspaceError when it is missing, not a folder, or cannot be listed."""
    shown = printable(path)
    try:
        resolved = Path(path).expanduser().resolve(strict=True)
        str(resolved).encode()  # as the lexical engine and every protocol need it
        os.scandir(resolved).close()
    except FileNotFoundError as error:
        raise WorkspaceError(f"There is no folder {shown}.", "Check the spelling of the path.") from error
    except NotADirectoryError as error:
        raise WorkspaceError(f"{shown} is a file, not a folder.", "Name the folder around it.") from error
    except PermissionError as error:
        raise WorkspaceError(f"The folder {shown} cannot be read.", "Check its permissions.") from error
    except UnicodeEncodeError as error:
        raise WorkspaceError(
            f"The name of the folder {shown} is not valid UTF-8.",
            "Rename it, or the folder above that is not.",
        ) from error
    except (OSError, RuntimeError, ValueError) as error:  # a symlink loop, a NUL in the name, no home folder
        raise WorkspaceError(f"The folder {shown} cannot be opened ({error}).") from error
    return Root(_base_name(resolved), resolved)


def contains(root: Root, path: Path | str) -> bool:
    """Whether the file that `path` leads to, symlinks resolved, lies in the root (or is the root)."""
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):
        return False
    return real.is_relative_to(root.path)


def uri_of(root: Root, path: Path | str) -> str:
    """The path relative to its root with '/'; '' for the root itself. WorkspaceError when it lies outside."""
    absolute = Path(os.path.normpath(root.path / path))
    if not contains(root, absolute):
        raise WorkspaceError(f"{printable(path)} lies outside the workspace folder {printable(root.path)}.")
    if not absolute.is_relative_to(root.path):  # reached through a symlink above the root
        absolute = Path(os.path.realpath(absolute))
    uri = absolute.relative_to(root.path).as_posix()
    return "" if uri == "." else uri


def path_of(root: Root, uri: str) -> Path:
    """Where the document `uri` lies (it need not exist). WorkspaceError where it leads out of the root."""
    parts = PurePosixPath(uri)
    path = root.path / parts
    foreign = os.sep == "\\" and not {":", "\\"}.isdisjoint(uri)
    leads_up = parts.is_absolute() or ".." in parts.parts
    if "\0" in uri or foreign or leads_up or not contains(root, path):
        raise WorkspaceError(f"{printable(uri)} leads out of the workspace folder {printable(root.path)}.")
    return path


def unique_names(paths: Iterable[Path | str]) -> list[Root]:
    """The folders as roots with distinct names, in order; a folder named twice is merged and logged.

    A name is the folder's own, else `parent/name`, else numbered. A root inside another one is kept: its
    files belong to it alone (`innermost`).
    """
    opened: dict[Path, Root] = {}
    for path in paths:
        root = open_root(path)
        if root.path in opened:
            log.info("workspace folder %s is named twice and opened once", printable(path))
        opened.setdefault(root.path, root)
    roots = _distinct(list(opened.values()))
    for root in roots:
        outer = innermost([other for other in roots if other != root], root.path)
        if outer:
            log.info("%s lies inside %s: its files belong to %s only", root.name, outer.name, root.name)
    return roots


def innermost(roots: Sequence[Root], path: Path) -> Root | None:
    """The root that owns a path, symlinks resolved: the deepest one that holds it."""
    holding = [root for root in roots if contains(root, path)]
    return max(holding, key=lambda root: len(root.path.parts), default=None)


def _base_name(path: Path) -> str:
    return printable(path.name or path.drive.rstrip(":") or "root")


def _distinct(roots: list[Root]) -> list[Root]:
    count = Counter(root.name for root in roots)
    taken: set[str] = set()
    named = []
    for root in roots:
        name = root.name if count[root.name] == 1 else f"{_base_name(root.path.parent)}/{root.name}"
        name = _numbered(name, taken)
        taken.add(name)
        named.append(Root(name, root.path))
    return named


def _numbered(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
