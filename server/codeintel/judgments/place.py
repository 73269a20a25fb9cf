"""Where judgments lie: in the user's data folder, a file for each workspace root, apart from everything derived."""

from __future__ import annotations

import os
import re
import sys
from hashlib import blake2b
from pathlib import Path

from codeintel.errors import WorkspaceError
from codeintel.workspace.roots import Root

_ODD = re.compile(r"[^\w.-]+")


def data_folder() -> Path | None:
    """This user's folder for data of codeintel, which need not exist yet; None where there is nowhere to keep data."""
    chosen = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / "codeintel"
    try:
        home = Path.home()  # also without HOME, as under cron: from the user database
    except RuntimeError:
        return None
    if not home.is_absolute():
        return None
    return (
        home / ("Library/Application Support" if sys.platform == "darwin" else ".local/share") / "codeintel"
    )


def judgments_file(root: Root) -> Path:
    """The file of a root's judgments, which need not exist yet; named after its folder, so that people find it.

    Raises WorkspaceError where there is no home to keep it in.
    """
    folder = data_folder()
    if folder is None:
        raise WorkspaceError("There is no folder to keep judgments in.", "Set XDG_DATA_HOME or HOME.")
    key = blake2b(os.fsencode(root.path), digest_size=8).hexdigest()
    name = _ODD.sub("-", root.path.name)[:40]
    return folder / "judgments" / f"{name}-{key}.jsonl"
