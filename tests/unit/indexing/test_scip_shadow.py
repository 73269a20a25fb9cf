"""The copy that indexers read: the index's own text, outside the workspace, gone afterwards."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from codeintel.cancellation import never
from codeintel.errors import Cancelled
from codeintel.indexing.progress import Meter, silent
from codeintel.indexing.scip_shadow import NoShadow, Shadow, SourceDocument, Sources, shadow_of
from codeintel.workspace.roots import Root


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go in a test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "root").mkdir()
    return Root("root", tmp_path / "root")


def sources(texts: Mapping[str, str | None]) -> Sources:
    documents = [SourceDocument(uri, "python", number) for number, uri in enumerate(texts)]
    return Sources(documents, texts.get)


def copied(root: Root, texts: Mapping[str, str | None], cancelled=never):  # type: ignore[no-untyped-def]
    found = sources(texts)
    return shadow_of(root, found, found.documents, cancelled, Meter("copying", len(texts), silent))


def files(shadow: Shadow) -> dict[str, bytes]:
    found = (path for path in shadow.project.rglob("*") if path.is_file())
    return {path.relative_to(shadow.project).as_posix(): path.read_bytes() for path in found}


def test_the_copy_has_every_text_as_it_is_and_nothing_else(root: Root, temporary: Path) -> None:
    (root.path / "a.py").write_text("what is on disk by now\n")
    texts = {"a.py": "a = 1\r\n\u2028", "deep/ä b.py": "é\r\x0c", "gone.py": None}
    with copied(root, texts) as shadow:
        assert shadow.project.is_relative_to(temporary)
        assert files(shadow) == {"a.py": "a = 1\r\n\u2028".encode(), "deep/ä b.py": "é\r\x0c".encode()}
        assert [shadow.text_of(uri) for uri in ("a.py", "deep/ä b.py", "gone.py", "other.py")] == [
            "a = 1\r\n\u2028",
            "é\r\x0c",
            None,
            None,
        ]


def test_the_copy_is_gone_afterwards_whatever_happened(root: Root, temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), copied(root, {"a.py": ""}) as shadow:
        (shadow.scratch / "index.scip").write_text("x")
        assert 1 / 0
    with pytest.raises(Cancelled), copied(root, {"a.py": ""}, lambda: True):
        pass
    assert not list(temporary.iterdir())
    assert not list(root.path.iterdir())


@pytest.mark.parametrize("uri", ["../a.py", "/etc/a.py", "x" * 300 + ".py", "a\0b.py"])
def test_a_name_that_is_none_here_loses_one_document(root: Root, temporary: Path, uri: str) -> None:
    with copied(root, {uri: "x", "fine.py": "y"}) as shadow:
        assert list(shadow.documents) == ["fine.py"]
        assert list(files(shadow)) == ["fine.py"]
    assert not list(temporary.iterdir())


@pytest.mark.usefixtures("temporary")
def test_lone_surrogates_do_not_keep_a_text_from_being_copied(root: Root) -> None:
    with copied(root, {"a.py": "'\ud800'"}) as shadow:
        assert shadow.text_of("a.py") == "'\ufffd'"


def test_nothing_is_copied_into_the_workspace(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(root.path))
    with pytest.raises(NoShadow, match="lies in the workspace"), copied(root, {"a.py": ""}):
        pass
    assert not list(root.path.iterdir())


def test_a_full_disk_says_so_and_leaves_nothing(
    root: Root, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NoShadow, match="No space left"), copied(root, {"a.py": ""}):
        pass
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_is_swept_away_after_a_day(root: Root, temporary: Path) -> None:
    for name, age in (("codeintel-scip-old", 90_000), ("codeintel-scip-new", 3_600), ("other", 90_000)):
        (temporary / name).mkdir()
        os.utime(temporary / name, (time.time() - age,) * 2)
    with copied(root, {}):
        pass
    assert sorted(path.name for path in temporary.iterdir()) == ["codeintel-scip-new", "other"]
