"""The workers: files in their order, and a crash or a stall costs the one file that caused it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from unittest.mock import patch

import pytest
from pebble import ProcessPool

from codeintel.errors import Cancelled, IndexTrouble
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis
from codeintel.indexing.workers import BATCH_BYTES, BATCH_FILES, AnalysisWorkers, batched
from codeintel.workspace.files import SourceFile
from hostile_rules import HostileRules
from workspaces import RULES, Texts, write

HOSTILE = AnalysisRules(HostileRules(), 1_500)
GOOD = {f"good{n}.py": f"def good{n}():\n    pass\n" for n in range(5)}


@pytest.fixture
def workers() -> Iterator[AnalysisWorkers]:
    """One process that gives up on a file after a second."""
    pool = AnalysisWorkers(1, 1.0)
    yield pool
    pool.close()


def files_of(folder: Path, texts: Texts) -> list[SourceFile]:
    write(folder, texts)
    return [SourceFile(uri, folder / uri, (folder / uri).stat().st_size, 1) for uri in sorted(texts)]


def check(workers: AnalysisWorkers, folder: Path, texts: Texts, lost: Mapping[str, str]) -> None:
    """Exactly `lost` are left out, each for its reason; the others come back in order with their chunks."""
    files = files_of(folder, texts)
    found = list(workers.analyse(files, HOSTILE))
    assert [analysis.file.uri for analysis in found] == [file.uri for file in files]
    assert {a.file.uri: a.skip_reason for a in found if a.skip_reason} == lost
    assert all(a.chunks for a in found if a.file.uri not in lost)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("CRASH", "crashed its parser"),
        ("STALL", "took over 1 s to parse"),
        ("DEEP", "crashed its parser"),
        ("HUGE", "needed over 2 GB to parse"),
    ],
)
def test_a_hostile_file_is_left_out_alone(
    workers: AnalysisWorkers, tmp_path: Path, word: str, reason: str
) -> None:
    check(workers, tmp_path, {**GOOD, "good3.py": f"# {word}\n"}, {"good3.py": reason})


def test_the_first_and_the_last_file_may_be_hostile(workers: AnalysisWorkers, tmp_path: Path) -> None:
    crashed = "crashed its parser"
    check(
        workers,
        tmp_path,
        {**GOOD, "a.py": "# CRASH\n", "z.py": "# CRASH\n"},
        {"a.py": crashed, "z.py": crashed},
    )


def test_a_worker_killed_while_it_rests_is_replaced(workers: AnalysisWorkers, tmp_path: Path) -> None:
    """As by the system when memory runs out: no file is at fault."""
    check(workers, tmp_path, GOOD, {})
    for pid in worker_pids(workers):
        os.kill(pid, signal.SIGKILL)
    wait_until_dead(workers)
    check(workers, tmp_path, GOOD, {})


def pool_of(workers: AnalysisWorkers) -> ProcessPool:
    pool = workers._processes._pool
    assert pool is not None
    return pool


def worker_pids(workers: AnalysisWorkers) -> list[int]:
    return list(pool_of(workers)._pool_manager.worker_manager.workers)


def wait_until_dead(workers: AnalysisWorkers) -> None:
    """Until the pool has noticed; a dead process is a zombie until it is asked after."""
    pool = pool_of(workers)
    before = worker_pids(workers)
    for _ in range(200):
        if worker_pids(workers) != before or not pool.active:
            return
        pool._pool_manager_loop.join(0.05)


def test_a_file_that_is_gone_is_told_so(workers: AnalysisWorkers, tmp_path: Path) -> None:
    missing = SourceFile("gone.py", tmp_path / "gone.py", 1, 1)
    (analysis,) = workers.analyse([missing], RULES)
    assert analysis == FileAnalysis(missing, None, skip_reason="deleted while it was indexed")


def test_a_cancelled_analysis_stops_between_batches(workers: AnalysisWorkers, tmp_path: Path) -> None:
    files = files_of(tmp_path, {f"f{n:03}.py": "x = 1\n" for n in range(3 * BATCH_FILES)})
    seen: list[FileAnalysis] = []
    with pytest.raises(Cancelled):
        seen.extend(workers.analyse(files, RULES, lambda: len(seen) >= BATCH_FILES))
    assert len(seen) == BATCH_FILES
    assert len(list(workers.analyse(files[:2], RULES))) == 2


def test_closing_ends_an_analysis_without_blaming_a_file(tmp_path: Path) -> None:
    workers = AnalysisWorkers(1, 60.0)
    files = files_of(tmp_path, {"a.py": "# STALL\n"})
    closing = threading.Timer(0.2, workers.close)
    closing.start()
    with pytest.raises(Cancelled):
        list(workers.analyse(files, HOSTILE))
    closing.join()
    with pytest.raises(Cancelled):
        list(workers.analyse(files, HOSTILE))


def test_processes_that_never_start_are_an_error_that_says_so(tmp_path: Path) -> None:
    workers = AnalysisWorkers(1, 1.0)
    files = files_of(tmp_path, GOOD)
    with (
        patch.object(ProcessPool, "schedule", return_value=broken()),
        pytest.raises(IndexTrouble, match="do not run"),
    ):
        list(workers.analyse(files, RULES))
    workers.close()


def broken() -> Future[object]:
    future: Future[object] = Future()
    future.set_exception(BrokenProcessPool("All workers expired"))
    return future


def test_no_files_need_no_process(workers: AnalysisWorkers) -> None:
    assert list(workers.analyse([], RULES)) == []


def test_batches_are_neither_long_nor_large_and_lose_nothing() -> None:
    sizes = [10] * 40 + [BATCH_BYTES * 2] + [BATCH_BYTES // 2] * 3
    files = [SourceFile(str(n), Path(), size, 1) for n, size in enumerate(sizes)]
    batches = list(batched(files))
    assert [file for batch in batches for file in batch] == files
    assert [len(batch) for batch in batches] == [32, 8, 1, 2, 1]
    assert all(len(batch) == 1 or sum(file.size for file in batch) <= BATCH_BYTES for batch in batches)
    assert list(batched([])) == []
