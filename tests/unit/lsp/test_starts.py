"""Notes about starts: the death of the process leaves one behind, every other end does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codeintel.catalog.folder import FOLDER_NAME
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.lsp import starts

FOLDERS = [Path("/projects/app"), Path("/projects/library")]
NOW = 1_800_000_000.0

DYING = """
import os, sys
from pathlib import Path
from codeintel.lsp import starts
starts.begin([Path(folder) for folder in sys.argv[2:]], float(sys.argv[1]))
os._exit(9)
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "codeintel" / "starts"


def die(at: float = NOW, folders: list[Path] = FOLDERS) -> None:
    """A process that dies of opening the folders."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", DYING, str(at), *map(str, folders)], env=environment, check=False)


def publish(folder: Path, at: int) -> None:
    """A manifest, as whoever publishes an index leaves one."""
    manifest = folder / FOLDER_NAME / MANIFEST_NAME
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    os.utime(manifest, ns=(at, at))


def notes(state: Path) -> list[Path]:
    return list(state.rglob("*.start"))


def test_a_first_start_has_nothing_against_it_and_leaves_no_note_once_it_ended(state: Path) -> None:
    start = starts.begin(FOLDERS, NOW)
    assert (start.unfinished, start.is_hopeless) == (0, False)
    assert len(notes(state)) == 1
    start.ended()
    start.ended()
    assert notes(state) == []


def test_the_fifth_start_after_four_deaths_is_hopeless_and_so_are_those_after_it() -> None:
    for died in range(4):
        start = starts.begin(FOLDERS, NOW + died)
        assert (start.unfinished, start.is_hopeless) == (died, False)
        die(NOW + died)
    for later in (5, 6):
        start = starts.begin(FOLDERS, NOW + later)
        assert start.is_hopeless
        start.ended()


def test_a_start_that_ended_otherwise_breaks_the_row(state: Path) -> None:
    for _ in range(3):
        die()
    starts.begin(FOLDERS, NOW).ended()
    assert notes(state) == []
    die()
    assert starts.begin(FOLDERS, NOW).unfinished == 1


def test_a_death_after_something_was_published_does_not_count(tmp_path: Path) -> None:
    folders = [tmp_path / "app", tmp_path / "library"]
    for _ in range(4):
        die(folders=folders)
    publish(folders[1], 1)
    assert starts.begin(folders, NOW).unfinished == 0
    for _ in range(4):
        die(folders=folders)  # what is published is what they found
    assert starts.begin(folders, NOW).is_hopeless


def test_a_death_does_not_count_against_an_index_to_be_made_anew(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    for _ in range(4):
        die(folders=[tmp_path])
    (tmp_path / FOLDER_NAME / MANIFEST_NAME).unlink()
    assert starts.begin([tmp_path], NOW).unfinished == 0


def test_deaths_of_other_folders_and_of_long_ago_do_not_count(state: Path) -> None:
    die(NOW, FOLDERS[:1])
    die(NOW - starts.WINDOW_S)
    die(NOW + 3_600)  # the clock was set back
    start = starts.begin(FOLDERS, NOW)
    assert start.unfinished == 0
    start.ended()
    assert len(notes(state)) == 1  # that of the other folders: what cannot count any more is removed


def test_the_order_of_the_folders_does_not_matter() -> None:
    die(NOW)
    assert starts.begin(FOLDERS[::-1], NOW).unfinished == 1


def test_a_start_that_is_still_under_way_in_another_window_does_not_count() -> None:
    starts.begin(FOLDERS, NOW)
    assert starts.begin(FOLDERS, NOW).unfinished == 0


def test_a_dead_process_that_had_the_pid_of_this_one_counts(state: Path) -> None:
    die()
    (note,) = notes(state)
    note.write_text(json.dumps(json.loads(note.read_text()) | {"pid": os.getpid()}))
    assert starts.begin(FOLDERS, NOW).unfinished == 1


def test_a_start_may_be_forgotten() -> None:
    for _ in range(4):
        die()
    starts.forget(FOLDERS)
    assert not starts.begin(FOLDERS, NOW).is_hopeless


def test_a_note_that_a_full_disk_left_empty_counts_by_the_time_of_its_file(state: Path) -> None:
    for _ in range(4):
        die()
    now = time.time()
    for note in notes(state):
        note.write_bytes(b"")
        os.utime(note, (now, now))
    assert starts.begin(FOLDERS, now).is_hopeless


@pytest.mark.parametrize("home", ["/proc/nobody", "relative"])
def test_without_a_place_for_notes_no_start_is_hopeless(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", home if home.startswith("/") else "")
    monkeypatch.setenv("LOCALAPPDATA", "")
    monkeypatch.setenv("HOME", home)
    for _ in range(5):
        start = starts.begin(FOLDERS, NOW)
        assert not start.is_hopeless
    start.ended()
