"""Indexing a folder: only what changed is read, what did not keeps its id and vectors, and a cancel loses nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from codeintel.errors import Cancelled, IndexTrouble
from codeintel.indexing.reports import IndexReport
from codeintel.indexing.root_index import ENCODE_BATCH
from codeintel.indexing.workers import BATCH_FILES
from codeintel.search.searcher import SearchRequest
from codeintel.service import Service
from codeintel.tiers import Tier
from codeintel.workspace.discovery import discover
from codeintel.workspace.files import Discovery, SkippedFile
from hostile_rules import HostileRules
from workspaces import MEANING, find, indexed, opened, settings, shared_workers, snapshot, write

LONG = "".join(f"def step_{n}():\n    return '{'word ' * 150}{n}'\n\n\n" for n in range(4))
FILES = {
    "long.py": LONG,
    "queue.py": "class Queue:\n    def put(self, job):\n        pass\n",
    "notes.md": "# Notes\n\nSome.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


def check(service: Service, *, read: set[str], changed: int = 0, removed: int = 0) -> IndexReport:
    """Index, and compare which files were handed to the workers with what is reported."""
    shared_workers().handed.clear()
    report = service.index()
    assert set(shared_workers().handed) == read
    assert (report.changed, report.removed) == (changed, removed)
    return report


def ids_of(service: Service, uri: str) -> list[int]:
    file = snapshot(service).chunks.file(uri)
    return [chunk.id for chunk in file.chunks] if file else []


def vectors_of(service: Service, ids: list[int]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """The contextual and the static vectors of `ids`."""
    return snapshot(service).contextual.reconstruct(ids), snapshot(service).static.reconstruct(ids)


@contextmanager
def same_vectors(service: Service, ids: list[int]) -> Iterator[None]:
    """Whatever happens inside, `ids` keep their vectors to the bit, and nothing of them is encoded again."""
    before = vectors_of(service, ids)
    yield
    for old, new in zip(before, vectors_of(service, ids), strict=True):
        assert np.array_equal(old, new)


def skip_reason(service: Service, uri: str) -> str | None:
    file = snapshot(service).chunks.file(uri)
    assert file is not None
    return file.row.skip_reason


def test_a_second_run_reads_nothing(folder: Path) -> None:
    with indexed(folder) as service:
        check(service, read=set())
    with opened(folder) as service:
        report = check(service, read=set())
        assert (report.files, report.chunks, report.encoded) == (3, len(snapshot(service).chunks), 0)


def test_a_change_gives_new_ids_to_the_changed_chunks_only(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        before = ids_of(service, "long.py")
        kept = [*before[:1], *before[2:], *ids_of(service, "queue.py")]
        assert len(before) == 4
        with same_vectors(service, kept):
            write(folder, {"long.py": LONG.replace("def step_1", "def other_1")})
            report = check(service, read={"long.py"}, changed=1)
        after = ids_of(service, "long.py")
        assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, True]
        assert report.encoded == 1


def test_lines_inserted_above_a_chunk_keep_its_id_and_vector(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        before = ids_of(service, "long.py")
        with same_vectors(service, before[1:]):
            write(folder, {"long.py": "# one\n# two\n\n" + LONG})
            check(service, read={"long.py"}, changed=1)
        assert ids_of(service, "long.py")[-3:] == before[1:]
        chunk = snapshot(service).chunks.get(before[-1])
        assert chunk is not None
        assert (folder / "long.py").read_bytes()[chunk.start_byte : chunk.end_byte].decode() == chunk.content
        assert (folder / "long.py").read_text().splitlines()[chunk.start_line] == chunk.content.splitlines()[
            0
        ]


def test_a_renamed_file_has_its_new_path_only(folder: Path) -> None:
    with indexed(folder) as service:
        (folder / "queue.py").rename(folder / "jobs.py")
        check(service, read={"jobs.py"}, changed=1, removed=1)
        assert {uri for _, uri, _ in find(service, "class Queue put job")} >= {"jobs.py"}
        assert "queue.py" not in {uri for _, uri, _ in find(service, "class Queue put job")}


def test_a_deleted_file_is_gone(folder: Path) -> None:
    with indexed(folder) as service:
        (folder / "queue.py").unlink()
        check(service, read=set(), removed=1)
        assert ids_of(service, "queue.py") == []
        assert find(service, "path:queue.py") == []
    with opened(folder) as service:
        check(service, read=set())


def test_a_touched_file_is_read_once_and_has_not_changed(folder: Path) -> None:
    with indexed(folder) as service:
        before = ids_of(service, "queue.py")
        os.utime(folder / "queue.py", ns=(1, 10**18))
        check(service, read={"queue.py"})
        check(service, read=set())
        assert ids_of(service, "queue.py") == before
    with opened(folder) as service:
        check(service, read=set())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\1\2", "binary (a zero byte within the first 8,192 bytes)"),
        (b"x" * 1_000_001, "larger than 1 MB (1 MB)"),
    ],
)
def test_a_file_that_is_no_source_any_more_is_left_out_with_its_reason(
    folder: Path, content: bytes, reason: str
) -> None:
    with indexed(folder) as service:
        write(folder, {"queue.py": content})
        service.index()
        assert ids_of(service, "queue.py") == []
        assert skip_reason(service, "queue.py") == reason
        assert service.status().roots[0].skipped == {reason.partition(" (")[0]: 1}
        check(service, read=set())
        write(folder, {"queue.py": FILES["queue.py"]})
        check(service, read={"queue.py"}, changed=1)
        assert skip_reason(service, "queue.py") is None


def test_a_file_that_cannot_be_read_is_left_out_until_it_can(folder: Path) -> None:
    with indexed(folder) as service:
        os.utime(folder / "queue.py", ns=(1, 10**18))
        with patch("codeintel.indexing.root_index.discover", denied("queue.py")):
            service.index()
        assert skip_reason(service, "queue.py") == "cannot be read (Permission denied)"
        assert ids_of(service, "queue.py") == []
        check(service, read={"queue.py"}, changed=1)
        assert ids_of(service, "queue.py")


def denied(uri: str) -> Callable[..., Discovery]:
    """A discovery to which the file at `uri` is denied; root, who runs tests in containers, is denied nothing."""

    def found(*arguments: Any) -> Discovery:
        whole = discover(*arguments)
        lost = next(file for file in whole.files if file.uri == uri)
        skipped = SkippedFile(uri, lost.size, lost.mtime_ns, "cannot be read (Permission denied)")
        return Discovery(tuple(file for file in whole.files if file != lost), (skipped,))

    return found


def test_a_raised_size_limit_lets_a_large_file_in(folder: Path) -> None:
    write(folder, {"large.py": "x = 1\n" * 300})
    with indexed(folder, settings=settings(tier="text", max_file_bytes=1_000)) as service:
        assert skip_reason(service, "large.py") == "larger than 1 kB (1.8 kB)"
    with opened(folder) as service:
        shared_workers().handed.clear()
        service.index()
        assert "large.py" in shared_workers().handed
        assert ids_of(service, "large.py")


def test_an_exclude_takes_a_file_out_and_its_removal_brings_it_back(folder: Path) -> None:
    with indexed(folder):
        pass
    with indexed(folder, settings=settings(tier="text", exclude=("queue.py",))) as service:
        assert ids_of(service, "queue.py") == []
        assert skip_reason(service, "queue.py") == "matches 'queue.py' of the setting index.exclude"
    with indexed(folder) as service:
        assert ids_of(service, "queue.py")


def test_another_chunk_size_makes_the_index_anew(folder: Path) -> None:
    with indexed(folder) as service:
        before = len(ids_of(service, "long.py"))
    with opened(folder, settings=settings(tier="text", chunk_chars=300)) as service:
        assert service.warnings == (
            "ws: The models or the chunker have changed: what depends on them is made anew.",
        )
        check(service, read=set(FILES), changed=3)
        assert len(ids_of(service, "long.py")) > before


def test_named_files_are_read_whatever_their_time_and_no_others(folder: Path) -> None:
    with indexed(folder) as service:
        write(
            folder,
            {"queue.py": "class Pipe:\n    pass\n", "long.py": "x = 1\n", "new.py": "class New:\n    pass\n"},
        )
        shared_workers().handed.clear()
        report = service.index(paths=[folder / "queue.py", folder / "new.py"])
        assert sorted(shared_workers().handed) == ["new.py", "queue.py"]
        assert report.changed == 2
        assert len(ids_of(service, "long.py")) == 4
        (folder / "queue.py").unlink()
        assert service.index(paths=[folder / "queue.py"]).removed == 1
        assert ids_of(service, "queue.py") == []


def test_force_reads_everything_and_changes_nothing(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        before = snapshot(service).chunks.ids().tolist()
        shared_workers().handed.clear()
        report = service.index(force=True)
        assert set(shared_workers().handed) == set(FILES)
        assert (report.changed, report.encoded) == (0, 0)
        assert snapshot(service).chunks.ids().tolist() == before


def test_the_text_tier_comes_first_and_the_meaning_tier_later(folder: Path) -> None:
    with opened(folder, settings=MEANING) as service:
        report = service.index(until=Tier.TEXT)
        assert (report.tier, report.encoded, snapshot(service).coverage) == (Tier.TEXT, 0, 0.0)
        assert find(service, "queue put")
        report = service.index()
        assert (report.tier, report.encoded) == (Tier.MEANING, report.chunks)
        assert snapshot(service).coverage == 1.0


def test_a_cancel_while_reading_keeps_what_was_read(folder: Path) -> None:
    many = {f"f{n:03}.py": f"def f{n}():\n    pass\n" for n in range(100)}
    write(folder, many)
    stages: list[str] = []
    polls = iter([False, True])  # after the first batch

    with opened(folder) as service:
        with pytest.raises(Cancelled):
            service.index(
                report=lambda progress: stages.append(progress.stage),
                cancelled=lambda: bool(stages) and next(polls),
            )
        kept = {file.row.uri for file in snapshot(service).chunks.files()}
        assert len(kept) == BATCH_FILES
    with opened(folder) as service:  # what was kept is on disk
        assert {file.row.uri for file in snapshot(service).chunks.files()} == kept
        check(service, read={*FILES, *many} - kept, changed=103 - len(kept))


def test_a_cancel_while_encoding_keeps_what_was_encoded(folder: Path) -> None:
    write(folder, {f"f{n:03}.py": f"def f{n}():\n    pass\n" for n in range(ENCODE_BATCH)})
    stages: set[str] = set()
    polls = iter([False, True])  # after the first batch
    with opened(folder, settings=MEANING) as service:
        chunks = service.index(until=Tier.TEXT).chunks
        with pytest.raises(Cancelled):
            service.index(
                report=lambda progress: stages.add(progress.stage),
                cancelled=lambda: "Reading for meaning" in stages and next(polls),
            )
        assert len(snapshot(service).contextual) == ENCODE_BATCH
    with opened(folder, settings=MEANING) as service:
        assert len(snapshot(service).contextual) == ENCODE_BATCH
        assert service.index().encoded == chunks - ENCODE_BATCH


def test_a_file_that_crashes_its_parser_is_left_out_alone_and_not_tried_again(folder: Path) -> None:
    write(folder, {"evil.py": "# CRASH\n"})
    with patch("codeintel.service.SkipRules", HostileRules), opened(folder) as service:
        check(service, read={*FILES, "evil.py"}, changed=4)
        assert skip_reason(service, "evil.py") == "crashed its parser"
        assert find(service, "queue put")
        check(service, read=set())
        write(folder, {"evil.py": "class Good:\n    pass\n"})
        check(service, read={"evil.py"}, changed=1)
        assert skip_reason(service, "evil.py") is None


def test_chunks_that_were_added_are_found_by_every_channel_at_once(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        write(folder, {"zebra.py": "class ZebraCrossing:\n    pass\n"})
        service.index()
        (best, *_) = service.search(SearchRequest("ZebraCrossing")).hits
        assert best.chunk.uri == "zebra.py"
        assert {part.source for part in best.contributions} >= {"bm25", "dense", "definition"}


def test_a_failure_to_publish_is_made_good_by_the_next_run(folder: Path) -> None:
    with indexed(folder) as service:
        write(folder, {"queue.py": "class Pipe:\n    pass\n"})
        with (
            patch(
                "codeintel.catalog.folding.Draft.write_delta",
                side_effect=OSError(28, "No space left on device"),
            ),
            pytest.raises(IndexTrouble, match="could not be written"),
        ):
            service.index()
        assert find(service, "Pipe")[0][1] == "queue.py"
        service.index()
    with opened(folder) as service:
        assert find(service, "Pipe")[0][1] == "queue.py"
        check(service, read=set())


def test_saving_a_link_reads_the_file_it_leads_to(tmp_path: Path) -> None:
    """A link into an ignored folder of the root is indexed under its own name; a save names the link."""
    write(tmp_path, {".gitignore": "generated/\n", "generated/real.py": "def before():\n    return 1\n"})
    (tmp_path / "link.py").symlink_to(tmp_path / "generated" / "real.py")
    with indexed(tmp_path) as service:
        assert [hit.chunk.symbols for hit in service.search(SearchRequest("path:link.py")).hits] == [
            ("before",)
        ]
        (tmp_path / "generated" / "real.py").write_text("def afterwards():\n    return 2\n")
        service.index(paths=[tmp_path / "link.py"])
        assert [hit.chunk.symbols for hit in service.search(SearchRequest("path:link.py")).hits] == [
            ("afterwards",)
        ]
