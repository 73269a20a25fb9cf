"""Where git keeps what says that a checkout took place; running git is elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from codeintel.workspace.git_listing import work_tree_top

# Another commit was checked out, or git tracks other files than before. A commit moves refs and no file of the
# work tree, so refs are not among them.
GIT_FILES = frozenset({"HEAD", "index"})
_MAX_LINK_BYTES = 4_096  # the longest path that Linux takes
_LINK = b"gitdir: "


def git_folder(root: Path) -> Path | None:
    """The folder with HEAD and index of the work tree that the root lies in; a worktree's own, not the shared one.

    While git makes it, the folder is there before the files.
    """
    top = work_tree_top(root)
    if top is None:
        return None
    marker = top / ".git"
    try:
        return marker.resolve() if marker.is_dir() else _linked(marker)
    except OSError:  # a name that is too long, a loop of links, a folder that may not be entered
        return None


def _linked(marker: Path) -> Path | None:
    """The folder that a `.git` file names, as worktrees and submodules have one; never one in the work tree."""
    if not marker.is_file():
        return None
    with marker.open("rb") as file:
        text = file.read(_MAX_LINK_BYTES)
    place = os.fsdecode(text.removeprefix(_LINK).rstrip(b"\r\n"))
    if not text.startswith(_LINK) or "\0" in place:
        return None
    folder = Path(os.path.realpath(marker.parent / place))
    outside = not folder.is_relative_to(marker.parent.resolve())
    return folder if outside and (folder / "HEAD").is_file() else None
