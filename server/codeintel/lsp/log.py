"""Where the server's log goes and how much of it; stdout belongs to the protocol."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

LEVELS: Final = ("error", "warning", "info", "debug")

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start_log(file: Path | None, level: str | None) -> None:
    """Log to `file` or stderr; a level given here is not changed by the settings."""
    logging.basicConfig(filename=file, level=(level or "warning").upper(), format=_FORMAT)
    if level:
        logging.getLogger("codeintel").setLevel(level.upper())
    if level != "debug":
        logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it logs whole messages and expected errors


def set_log_level(level: str) -> None:
    """Log as the settings say, unless the level was given at the start."""
    logger = logging.getLogger("codeintel")
    if logger.level == logging.NOTSET:
        logger.setLevel(level.upper())
