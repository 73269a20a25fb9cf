"""Damage to any file of an index is reported, mended by the next run, and costs no answer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codeintel.catalog.folder import CATALOG_NAME
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.errors import IndexCorrupt, IndexLocked, SchemaTooNew, UsageError
from codeintel.indexing.index_folders import check_indexes
from codeintel.indexing.publishing import META_FILE
from codeintel.service import Service
from workspaces import MEANING, Texts, index_once, indexed, opened, ranking, shared_workers, snapshot, write

FILES: Texts = {
    "retry.py": "class Retry:\n    def backoff(self, attempt):\n        return 2**attempt\n",
    "queue.py": "class Queue:\n    def put(self, job):\n        self.jobs.append(job)\n",
    "docs/notes.md": "# Notes\n\nJobs wait in the queue.\n\n## Retries\n\nThey back off.\n",
}
EDIT: Texts = {"queue.py": "class Queue:\n    def put(self, job):\n        self.waiting.append(job)\n"}
QUERIES = ["where do jobs wait", "backoff", "class lang:python"]
GUARDS = {".gitignore", "CACHEDIR.TAG", "writer.lock", ".tantivy-meta.lock", ".tantivy-writer.lock"}
"""Files that hold nothing of the index: harm to them is no finding."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose index has bases and deltas, and the answers that it gives; copied by each test."""
    folder = write(tmp_path_factory.mktemp("original") / "ws", FILES)
    index_once(folder, settings=MEANING)
    write(folder, EDIT)
    index_once(folder, settings=MEANING)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return copied(original, tmp_path / "ws")


def copied(folder: Path, target: Path) -> Path:
    """With today's times: what a copy has left over from before is young, and may still be read by somebody."""
    return Path(shutil.copytree(folder, target, copy_function=shutil.copy))


@pytest.fixture(scope="module")
def answers(original: Path) -> list[list[tuple[int, float]]]:
    with opened(original, settings=MEANING) as service:
        return answers_of(service)


def answers_of(service: Service) -> list[list[tuple[int, float]]]:
    return [ranking(service, query) for query in QUERIES]


def artifacts(folder: Path) -> Iterator[str]:
    """The names of the manifest's files and of the manifest, which are different in each index."""
    body = json.loads((folder / ".codeintel" / MANIFEST_NAME).read_text())["manifest"]
    yield MANIFEST_NAME
    yield META_FILE  # which vouches for itself
    yield from (f"{part['table']}/{part['name']}" for part in body["parts"])
    yield from (artifact["name"] for artifact in body["artifacts"])


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    os.truncate(path, 0)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def swap(path: Path) -> None:
    """With the content of another file of the index, a sound one of its own kind where there is one."""
    data = path.read_bytes()
    others = sorted(
        other for other in path.parent.iterdir() if other.is_file() and other.read_bytes() != data
    )
    kin = (
        [other for other in others if other.suffix == path.suffix]
        or others
        or [path.parents[1] / MANIFEST_NAME]
    )
    path.write_bytes(kin[0].read_bytes())


def check(folder: Path, answers: list[list[tuple[int, float]]], names: set[str]) -> None:
    """The damage is found by one of `names`; indexing mends it; then nothing is found and nothing was lost."""
    findings = check_indexes([folder], MEANING)
    assert names & {finding.artifact for finding in findings}, (names, findings)
    with opened(folder, settings=MEANING) as service:
        service.index()
        # a folder without a manifest is where an index begins
        assert service.warnings or MANIFEST_NAME in names
        assert answers_of(service) == answers
    assert check_indexes([folder], MEANING) == []
    with opened(folder, settings=MEANING) as service:
        assert service.warnings == ()
        assert answers_of(service) == answers
        shared_workers().handed.clear()
        assert service.index().changed == 0
        assert shared_workers().handed == []


def test_a_sound_index_has_no_findings(folder: Path) -> None:
    assert check_indexes([folder], MEANING) == []


@pytest.mark.parametrize("harm", [delete, empty, halve, swap])
def test_harm_to_any_artifact_is_found_and_mended(
    folder: Path, answers: list[list[tuple[int, float]]], tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    sound = copied(folder, tmp_path / "sound" / "ws")
    for name in sorted(set(artifacts(sound)) - (twins(sound) if harm is swap else set())):
        shutil.rmtree(folder)
        copied(sound, folder)
        harm(folder / ".codeintel" / name)
        check(folder, answers, {name, name.partition("/")[0]})


def twins(folder: Path) -> set[str]:
    """Artifacts that have the content of another one."""
    names = list(artifacts(folder))
    contents = [(folder / ".codeintel" / name).read_bytes() for name in names]
    return {name for name, content in zip(names, contents, strict=True) if contents.count(content) > 1}


def test_harm_to_one_of_two_equal_parts_is_found_and_mended(
    folder: Path, answers: list[list[tuple[int, float]]]
) -> None:
    name = max(name for name in twins(folder) if "delta" in name)
    swap(folder / ".codeintel" / name)
    check(folder, answers, {name})


@pytest.mark.parametrize("harm", [delete, empty])
def test_harm_to_a_guard_costs_nothing(
    folder: Path, answers: list[list[tuple[int, float]]], harm: Callable[[Path], None]
) -> None:
    for path in list((folder / ".codeintel").rglob("*")):
        if path.name in GUARDS:
            harm(path)
    with opened(folder, settings=MEANING) as service:
        service.index()
        assert answers_of(service) == answers
    assert check_indexes([folder], MEANING) == []


def test_every_file_of_an_index_is_vouched_for_or_a_guard(folder: Path) -> None:
    """So that the damage above is damage to everything."""
    known = set(artifacts(folder))
    index = folder / ".codeintel"
    live = {path.relative_to(index).as_posix() for path in index.rglob("*") if path.is_file()}
    strangers = {name for name in live - known if Path(name).name not in GUARDS}
    superseded = {
        name for name in strangers if name.endswith(".parquet")
    }  # kept for readers, for their grace
    assert strangers - superseded <= {"lexical/.managed.json", CATALOG_NAME}
    assert known <= live


@pytest.mark.parametrize("table", ["chunks", "files", "faiss_idmap", "lexical", "vectors"])
def test_a_lost_folder_is_found_and_mended(
    folder: Path, answers: list[list[tuple[int, float]]], table: str
) -> None:
    lost = {name for name in artifacts(folder) if name.startswith(f"{table}/")}
    shutil.rmtree(folder / ".codeintel" / table)
    check(folder, answers, lost)


def test_a_lost_index_is_built_again(folder: Path, answers: list[list[tuple[int, float]]]) -> None:
    shutil.rmtree(folder / ".codeintel")
    assert [finding.artifact for finding in check_indexes([folder], MEANING)] == [MANIFEST_NAME]
    with indexed(folder, settings=MEANING) as service:
        assert service.warnings == ()
        assert answers_of(service) == answers


def test_strangers_in_the_folder_are_left_alone(folder: Path, answers: list[list[tuple[int, float]]]) -> None:
    stranger = folder / ".codeintel" / "my notes.txt"
    stranger.write_text("mine")
    with indexed(folder, settings=MEANING) as service:
        assert answers_of(service) == answers
    assert stranger.read_text() == "mine"


def reseal(folder: Path, **changes: object) -> bytes:
    """Change the manifest as this user's own codeintel would have written it; answers its new bytes."""
    from codeintel.catalog import manifest as manifests
    from codeintel.catalog.ownership import seal, user_secret

    path = folder / ".codeintel" / MANIFEST_NAME
    body = json.loads(path.read_text())["manifest"] | changes
    text = manifests._canonical(body)
    sealed = {"owner": seal(text, user_secret()), "digest": manifests.checksum(text), "manifest": body}
    path.write_text(json.dumps(sealed))
    return path.read_bytes()


def test_a_newer_layout_is_refused_and_left_untouched(folder: Path) -> None:
    written = reseal(folder, schema_version=99, readable_from=99, created_by="codeintel 99")
    for readonly in (False, True):
        with (
            pytest.raises(SchemaTooNew, match="written by codeintel 99"),
            opened(folder, settings=MEANING, readonly=readonly),
        ):
            pass
    (finding,) = check_indexes([folder], MEANING)
    assert "Upgrade codeintel" in finding.remedy
    assert (folder / ".codeintel" / MANIFEST_NAME).read_bytes() == written
    assert (folder / ".codeintel" / "chunks").is_dir()


def test_an_older_layout_is_built_again(folder: Path, answers: list[list[tuple[int, float]]]) -> None:
    reseal(folder, schema_version=0, readable_from=0)
    with opened(folder, settings=MEANING) as service:
        assert "old layout 0" in service.warnings[0]
        service.index()
        assert answers_of(service) == answers


def test_an_index_of_another_machine_is_built_again(
    folder: Path, answers: list[list[tuple[int, float]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user"))
    (finding,) = check_indexes([folder], MEANING)
    assert "made on another machine or shipped with the repository" in finding.problem
    with pytest.raises(IndexCorrupt), opened(folder, settings=MEANING, readonly=True):
        pass
    with opened(folder, settings=MEANING) as service:
        assert "made on another machine" in service.warnings[0]
        assert len(snapshot(service).chunks) == 0
        service.index()
        assert answers_of(service) == answers
    assert check_indexes([folder], MEANING) == []


def test_a_second_writer_is_refused_and_a_reader_is_not(
    folder: Path, answers: list[list[tuple[int, float]]]
) -> None:
    with opened(folder, settings=MEANING) as writer:
        with (
            pytest.raises(IndexLocked, match=f"written by process {os.getpid()}"),
            opened(folder, settings=MEANING),
        ):
            pass
        with opened(folder, settings=MEANING, readonly=True) as reader:
            assert answers_of(reader) == answers
            with pytest.raises(UsageError, match="reading only"):
                reader.index()
            write(folder, {"new.py": "class Unheard:\n    pass\n"})
            writer.index()
            assert answers_of(reader) == answers  # a reader keeps what it opened
        with opened(folder, settings=MEANING, readonly=True) as reader:
            assert ranking(reader, "Unheard")[0] == ranking(writer, "Unheard")[0]
    with opened(folder, settings=MEANING):
        pass


def test_checking_beside_a_writer_finds_nothing(folder: Path) -> None:
    with indexed(folder, settings=MEANING):
        assert check_indexes([folder], MEANING) == []


def test_a_reader_answers_from_a_damaged_index_and_leaves_it_alone(
    folder: Path, answers: list[list[tuple[int, float]]]
) -> None:
    for name in list(artifacts(folder)):
        if name.startswith("lexical/"):
            empty(folder / ".codeintel" / name)
    before = {path: path.stat().st_size for path in (folder / ".codeintel").rglob("*")}
    with opened(folder, settings=MEANING, readonly=True) as reader:
        assert answers_of(reader) == answers
    assert {path: path.stat().st_size for path in (folder / ".codeintel").rglob("*")} == before
