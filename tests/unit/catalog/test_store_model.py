"""The store behaves like a dict of documents, in whatever order it is changed, folded and opened again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catalog_samples import PROVENANCE, chunks, errors, held, idmap, tables
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codeintel.catalog import crowding, folding, history
from codeintel.catalog.rows import chunks_of
from codeintel.catalog.store import Store

URIS = st.sampled_from(["a.py", "b/a.py", "b/b.py", "c.py", "ä.py", "z/🙂.py"])
DOCUMENTS = st.dictionaries(URIS, st.lists(st.sampled_from(["x\n", "y = 1\n", "ü\n"]), max_size=4))


class StoreModel(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(folding, "LEAST_ROWS_PER_PART", 3)
        self.patch.setattr(crowding, "MOST_SMALL_DELTAS", 2)
        self.patch.setattr(crowding, "LARGE_DELTA", 4)
        self.patch.setattr(history, "MOST_RECENT", 6)
        self.temporary = tempfile.TemporaryDirectory()
        self.patch.setenv("XDG_STATE_HOME", self.temporary.name)
        self.folder = Path(self.temporary.name) / ".codeintel"
        self.stores = [Store.open(self.folder, PROVENANCE), Store.in_memory(PROVENANCE)]
        self.documents: dict[str, list[str]] = {}
        self.embedded: set[int] = set()
        self.unmapped: set[str] = set()
        self.reader = Store.follow(self.folder)
        self.followed: dict[str, list[str]] = {}

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.patch.undo()
        self.temporary.cleanup()

    @rule(changed=DOCUMENTS, removed=st.lists(URIS, max_size=2))
    def publish(self, changed: dict[str, list[str]], removed: list[str]) -> None:
        rows = idmap([chunk for uri in changed for chunk in chunks(uri, changed[uri])])
        for store in self.stores:
            store.publish({**tables(changed), "faiss_idmap": rows}, removed)
        for uri in removed:
            self.documents.pop(uri, None)
        self.unmapped -= {*changed, *removed}
        self._forget_vectors({*changed, *removed})
        self.documents.update(changed)

    @rule(documents=DOCUMENTS)
    def rebuild(self, documents: dict[str, list[str]]) -> None:
        for store in self.stores:
            store.rebuild(tables(documents))
        self.documents = dict(documents)
        self.embedded = set()
        self.unmapped = set(documents)

    @rule(data=st.data())
    def fill(self, data: st.DataObject) -> None:
        current = self._ids()
        ids = data.draw(st.lists(st.sampled_from([*current, 1, 2]), unique=True, max_size=6))
        for store in self.stores:
            store.fill(
                "embedding", np.array(ids, np.int64), np.array([_vector(i) for i in ids]).reshape(-1, 4)
            )
        self.embedded |= set(ids) & set(current)

    @rule()
    def compact(self) -> None:
        for store in self.stores:
            store.compact()
            assert not store.manifest.history.changed
            assert not store.manifest.of("chunks", "delta")

    @rule()
    def gather(self) -> None:
        for store in self.stores:
            store.gather()
            assert len(store.manifest.of("chunks", "delta")) <= 3 * 2

    @rule()
    def reclaim(self) -> None:
        for store in self.stores:
            store.reclaim()

    @rule()
    def rewrite_the_id_map(self) -> None:
        uris = list(self.documents)
        rows = idmap([chunk for uri in uris for chunk in chunks(uri, self.documents[uri])])
        for store in self.stores:
            store.rewrite("faiss_idmap", rows)
        self.unmapped = set()

    @rule()
    def follow(self) -> None:
        """A reader that reads only what it is told has changed holds what the writer holds."""
        reader, manifest = self.reader, self.reader.manifest
        reader.refresh()
        told = reader.changes_since(manifest)
        if told is None:
            self.followed = held(reader)
        else:
            for uri in told:
                self.followed.pop(uri, None)
            files = reader.read("files", ["uri"], told).column("uri").to_pylist()
            self.followed |= {uri: [] for uri in files}
            for chunk in chunks_of(reader.read("chunks", None, told)):
                self.followed[chunk.uri].append(chunk.content)
        assert self.followed == self.documents

    @rule()
    def open_again(self) -> None:
        self.stores[0].close()
        self.stores[0] = Store.open(self.folder, PROVENANCE)

    @rule()
    def collect(self) -> None:
        for store in self.stores:
            store.gc(grace=0)

    @invariant()
    def holds_the_documents(self) -> None:
        for store in self.stores:
            assert held(store) == self.documents
            for uri in ("b/b.py", "c.py"):
                rows = store.read("chunks", ["content"], frozenset({uri}))
                assert rows.column("content").to_pylist() == self.documents.get(uri, [])

    @invariant()
    def holds_the_vectors(self) -> None:
        for store in self.stores:
            rows = store.read("chunks", ["embedding", "id"])
            for number, vector in zip(rows["id"].to_pylist(), rows["embedding"].to_pylist(), strict=True):
                assert vector == (_vector(number).tolist() if number in self.embedded else None)

    @invariant()
    def maps_the_documents(self) -> None:
        for store in self.stores:
            mapped = {row["uri"]: 0 for row in store.read("faiss_idmap", ["uri"]).to_pylist()}
            assert mapped.keys() == {uri for uri, found in self.documents.items() if found} - self.unmapped

    @invariant()
    def says_how_deeply_each_chunk_is_indexed(self) -> None:
        for store in self.stores:
            rows = store.read("chunks", ["id", "tier"])
            embedded = [int(number in self.embedded) for number in rows["id"].to_pylist()]
            assert rows["tier"].to_pylist() == embedded

    @invariant()
    def is_sound(self) -> None:
        found = errors(self.stores[0])
        assert [finding for finding in found if finding.artifact != "faiss_idmap"] == []

    def _ids(self) -> list[int]:
        found: list[Any] = self.stores[0].read("chunks", ["id"]).column("id").to_pylist()
        return found

    def _forget_vectors(self, uris: set[str]) -> None:
        rows = self.stores[1].read("chunks", ["id", "uri"]).to_pylist()
        self.embedded -= {row["id"] for row in rows if row["uri"] in uris}
        self.embedded &= {row["id"] for row in rows}


def _vector(number: int) -> np.ndarray[Any, Any]:
    return np.array([number % 97, 1, 2, 3], np.float32)


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
