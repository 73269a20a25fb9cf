"""A program that indexes is bounded in time, output and size, and nothing of it outlives its run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import fake_indexer
from codeintel.cancellation import never
from codeintel.errors import Cancelled
from codeintel.indexing.scip_process import (
    Errand,
    IndexerFailed,
    IndexerMissing,
    IndexerTimedOut,
    clean_environment,
    run_errand,
    search_path,
)
from codeintel.workspace.roots import Root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "till.py").write_text("def run(): pass\n")
    return tmp_path


def errand(folder: Path, behaviour: str, timeout_seconds: float = 30.0, **options: int) -> Errand:
    program = fake_indexer.install(folder / "bin", behaviour=behaviour)
    project, output = folder / "project", folder / "index.scip"
    command = [
        str(program),
        "index",
        "--cwd",
        str(project),
        "--output",
        str(output),
        "--project-name",
        "shop",
    ]
    environment = {**os.environ, "FAKE_PIDS": str(folder / "pids")}
    return Errand("fake", command, project, environment, output, timeout_seconds, **options)


def run(errand: Errand) -> list[tuple[int, int]]:
    counts: list[tuple[int, int]] = []
    run_errand(errand, never, lambda done, total: counts.append((done, total)))
    return counts


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for its parent to hear of it."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_ends_well_has_written_its_index_and_told_how_far_it_is(folder: Path) -> None:
    counts = run(errand(folder, "well"))
    assert (folder / "index.scip").stat().st_size > 50
    assert (1, 2) in counts


def test_a_program_that_fails_is_quoted_in_part_and_without_control_characters(folder: Path) -> None:
    with pytest.raises(IndexerFailed) as caught:
        run(errand(folder, "fail"))
    assert "ended with 3" in caught.value.message
    assert caught.value.message.endswith("checker")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 1_000


def test_a_program_that_is_not_there_or_not_a_program_is_missing(folder: Path) -> None:
    good = errand(folder, "well")
    (folder / "bin" / "scip-python").write_text("no program")
    for command in (["/nowhere/scip-python"], good.command):
        with pytest.raises(IndexerMissing, match="cannot be started"):
            run(Errand("fake", command, good.folder, good.environment, good.output, 5.0))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_program_that_hangs_is_ended_with_all_that_it_started(folder: Path) -> None:
    with pytest.raises(IndexerTimedOut, match=r"after 1\.5 seconds"):
        run(errand(folder, "hang", timeout_seconds=1.5))
    pids = (folder / "pids").read_text().split()
    assert len(pids) == 2
    assert all(has_ended(int(pid)) for pid in pids)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_what_a_program_leaves_running_is_ended_too(folder: Path) -> None:
    run(errand(folder, "leave_a_child"))
    assert has_ended(int((folder / "pids").read_text()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_cancelled_run_ends_its_programs(folder: Path) -> None:
    pids = folder / "pids"
    with pytest.raises(Cancelled):
        run_errand(errand(folder, "hang"), lambda: pids.exists() and " " in pids.read_text(), lambda *_: None)
    assert all(has_ended(int(pid)) for pid in pids.read_text().split())


def test_a_program_may_write_as_much_as_it_likes_to_its_output(folder: Path) -> None:
    run(errand(folder, "flood"))
    assert (folder / "index.scip").exists()


def test_an_index_that_grows_without_end_is_stopped(folder: Path) -> None:
    with pytest.raises(IndexerFailed, match="grew beyond 5,000,000 bytes"):
        run(errand(folder, "grow", max_bytes=5_000_000))


def test_nothing_on_the_search_path_leads_into_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, outside = tmp_path / "root", tmp_path / "tools"
    (root / "node_modules" / ".bin").mkdir(parents=True)
    outside.mkdir()
    (tmp_path / "link").symlink_to(root / "node_modules" / ".bin")
    folders = [str(root / "node_modules/.bin"), str(tmp_path / "link"), "", ".", "bin", str(outside)]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    assert search_path(Root("root", root)) == str(outside)


def test_the_environment_has_no_other_code_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "NODE_OPTIONS",
        "NODE_PATH",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "VIRTUAL_ENV",
        "npm_config_prefix",
    ):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("LANG", "C")
    found = clean_environment(Root("root", tmp_path / "root"), tmp_path / "scratch")
    assert {name for name in found if name.startswith(("NODE", "PYTHON", "VIRTUAL", "npm"))} == {
        "PYTHONSAFEPATH",
        "PYTHONDONTWRITEBYTECODE",
    }
    assert (found["LANG"], found["TMPDIR"]) == ("C", str(tmp_path / "scratch"))
