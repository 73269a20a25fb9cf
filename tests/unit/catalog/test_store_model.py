"""The store behaves like a dict of documents, in whatever order it is changed, folded and opened again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catalog_samples import PROVENANCE, errors, held, tables
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codeintel.catalog import folding
from codeintel.catalog.store import Store

URIS = st.sampled_from(["a.py", "b/a.py", "b/b.py", "c.py", "ä.py", "z/🙂.py"])
DOCUMENTS = st.dictionaries(URIS, st.lists(st.sampled_from(["x\n", "y = 1\n", "ü\n"]), max_size=4))


class StoreModel(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(folding, "LEAST_ROWS_PER_PART", 3)
        self.temporary = tempfile.TemporaryDirectory()
        self.patch.setenv("XDG_STATE_HOME", self.temporary.name)
        self.folder = Path(self.temporary.name) / ".codeintel"
        self.stores = [Store.open(self.folder, PROVENANCE), Store.in_memory(PROVENANCE)]
        self.documents: dict[str, list[str]] = {}
        self.embedded: set[int] = set()

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.patch.undo()
        self.temporary.cleanup()

    @rule(changed=DOCUMENTS, removed=st.lists(URIS, max_size=2))
    def publish(self, changed: dict[str, list[str]], removed: list[str]) -> None:
        for store in self.stores:
            store.publish(tables(changed), removed)
        for uri in removed:
            self.documents.pop(uri, None)
        self._forget_vectors({*changed, *removed})
        self.documents.update(changed)

    @rule(documents=DOCUMENTS)
    def rebuild(self, documents: dict[str, list[str]]) -> None:
        for store in self.stores:
            store.rebuild(tables(documents))
        self.documents = dict(documents)
        self.embedded = set()

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
            assert not store.manifest.changed
            assert not store.manifest.of("chunks", "delta")

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

    @invariant()
    def holds_the_vectors(self) -> None:
        for store in self.stores:
            rows = store.read("chunks", ["embedding", "id"])
            for number, vector in zip(rows["id"].to_pylist(), rows["embedding"].to_pylist(), strict=True):
                assert vector == (_vector(number).tolist() if number in self.embedded else None)

    @invariant()
    def says_how_deeply_each_chunk_is_indexed(self) -> None:
        for store in self.stores:
            rows = store.read("chunks", ["id", "tier"])
            embedded = [int(number in self.embedded) for number in rows["id"].to_pylist()]
            assert rows["tier"].to_pylist() == embedded

    @invariant()
    def is_sound(self) -> None:
        assert errors(self.stores[0]) == []

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
