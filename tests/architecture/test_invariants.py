"""The invariants of the architecture, each held by a test of its name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.search.searcher import Searcher, SearchRequest
from codeintel.service import Service
from hostile_rules import HostileRules
from workspaces import MEANING, Texts, index_once, indexed, opened, ranking, shared_models, snapshot, write

TWIN = f"def step():\n    return '{'word ' * 200}'\n\n\n"
FILES: Texts = {
    "retry.py": "class Retry:\n    def backoff(self):\n        return 1\n",
    "twice.py": TWIN * 2,
    "docs/notes.md": "# Notes\n\nJobs wait.\n",
}
QUERIES = ["Retry backoff", "jobs wait", "lang:python"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "ws", FILES)


def answers(service: Service) -> list[list[tuple[int, float]]]:
    return [ranking(service, query) for query in QUERIES]


def test_the_workspace_is_the_truth_and_the_index_is_derived(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        before = answers(service)
    shutil.rmtree(folder / ".codeintel")
    with indexed(folder, settings=MEANING) as service:
        assert answers(service) == before


def test_one_id_in_every_table_and_engine(folder: Path) -> None:
    with indexed(folder, settings=MEANING) as service:
        now = snapshot(service)
        ids = now.chunks.ids().tolist()
        stored = service._indexes[0].store
        assert now.lexical.ids().tolist() == now.static.ids().tolist() == now.contextual.ids().tolist() == ids
        assert sorted(now.contextual.places(now.contextual.ids()).chunk_id.tolist()) == ids
        assert sorted(stored.read("chunks", ["id"]).column("id").to_pylist()) == ids
        assert sorted(stored.read("faiss_idmap").column("chunk_id").to_pylist()) == ids
        assert all(0 < chunk_id < 2**63 for chunk_id in ids)
        assert len(set(ids)) == len(ids) == len(list(now.chunks))
        twins = now.chunks.file("twice.py")
        assert twins is not None
        assert [chunk.content for chunk in twins.chunks] == [TWIN.rstrip() + "\n" * 3] * 2
        for file in now.chunks.files():
            hashes = [content_hash(chunk.content.encode()) for chunk in file.chunks]
            assert [chunk.id for chunk in file.chunks] == chunk_ids(file.row.uri, hashes)


def test_one_snapshot_per_query(folder: Path) -> None:
    """Who holds a snapshot sees what it was, whatever is indexed meanwhile."""
    searcher = Searcher(shared_models())
    with indexed(folder, settings=MEANING) as service:
        held = service._snapshots()
        before = [searcher.search(held, SearchRequest(query)).hits for query in QUERIES]
        write(folder, {"retry.py": "class Other:\n    pass\n", "new.py": "class Retry:\n    backoff = 1\n"})
        (folder / "twice.py").unlink()
        service.index()
        for query, hits in zip(QUERIES, before, strict=True):
            now = searcher.search(held, SearchRequest(query)).hits
            assert {hit.chunk for hit in now} <= {chunk for one in held for chunk in one.chunks}
            assert [hit.chunk.uri for hit in now][:1] == [hit.chunk.uri for hit in hits][:1]
        assert "new.py" in {hit.chunk.uri for hit in service.search(SearchRequest("Retry backoff")).hits}


def test_a_published_file_never_changes(folder: Path) -> None:
    def parts() -> dict[Path, tuple[int, bytes]]:
        found = (folder / ".codeintel").rglob("*.parquet")
        return {path: (path.stat().st_ino, path.read_bytes()) for path in found}

    with indexed(folder, settings=MEANING) as service:
        seen = parts()
        for number in range(4):
            write(folder, {"retry.py": f"class Retry{number}:\n    pass\n"})
            service.index()
            now = parts()
            assert {path: now[path] for path in seen if path in now} == {
                p: v for p, v in seen.items() if p in now
            }
            assert now.keys() - seen.keys()
            seen |= now


def test_the_explanation_is_the_ranking(sample: Service) -> None:
    for query in (
        "where are retries handled?",
        "TokenBucket",
        "lang:go pool",
        "kind:class",
        "tests of storage",
    ):
        for hit in sample.search(SearchRequest(query, 100)).hits:
            assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, abs=1e-6)


def test_a_crashing_parser_loses_one_file_and_not_the_server(folder: Path) -> None:
    write(folder, {"evil.py": "# CRASH\n"})
    with patch("codeintel.service.SkipRules", HostileRules), indexed(folder) as service:
        assert service.status().roots[0].skipped == {"crashed its parser": 1}
        assert service.status().roots[0].files == len(FILES)


def test_nothing_leaves_the_machine(folder: Path) -> None:
    """No connection but to processes of our own, no look-up of a name."""
    reached: list[object] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            address = arguments[1] if event == "socket.connect" else arguments[0]
            if not isinstance(address, str | bytes) or event == "socket.getaddrinfo":
                reached.append((event, address))

    sys.addaudithook(watch)
    try:
        with indexed(folder, settings=MEANING) as service:
            answers(service)
    finally:
        watching = False
    assert reached == []


def test_nothing_of_the_workspace_is_executed(folder: Path) -> None:
    proof = folder / "executed"
    write(folder, {"conftest.py": f"open({str(proof)!r}, 'w')\n", "setup.py": f"open({str(proof)!r}, 'w')\n"})
    write(folder, {".git/hooks/post-index-change": f"#!/bin/sh\ntouch {proof}\n"})
    (folder / ".git" / "hooks" / "post-index-change").chmod(0o755)
    index_once(folder, settings=MEANING)
    assert not proof.exists()


def test_no_result_lies_outside_the_roots(folder: Path, tmp_path: Path) -> None:
    outside = write(
        tmp_path / "outside",
        {"secret.py": "class Secret:\n    pass\n", "more/deep.py": "class Deep:\n    pass\n"},
    )
    (folder / "link.py").symlink_to(outside / "secret.py")
    (folder / "more").symlink_to(outside / "more")
    with indexed(folder, settings=MEANING) as service:
        hits = service.search(SearchRequest("class Secret Deep", 100)).hits
        assert {hit.chunk.uri for hit in hits} <= set(FILES)


def test_the_same_question_gives_the_same_answer_in_another_process(folder: Path) -> None:
    """As far as the service goes: two services over one index, one of them reading only."""
    with (
        indexed(folder, settings=MEANING) as writer,
        opened(folder, settings=MEANING, readonly=True) as reader,
    ):
        assert answers(writer) == answers(reader)
