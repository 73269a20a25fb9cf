"""Where a user's own state lives, apart from every workspace; what is kept there is decided elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path | None:
    """The user's state folder of codeintel, which need not exist yet; None where there is nowhere to keep state."""
    state = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    if state and Path(state).is_absolute():
        return Path(state) / "codeintel"
    try:
        home = Path.home()  # also without HOME, as under cron: from the user database
    except RuntimeError:
        return None
    return home / ".local" / "state" / "codeintel" if home.is_absolute() else None
