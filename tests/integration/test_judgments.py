"""Judgments in a workspace that lives: they outlast the index and follow the code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codeintel.errors import QueryError, UsageError, WorkspaceError
from codeintel.indexing.index_folders import discard_indexes
from codeintel.judgments.place import judgments_file
from codeintel.service import Service
from workspaces import TEXT_ONLY, indexed, opened, write

RETRY = "def retry(times):\n    return backoff(times)\n"
QUEUE = "class Queue:\n    def put(self, job):\n        self.jobs.append(job)\n"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "work", {"a.py": RETRY, "b.py": QUEUE})


def told(service: Service) -> list[tuple[str, str, str, str]]:
    return [
        (
            one.judgment.query,
            one.judgment.verdict,
            one.anchor.chunk.uri if one.anchor.chunk else "",
            one.anchor.how,
        )
        for one in service.judgments()
    ]


def test_of_several_verdicts_on_a_place_the_last_stands(folder: Path) -> None:
    with indexed(folder) as service:
        assert service.judge("retry", folder / "a.py", 0, "bad") == 1
        assert service.judge("  retry ", folder / "a.py", 1, "good") == 1
        assert service.judge("another question", folder / "a.py", 0, "bad") == 2
        assert told(service) == [
            ("retry", "good", "a.py", "chunk"),
            ("another question", "bad", "a.py", "chunk"),
        ]
        assert service.judge("retry", folder / "a.py", 0, "none") == 1


def test_neither_deleting_nor_rebuilding_the_index_loses_them(folder: Path) -> None:
    with indexed(folder) as service:
        service.judge("retry", folder / "a.py", 0, "good")
    shutil.rmtree(folder / ".codeintel")
    with indexed(folder) as service:
        assert told(service) == [("retry", "good", "a.py", "chunk")]
    discard_indexes([folder], TEXT_ONLY)
    with indexed(folder) as service:
        assert told(service) == [("retry", "good", "a.py", "chunk")]


def test_nothing_is_written_into_the_workspace(folder: Path) -> None:
    with indexed(folder) as service:
        before = sorted(folder.iterdir())
        service.judge("retry", folder / "a.py", 0, "good")
        assert sorted(folder.iterdir()) == before
        assert not judgments_file(service.roots[0]).is_relative_to(folder)


def test_a_reader_of_the_index_may_judge(folder: Path) -> None:
    with indexed(folder), opened(folder, readonly=True) as reader:
        assert reader.judge("retry", folder / "a.py", 0, "good") == 1


def test_they_follow_the_code_through_a_rename_and_an_edit(folder: Path) -> None:
    with indexed(folder) as service:
        service.judge("retry", folder / "a.py", 0, "good")
        (folder / "a.py").rename(folder / "c.py")
        service.index()
        assert told(service) == [("retry", "good", "c.py", "content")]
        write(folder, {"c.py": RETRY.replace("backoff", "wait")})
        service.index()
        assert told(service) == [("retry", "good", "c.py", "symbol")]
        service.judge("retry", folder / "c.py", 0, "bad")
        assert told(service) == [("retry", "bad", "c.py", "chunk")]


def test_a_deleted_neighbour_does_not_speak_for_code_that_was_judged_itself(folder: Path) -> None:
    filler = "".join(f"def step_{n}():\n    return {'word ' * 290!r}\n\n\n" for n in range(4))
    write(folder, {"a.py": filler + RETRY})
    with indexed(folder) as service:
        service.judge("retry", folder / "a.py", 16, "good")
        service.judge("retry", folder / "a.py", 0, "bad")
        write(folder, {"a.py": RETRY})
        service.index()
        assert told(service) == [("retry", "good", "a.py", "chunk")]


def test_roots_keep_their_own(tmp_path: Path, folder: Path) -> None:
    other = write(tmp_path / "other", {"a.py": RETRY})
    with indexed(folder, other) as service:
        service.judge("retry", folder / "a.py", 0, "good")
        assert service.judge("retry", other / "a.py", 0, "bad") == 2
    with indexed(other) as service:
        assert told(service) == [("retry", "bad", "a.py", "chunk")]


def test_unsaved_text_can_be_judged(folder: Path) -> None:
    with indexed(folder) as service:
        service.edit(folder / "a.py", RETRY + "\n\ndef typed():\n    return 1\n")
        assert service.judge("typed", folder / "a.py", 5, "good") == 1


def test_what_cannot_be_judged_is_refused(folder: Path, data_folder: Path) -> None:
    with indexed(folder) as service:
        with pytest.raises(UsageError, match="verdict"):
            service.judge("retry", folder / "a.py", 0, "meh")
        with pytest.raises(QueryError):
            service.judge("lnag:go retry", folder / "a.py", 0, "good")
        with pytest.raises(UsageError, match="not indexed"):
            service.judge("retry", folder / "nowhere.py", 0, "good")
        data_folder.write_text("a file where the folder should be")
        with pytest.raises(WorkspaceError, match="cannot be written"):
            service.judge("retry", folder / "a.py", 0, "good")
