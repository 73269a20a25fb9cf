"""What processes hold in memory, seen from /proc."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from benchmarks.processes import PROC, descendants, memory_of

pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="there is no /proc")


def test_the_peak_is_at_least_what_is_resident() -> None:
    memory = memory_of(os.getpid())
    assert 5 < memory.resident_mib <= memory.peak_mib


def test_mapped_files_and_what_is_shared_are_parts_of_what_is_resident() -> None:
    memory = memory_of(os.getpid())
    assert 0 < memory.files_mib < memory.resident_mib
    assert 0 < memory.share_mib <= memory.resident_mib + 1, "the two are read one after the other"


def test_children_are_found_while_they_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in set(descendants(os.getpid()))
    finally:
        child.communicate(b"\n")
    assert child.pid not in set(descendants(os.getpid()))
