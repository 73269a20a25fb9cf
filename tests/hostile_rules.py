"""Skip rules that a worker process takes along and that harm it at files which ask for it.

They stand in for a parser that crashes or never ends: they run in the worker, at the same place.
"""

from __future__ import annotations

import os
import signal
import time

from codeintel.workspace.skipping import SkipRules


class HostileRules(SkipRules):
    """Kills, stalls or exhausts the process that reads a file with one of the words below."""

    __slots__ = ()

    def reason_by_content(self, data: bytes) -> str | None:
        if b"CRASH" in data:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"STALL" in data:
            time.sleep(60)
        if b"DEEP" in data:
            raise RecursionError
        if b"HUGE" in data:
            raise MemoryError
        return super().reason_by_content(data)
