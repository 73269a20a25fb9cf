"""The rows of the table, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from faults import (
    cancelling,
    clocks,
    commits,
    corruption,
    crashes,
    framing,
    full_disk,
    keystrokes,
    odd_files,
    restarts,
    roots,
    scale,
    slow_disk,
    two_servers,
)
from faults.outcome import Outcome, Scale

ROWS: Final[Mapping[int, Callable[[Scale], Outcome]]] = {
    1: crashes.run,
    2: commits.run_power,
    3: full_disk.run,
    4: commits.run_refusals,
    5: corruption.run,
    6: corruption.run_truncation,
    7: scale.run,
    8: scale.run_checkout,
    9: two_servers.run,
    10: framing.run,
    11: framing.run_sizes,
    12: cancelling.run,
    13: keystrokes.run,
    14: odd_files.run,
    15: odd_files.run_links,
    16: clocks.run,
    17: roots.run,
    18: roots.run_environment,
    19: slow_disk.run,
    24: keystrokes.run_leaks,
    25: restarts.run,
}
