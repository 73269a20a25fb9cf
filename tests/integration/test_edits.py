"""The index after any sequence of edits is the index that a fresh build of the same files would be."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.indexing.index_folders import check_indexes
from codeintel.service import Service
from codeintel.settings import Settings
from codeintel.snapshot import Snapshot
from workspaces import MEANING, indexed, opened, ranking, shared_models, snapshot

URIS = ["a.py", "b.py", "pkg/c.py", "pkg/d.md", "e.ts"]
METHODS = "".join(f"    def step_{n}(self):\n        return '{'word ' * 150}{n}'\n\n" for n in range(3))
BODIES = [
    "",
    "def retry():\n    return backoff(1)\n",
    "class Queue:\n    def put(self, job):\n        self.jobs.append(job)\n\n    def take(self):\n        pass\n",
    "# Notes\n\nRetry the queue.\n\n## More\n\nOf it.\n",
    "".join(f"def step_{n}():\n    return '{'word ' * 150}{n}'\n\n\n" for n in range(3)),
    "x\0y",
    *(f"class {name}:\n" + METHODS for name in ("Steps", "Stages")),
]
QUERIES = ["retry backoff", "queue job", "step_1", "lang:python word", "notes"]

TICKS = count(10**18)  # a new modification time for each write, however fast they follow each other

Edit = Callable[[Path], None]


def put(uri: str, body: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
        touch(path)

    return edit


def prepend(uri: str) -> Edit:
    """Insert a line above everything."""

    def edit(folder: Path) -> None:
        path = folder / uri
        if path.exists():
            path.write_text("\n" + path.read_text())
            touch(path)

    return edit


def rename(old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        if (folder / old).exists():
            (folder / new).parent.mkdir(parents=True, exist_ok=True)
            (folder / old).replace(folder / new)

    return edit


def delete(uri: str) -> Edit:
    return lambda folder: (folder / uri).unlink(missing_ok=True)


def touch(path: Path) -> None:
    tick = next(TICKS)
    if path.exists():
        os.utime(path, ns=(tick, tick))


URI = st.sampled_from(URIS)
EDIT = st.one_of(
    st.builds(put, URI, st.sampled_from(BODIES)),
    st.builds(prepend, URI),
    st.builds(rename, URI, URI),
    st.builds(delete, URI),
    st.builds(lambda uri: lambda folder: touch(folder / uri), URI),
)
ROUNDS = st.lists(st.lists(EDIT, max_size=4), min_size=1, max_size=4)


def contents(service: Service) -> dict[str, object]:
    """Everything by which two indexes of the same files must not differ."""
    now = snapshot(service)
    ids = now.chunks.ids()
    return {
        "chunks": sorted(now.chunks, key=lambda chunk: chunk.id),
        "files": sorted((file.row for file in now.chunks.files()), key=lambda row: row.uri),
        "lexical": now.lexical.ids().tolist(),
        "static": now.static.reconstruct(ids).tolist(),
        "contextual": (
            now.contextual.ids().tolist(),
            now.contextual.reconstruct(now.contextual.ids()).tolist(),
        ),
        "idmap": sorted(now.contextual.places(now.contextual.ids()).chunk_id.tolist()),
        "nearest": [nearest(now, query) for query in QUERIES],
        "matching": [sorted(now.lexical.search(terms(query), 1_000).ids.tolist()) for query in QUERIES],
        "hits": [sorted(hit for hit, _ in ranking(service, query, 1_000)) for query in QUERIES]
        if len(ids)
        else [],
    }


def nearest(now: Snapshot, query: str) -> list[int]:
    """The ten chunks nearest in meaning, best first."""
    return now.contextual.search(shared_models().encoder.encode_query(query), 10).ids.tolist()


def check(rounds: list[list[Edit]], options: Settings, *, reopen: bool) -> None:
    """Index after each round of edits, in one service or in one each; then compare with a fresh index."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ws"
        folder.mkdir()
        if reopen:
            for edits in rounds:
                apply(edits, folder)
                with indexed(folder, settings=options):
                    pass
            with opened(folder, settings=options) as service:
                edited = contents(service)
        else:
            with opened(folder, settings=options) as service:
                for edits in rounds:
                    apply(edits, folder)
                    service.index()
                edited = contents(service)
        assert check_indexes([folder], options) == []
        shutil.rmtree(folder / ".codeintel")
        with indexed(folder, settings=options) as service:
            fresh = contents(service)
        for what, value in fresh.items():
            assert edited[what] == value, what


def apply(edits: list[Edit], folder: Path) -> None:
    for edit in edits:
        edit(folder)


@given(rounds=ROUNDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edits_while_a_service_is_open(rounds: list[list[Edit]]) -> None:
    check(rounds, MEANING, reopen=False)


@given(rounds=ROUNDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edits_between_services(rounds: list[list[Edit]]) -> None:
    check(rounds, MEANING, reopen=True)


@pytest.mark.parametrize("reopen", [False, True])
def test_a_class_that_gets_another_name_changes_what_its_methods_are_known_by(reopen: bool) -> None:
    """Their text and so their ids stay; their breadcrumb, hence their terms and vectors, do not."""
    check([[put("a.py", BODIES[-2])], [put("a.py", BODIES[-1])]], MEANING, reopen=reopen)


def test_scores_forget_what_was_deleted(tmp_path: Path) -> None:
    """Words of deleted chunks seem commoner than they are, which moves BM25 and the shares of a query's words."""
    for uri in ("a.py", "b.py"):
        put(uri, BODIES[1])(tmp_path)
    with indexed(tmp_path) as service:
        put("a.py", "")(tmp_path)
        service.index()
        edited = ranking(service, "retry backoff")
    shutil.rmtree(tmp_path / ".codeintel")
    with indexed(tmp_path) as service:
        assert edited == ranking(service, "retry backoff")


def test_static_vectors_come_back_from_disk_as_they_were_made(tmp_path: Path) -> None:
    put("a.py", BODIES[1])(tmp_path)
    with indexed(tmp_path) as service:
        made = snapshot(service).static.reconstruct(snapshot(service).chunks.ids())
    with opened(tmp_path) as service:
        read = snapshot(service).static.reconstruct(snapshot(service).chunks.ids())
    assert np.array_equal(made, read)
