"""What a server under test is made to believe, by a `sitecustomize` on its path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from faults.client import PYTHON_PATH

HOOKS: Final = Path(__file__).parent / "site_hooks"


def shifted_clock(seconds: int) -> Mapping[str, str]:
    """An environment in which the wall clock is `seconds` off; file systems keep the true time."""
    return {
        "PYTHONPATH": os.pathsep.join((str(HOOKS), PYTHON_PATH)),
        "FAULTS_CLOCK_SHIFT_S": str(seconds),
    }
