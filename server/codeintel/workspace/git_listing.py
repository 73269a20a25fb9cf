"""Candidate files as git lists them: tracked, or untracked and not ignored; walking without git is elsewhere.

Git is the one program run on a workspace, so nothing the workspace configures may run with it: no hook, no
file system monitor, no fetch of missing objects, and no git that lies in the workspace.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from codeintel.cancellation import CancelCheck, stop_if
from codeintel.workspace.files import Listing, SkippedFile
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, contains

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60.0  # a guess: 50,000 paths take 0.06 s on a local disk
_POLL_SECONDS = 0.1
_UNREADABLE = re.compile(r"^warning: could not open directory '(.*)': (.*)$", re.MULTILINE)
_OPTIONS = (
    "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "safe.bareRepository=explicit",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}


class GitError(Exception):
    """Git could not list the folder; the message says why. Never leaves this package."""


def work_tree_top(folder: Path) -> Path | None:
    """The nearest folder at or above `folder` that holds `.git`, a folder or (worktree, submodule) a file."""
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):
            return candidate
    return None


def list_with_git(root: Root, prefix: str, cancelled: CancelCheck) -> Listing | None:
    """The files below the root's folder `prefix` ('' or ending in '/') as git knows them.

    A submodule and a nested repository appear as one folder. None where git does not apply: no work tree,
    no git, a failure (logged once a folder), or a folder that its own repository ignores.
    """
    folder = root.path / prefix
    top = work_tree_top(folder)
    if top is None or (prefix and top != folder):
        return None
    git = _git_program(root)
    if git is None:
        return None
    try:
        names, complaints = _ls_files(git, folder, cancelled)
    except GitError as failure:
        _log_once(str(folder), str(failure))
        return None
    uris = [prefix + name for name in dict.fromkeys(names)]  # a merge conflict lists a path three times
    unreadable = _unreadable(complaints, top, root)
    return Listing(uris, unreadable) if uris or top == folder else None


def list_some_with_git(root: Root, uris: Sequence[str], cancelled: CancelCheck) -> Listing | None:
    """Those of the uris, and of the files below them, that git would list; None where git does not decide for all.

    Git reads its index for it, 10 ms for 100,000 files, but no folder that was not asked for.
    """
    top = work_tree_top(root.path)
    if top is None:
        return None
    parents = {(root.path / uri).parent for uri in uris if uri}
    if any(work_tree_top(parent) != top for parent in parents):  # another repository within
        return None
    git = _git_program(root)
    if git is None:
        return None
    try:
        names, complaints = _ls_files(git, root.path, cancelled, uris)
    except GitError as failure:
        _log_once(str(root.path), str(failure))
        return None
    if not names and top != root.path:  # the root itself may be ignored by the repository around it
        return None
    return Listing(list(dict.fromkeys(names)), _unreadable(complaints, top, root))


def _unreadable(complaints: str, top: Path, root: Root) -> list[SkippedFile]:
    """The folders that git could not open; it names them relative to the top of the work tree."""
    found = []
    for name, why in _UNREADABLE.findall(complaints):
        folder = top / name
        if folder.is_relative_to(root.path):
            uri = f"{folder.relative_to(root.path).as_posix()}/"
            found.append(SkippedFile(uri, 0, 0, f"folder that cannot be read ({why})"))
    return found


def _ls_files(
    git: str, folder: Path, cancelled: CancelCheck, only: Sequence[str] = ()
) -> tuple[list[str], str]:
    """The paths below the folder, or those of `only` and below, and what git wrote to its error stream."""
    command = [git, *_OPTIONS, "ls-files", "-co", "--exclude-standard", "-z"]
    if only:
        command += ["--", *(f":(literal){uri}" if uri else "." for uri in only)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )
    except OSError as error:
        raise GitError(f"git cannot be started: {error}") from error
    with process:
        try:
            output, errors = _communicate(process, cancelled)
        finally:
            process.kill()  # does nothing to one that has ended
    complaints = os.fsdecode(errors)
    if process.returncode:
        raise GitError(f"git ls-files ended with {process.returncode}: {printable(complaints.strip())}")
    return [os.fsdecode(name) for name in output.split(b"\0") if name], complaints


def _communicate(process: subprocess.Popen[bytes], cancelled: CancelCheck) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            stop_if(cancelled)
            if time.monotonic() > deadline:
                raise GitError(f"git ls-files took longer than {TIMEOUT_SECONDS:g} seconds") from None


def _git_program(root: Root) -> str | None:
    git = shutil.which("git")
    if git is None or not Path(git).is_absolute() or contains(root, git):
        _log_once(str(root.path), "no git program outside the workspace is on the search path")
        return None
    return git


@cache
def _log_once(folder: str, reason: str) -> None:
    log.warning("walking %s without git: %s", printable(folder), reason)
