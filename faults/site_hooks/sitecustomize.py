"""Runs in each interpreter that has this folder on its path: shifts the clock by FAULTS_CLOCK_SHIFT_S seconds.

For the server under test and its workers only; the product has no hook for it.
"""

import os
import time

_SHIFT_S = int(os.environ.get("FAULTS_CLOCK_SHIFT_S", "0"))

if _SHIFT_S:
    _time, _time_ns = time.time, time.time_ns
    time.time = lambda: _time() + _SHIFT_S
    time.time_ns = lambda: _time_ns() + _SHIFT_S * 1_000_000_000
