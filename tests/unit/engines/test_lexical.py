"""Writing the lexical index: staging, committing, locking, crashing, following."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from codeintel.engines.lexical import LexicalDocument, LexicalIndex
from codeintel.errors import IndexLocked, IndexTrouble


def document(number: int, text: str = "word") -> LexicalDocument:
    return LexicalDocument(number, text.split(), ["symbol"], ["src"], ["main"])


def found(index: LexicalIndex, term: str) -> list[int]:
    return sorted(index.view().search([term], 100).ids.tolist())


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> LexicalIndex:
    return LexicalIndex.open(tmp_path / "lexical" if request.param == "disk" else None)


def test_a_commit_shows_removals_and_additions_at_once(index: LexicalIndex) -> None:
    index.replace([], [document(1, "old"), document(2, "kept")])
    index.commit()
    index.replace([1], [document(3, "new")])
    before = index.view()
    assert found(index, "old") == [1]
    index.commit()
    assert (found(index, "old"), found(index, "kept"), found(index, "new")) == ([], [2], [3])
    assert before.search(["old"], 5).ids.tolist() == [1]
    assert before.ids().tolist() == [1, 2]
    assert index.ids().tolist() == [2, 3]


def test_a_document_replaces_the_earlier_one_of_its_id(index: LexicalIndex) -> None:
    index.replace([], [document(1, "first"), document(1, "second")])
    index.replace([], [document(1, "third")])
    index.commit()
    index.replace([1], [document(1, "fourth")])
    index.commit()
    assert index.ids().tolist() == [1]
    assert [found(index, term) for term in ("first", "second", "third", "fourth")] == [[], [], [], [1]]


@pytest.mark.parametrize("bad", [0, -1, 2**63])
def test_an_id_that_is_no_positive_int64_is_refused_and_stages_nothing(index: LexicalIndex, bad: int) -> None:
    with pytest.raises(ValueError, match=str(bad)):
        index.replace([], [document(1), document(bad)])
    index.replace([], [document(2)])
    index.commit()
    assert index.ids().tolist() == [2]


def test_broken_unicode_and_ready_text_are_indexed(index: LexicalIndex) -> None:
    index.replace([], [LexicalDocument(1, ["good", "bad\ud800"], path="src lib")])
    index.commit()
    assert found(index, "good") == found(index, "lib") == [1]


def test_committing_nothing_and_closing_twice_are_harmless(index: LexicalIndex) -> None:
    index.commit()
    index.close()
    index.replace([], [document(1)])
    index.commit()
    index.close()
    index.close()
    assert found(index, "word") == [1]


def test_an_index_reopens_as_it_was_committed(tmp_path: Path) -> None:
    with LexicalIndex.open(tmp_path) as index:
        index.replace([], [document(number) for number in range(1, 50)])
        index.commit()
        index.replace([1], [document(99)])
    with LexicalIndex.open(tmp_path) as index:
        assert index.ids().tolist() == list(range(1, 50))


def test_a_deleted_folder_opens_empty(tmp_path: Path) -> None:
    assert LexicalIndex.open(tmp_path / "gone" / "lexical").ids().tolist() == []


def test_one_process_writes_the_other_follows_and_takes_over(tmp_path: Path) -> None:
    writer, follower = LexicalIndex.open(tmp_path), LexicalIndex.open(tmp_path)
    writer.replace([], [document(1)])
    writer.commit()
    assert follower.ids().tolist() == []
    follower.refresh()
    assert follower.ids().tolist() == [1]
    with pytest.raises(IndexLocked, match=str(tmp_path)):
        follower.replace([], [document(2)])
    writer.close()
    follower.replace([], [document(2)])
    follower.commit()
    assert follower.ids().tolist() == [1, 2]


def test_many_small_commits_end_merged_and_leave_no_files_behind(tmp_path: Path) -> None:
    with LexicalIndex.open(tmp_path) as index:
        for number in range(1, 40):
            index.replace([number - 2], [document(number)])
            index.commit()
            assert set(index.files()) <= {path.name for path in tmp_path.iterdir()}
        assert index.ids().tolist() == [38, 39]
    segments = {path.name.partition(".")[0] for path in tmp_path.glob("[0-9a-f]*.*")}
    assert len(segments) <= 10


KILLED_AFTER_STAGING = """
import os, signal, sys
from pathlib import Path
from codeintel.engines.lexical import LexicalDocument, LexicalIndex
index = LexicalIndex.open(Path(sys.argv[1]))
for turn in range(int(sys.argv[2])):
    index.replace([turn], [LexicalDocument(turn + 1, ["word"])])
    index.commit()
index.replace([], [LexicalDocument(number, ["lost"]) for number in range(1000, 3000)])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("commits", [0, 1, 9])
def test_a_kill_loses_what_was_staged_and_nothing_else(tmp_path: Path, commits: int) -> None:
    command = [sys.executable, "-c", KILLED_AFTER_STAGING, str(tmp_path), str(commits)]
    assert subprocess.run(command, check=False, timeout=240).returncode == -signal.SIGKILL
    with LexicalIndex.open(tmp_path) as index:
        assert index.ids().tolist() == ([commits] if commits else [])
        assert found(index, "lost") == []
        index.replace([], [document(7000, "more")])
        index.commit()
        assert found(index, "more") == [7000]


def test_a_full_disk_is_an_error_once_and_writing_resumes(tmp_path: Path) -> None:
    index = LexicalIndex.open(tmp_path)
    index.replace([], [document(1)])
    index.commit()
    words = " ".join(f"w{number}" for number in range(50_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(IndexTrouble, match=str(tmp_path)):
            index.replace([], [document(2, words)])
            index.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert found(index, "word") == [1]
    index.replace([], [document(2, words)])
    index.commit()
    assert index.ids().tolist() == [1, 2]
    index.close()
    assert LexicalIndex.open(tmp_path).ids().tolist() == [1, 2]


def test_searches_during_commits_see_whole_commits_only(index: LexicalIndex) -> None:
    index.replace([], [document(number, "even") for number in range(2, 42, 2)])
    index.commit()
    failures: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            view = index.view()
            even, odd = len(view.search(["even"], 99).ids), len(view.search(["odd"], 99).ids)
            if (even, odd) not in ((20, 0), (0, 20)):
                failures.append((even, odd))

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        old, new = (range(2, 42, 2), range(1, 41, 2)) if turn % 2 == 0 else (range(1, 41, 2), range(2, 42, 2))
        index.replace(old, [document(number, "even" if number % 2 == 0 else "odd") for number in new])
        index.commit()
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
