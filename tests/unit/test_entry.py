"""The targets of the console scripts set their process up before anything heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

STARTED = """
import os, sys, types
sys.modules["codeintel.cli.main"] = types.SimpleNamespace(main=lambda: print(os.environ["OPENBLAS_NUM_THREADS"]))
from codeintel.entry import indexctl
indexctl()
"""


@pytest.mark.parametrize(("chosen", "used"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_numpy_multiplies_on_one_thread_unless_a_person_chose_otherwise(
    chosen: dict[str, str], used: str
) -> None:
    others = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", STARTED]
    done = subprocess.run(command, env={**others, **chosen}, capture_output=True, text=True)
    assert done.stdout.strip() == used, done.stderr


def test_nothing_that_reads_the_number_of_threads_is_loaded_before_it_is_set() -> None:
    code = "import sys, codeintel.entry; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_service_loads_nothing_that_only_some_work_needs() -> None:
    """They are a third of a second, of the time that somebody waits for the first answer."""
    seldom = {"libcst", "google.protobuf", "duckdb", "onnxruntime"}
    code = f"import sys, codeintel.scheduler; print(sorted({seldom} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
