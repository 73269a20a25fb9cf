"""The service: what it refuses and how, several roots, an index elsewhere or nowhere, and what it remembers."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

from codeintel.errors import CodeIntelError, IndexCorrupt, NotReady, UsageError, WorkspaceError
from codeintel.indexing.index_folders import check_indexes
from codeintel.search.searcher import SearchRequest
from workspaces import MEANING, TEXT_ONLY, find, indexed, opened, places, ranking, settings, snapshot, write

RETRY = "class Retry:\n    def backoff(self):\n        return 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", {"retry.py": RETRY, "empty.py": "", "data.bin": b"\0\1"})


def refused(folder: Path, kind: type[CodeIntelError], message: str) -> None:
    """Opening `folder` raises an error that says what is wrong and what to do."""
    with pytest.raises(kind, match=message) as caught, opened(folder):
        pass
    assert caught.value.remedy


def test_a_folder_that_is_missing_or_is_none_is_refused(folder: Path) -> None:
    refused(folder / "nowhere", WorkspaceError, "There is no folder")
    refused(folder / "retry.py", WorkspaceError, "is a file, not a folder")


def test_no_folder_is_refused() -> None:
    with pytest.raises(WorkspaceError, match="No folder is open"), opened():
        pass


def test_an_empty_folder_is_not_ready_before_and_after_indexing(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        with pytest.raises(NotReady):
            service.search(SearchRequest("retry"))
        report = service.index()
        assert (report.files, report.chunks) == (0, 0)
        with pytest.raises(NotReady):
            service.search(SearchRequest("retry"))
    assert check_indexes([tmp_path], TEXT_ONLY) == []


def test_reading_what_was_never_indexed_is_refused(folder: Path) -> None:
    with pytest.raises(IndexCorrupt, match="There is no index"), opened(folder, readonly=True):
        pass
    assert not (folder / ".codeintel").exists()


@pytest.mark.parametrize("limit", [0, -5, 10**9])
def test_a_limit_out_of_range_names_its_field(folder: Path, limit: int) -> None:
    with indexed(folder) as service:
        for ask in (
            lambda: service.search(SearchRequest("retry", limit)),
            lambda: service.similar(folder / "retry.py", 0, limit),
        ):
            with pytest.raises(UsageError) as caught:
                ask()
            assert caught.value.field == "limit"


@pytest.mark.parametrize(
    ("file", "line", "field", "message"),
    [
        ("retry.py", 3, "line", "retry.py has 3 lines; line 4 is not among them"),
        ("retry.py", -1, "line", "line 0 is not among them"),
        ("retry.py", 10**9, "line", "is not among them"),
        ("other.py", 0, "path", "other.py is not indexed"),
        ("empty.py", 0, "path", "it is empty"),
        ("data.bin", 0, "path", "binary"),
    ],
)
def test_a_place_that_is_not_there_names_its_field(
    folder: Path, file: str, line: int, field: str, message: str
) -> None:
    with indexed(folder) as service:
        for ask in (
            lambda: service.explain("retry", folder / file, line),
            lambda: service.similar(folder / file, line),
        ):
            with pytest.raises(UsageError, match=message) as caught:
                ask()
            assert caught.value.field == field
        assert service.last_hit_at(folder / file, line) is None


def test_a_path_outside_the_workspace_is_refused(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.py": "secret = 1\n"}) / "secret.py"
    (folder / "link.py").symlink_to(outside)
    with indexed(folder) as service:
        for path in (outside, folder / "link.py", folder / ".." / "outside" / "secret.py"):
            for ask in (
                lambda path=path: service.explain("secret", path, 0),  # type: ignore[misc]
                lambda path=path: service.similar(path, 0),  # type: ignore[misc]
                lambda path=path: service.index(paths=[path]),  # type: ignore[misc]
            ):
                with pytest.raises(WorkspaceError, match="outside the workspace"):
                    ask()
            assert service.last_hit_at(path, 0) is None
        assert "secret" not in str(service.search(SearchRequest("secret = 1", 50)).hits)


def test_the_same_file_in_two_roots_is_found_in_both(tmp_path: Path) -> None:
    folders = [
        write(tmp_path / name / "app", {"retry.py": RETRY, f"{name}.py": "x = 1\n"})
        for name in ("one", "two")
    ]
    with indexed(*folders, settings=MEANING) as service:
        names = [root.name for root in service.roots]
        assert len(set(names)) == 2
        hits = service.search(SearchRequest("Retry backoff", 2)).hits
        assert {(hit.root.path, hit.chunk.uri) for hit in hits} == {
            (folder, "retry.py") for folder in folders
        }
        assert hits[0].chunk.id == hits[1].chunk.id
        for folder in folders:  # each stands for itself
            told = service.explain("Retry backoff", folder / "retry.py", 0)
            assert told.hit is not None
            assert told.hit.root.path == folder
        assert places(service.similar(folders[0] / "retry.py", 0))[0] == (names[1], "retry.py", 0)


def test_a_root_inside_a_root_has_its_files_for_itself(tmp_path: Path) -> None:
    outer = write(tmp_path / "outer", {"a.py": RETRY, "inner/b.py": "class Inner:\n    pass\n"})
    inner = outer / "inner"
    with indexed(outer, inner) as service:
        found = {
            (hit.root.path, hit.chunk.uri) for hit in service.search(SearchRequest("lang:python", 50)).hits
        }
        assert found == {(outer, "a.py"), (inner, "b.py")}
        assert service.explain("Inner", inner / "b.py", 0).chunk.uri == "b.py"
        write(outer, {"inner/b.py": "class Changed:\n    pass\n"})
        assert service.index(paths=[inner / "b.py"]).changed == 1
        assert find(service, "Changed")[0][1] == "b.py"


def test_an_index_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    elsewhere = settings(tier="text", folder=tmp_path / "elsewhere")
    with indexed(folder, settings=elsewhere) as service:
        assert service.status().roots[0].index_folder == tmp_path / "elsewhere"
        answer = find(service, "Retry backoff")
    assert not (folder / ".codeintel").exists()
    assert check_indexes([folder], elsewhere) == []
    with opened(folder, settings=elsewhere) as service:
        assert find(service, "Retry backoff") == answer


def test_several_roots_share_a_folder_elsewhere_without_mixing(folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", {"queue.py": "class Queue:\n    pass\n"})
    elsewhere = settings(tier="text", folder=tmp_path / "elsewhere")
    with indexed(folder, other, settings=elsewhere):
        pass
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == ["other", "ws"]
    assert check_indexes([folder, other], elsewhere) == []


def test_a_folder_of_other_things_is_not_taken_for_an_index(folder: Path, tmp_path: Path) -> None:
    precious = write(tmp_path / "precious", {"thesis.txt": "words"})
    with (
        pytest.raises(UsageError, match="holds other things than an index"),
        opened(folder, settings=settings(tier="text", folder=precious)),
    ):
        pass
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]


def check_in_memory(folder: Path, reason: str) -> None:
    """Opening warns once, and indexing and searching work without a folder."""
    with opened(folder, settings=MEANING) as service:
        (warning,) = service.warnings
        assert f"cannot be written ({reason})" in warning
        assert warning.endswith("the index is kept in memory.")
        service.index()
        assert find(service, "Retry backoff")[0][1] == "retry.py"
        write(folder, {"retry.py": RETRY.replace("Retry", "Again")})
        service.index()
        assert find(service, "Again")[0][1] == "retry.py"
        status = service.status().roots[0]
        assert (status.index_folder, status.size_bytes) == (None, 0)
        assert status.meaning == status.chunks == len(snapshot(service).chunks)


def test_a_folder_that_cannot_be_written_is_replaced_by_memory(folder: Path) -> None:
    with patch("codeintel.catalog.store.prepare", side_effect=PermissionError(13, "Permission denied")):
        check_in_memory(folder, "Permission denied")


def test_a_link_in_place_of_the_index_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "target", {})
    (folder / ".codeintel").symlink_to(target)
    check_in_memory(folder, "it is a symbolic link")
    assert list(target.iterdir()) == []


def test_a_disk_that_fills_up_keeps_the_last_generation(folder: Path) -> None:
    with indexed(folder) as service:
        before = ranking(service, "Retry backoff")
    with opened(folder) as service:
        write(folder, {"new.py": "class New:\n    pass\n"})
        with (
            patch("codeintel.catalog.parts.write_file", side_effect=OSError(28, "No space left on device")),
            pytest.raises(CodeIntelError, match="No space left on device"),
        ):
            service.index()
    shutil.copytree(folder / ".codeintel", folder.parent / "copy")
    with opened(folder, readonly=True) as service:
        assert ranking(service, "Retry backoff") == before
    with indexed(folder) as service:
        assert find(service, "New")[0][1] == "new.py"
    assert check_indexes([folder], TEXT_ONLY) == []


def test_the_last_search_that_hit_a_line_is_remembered(folder: Path) -> None:
    with indexed(folder) as service:
        assert service.last_hit_at(folder / "retry.py", 1) is None
        service.search(SearchRequest("backoff"))
        (hit,) = service.search(SearchRequest("Retry")).hits
        assert service.last_hit_at(folder / "retry.py", 1) == ("Retry", hit)
        assert service.last_hit_at(folder / "retry.py", 99) is None
        with pytest.raises(UsageError):
            service.search(SearchRequest("lang:nothing"))
        assert service.last_hit_at(folder / "retry.py", 1) == ("Retry", hit)


def test_a_chunk_knows_what_its_first_line_holds_before_it(folder: Path) -> None:
    """One line longer than a chunk is several chunks; only their columns do not begin at 0."""
    line = "größer " * 700
    write(folder, {"long.txt": f"first\r\n{line}\r\nlast\r\n".encode(), "short.py": b"x = 1\ny = 2\n"})
    with indexed(folder) as service:
        (root,) = service.roots
        chunks = service.search(SearchRequest("path:long.txt", 100)).hits
        text = "".join(hit.chunk.content for hit in sorted(chunks, key=lambda hit: hit.chunk.start_byte))
        assert len(chunks) > 2
        for hit in chunks:
            start = hit.chunk.start_byte
            before = text.encode()[:start].decode().rpartition("\r\n")[2]
            assert service.line_before(root, hit.chunk) == before
        (short,) = service.search(SearchRequest("path:short.py")).hits
        assert service.line_before(root, short.chunk) == ""


def test_status_tells_what_is_indexed(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        status = service.status()
        (root,) = status.roots
        assert (root.name, root.path, root.index_folder) == ("ws", folder, folder / ".codeintel")
        assert (root.files, root.languages, root.skipped) == (2, {"python": 2}, {"binary": 1})
        assert root.chunks == root.meaning == len(snapshot(service).chunks)
        assert root.generation == snapshot(service).generation > 0
        assert root.size_bytes > 1_000
        assert "@" in status.encoder
        assert status.stage is None


def test_the_id_map_is_exported_with_every_root(tmp_path: Path) -> None:
    folders = [write(tmp_path / name, {f"{name}.py": RETRY}) for name in ("one", "two")]
    with indexed(*folders, settings=MEANING) as service:
        assert service.export_idmap(tmp_path / "idmap.csv") == 2
        assert len((tmp_path / "idmap.csv").read_text().splitlines()) == 3


def test_searches_beside_an_index_run_see_whole_states(tmp_path: Path) -> None:
    """Every answer is of one state, never of a mixture, and none fails."""
    folder = write(tmp_path / "ws", {f"f{n}.py": f"class Version0:\n    number = {n}\n" for n in range(20)})
    wrong: list[object] = []
    asked = dict.fromkeys(["lang:python", "class number Version"], 0)
    with indexed(folder, settings=MEANING) as service:
        done = threading.Event()

        def ask(query: str) -> None:
            while not done.is_set():
                try:
                    answer = service.search(SearchRequest(query, 100))
                except Exception as error:
                    wrong.append(error)
                    return
                asked[query] += 1
                states = {hit.chunk.content.split(":")[0] for hit in answer.hits}
                if len(states) != 1 or len(answer.hits) > 20 or not 0 <= answer.coverage.share <= 1:
                    wrong.append((states, len(answer.hits), answer.coverage))

        asking = [threading.Thread(target=ask, args=(query,)) for query in asked]
        for thread in asking:
            thread.start()
        try:
            for version in range(1, 6):
                write(folder, {f"f{n}.py": f"class Version{version}:\n    number = {n}\n" for n in range(20)})
                service.index()
        finally:
            done.set()
            for thread in asking:
                thread.join()
    assert wrong == []
    assert all(asked.values())
