"""After hundreds of random edits every table, and every view over it, is what a fresh build makes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from catalog_samples import PROVENANCE, errors, structures, tables
from test_views import assert_shows, everything, held_by, publish, source, stored

from codeintel.catalog import crowding, durable, folding, history
from codeintel.catalog.database import Database
from codeintel.catalog.schemas import TABLES
from codeintel.catalog.store import Store

EDITS = 300
DERIVED = {"faiss_idmap"}
"""Its numbers are places in an engine."""


@pytest.fixture(params=[1, 2])
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that gathering and folding happen often."""
    monkeypatch.setattr(folding, "LEAST_ROWS_PER_PART", 12)
    monkeypatch.setattr(folding, "PARTS_PER_TABLE", 5)
    monkeypatch.setattr(crowding, "MOST_SMALL_DELTAS", 4)
    monkeypatch.setattr(crowding, "LARGE_DELTA", 6)
    monkeypatch.setattr(crowding, "FEW_ROWS", 60)
    monkeypatch.setattr(history, "MOST_RECENT", 20)
    monkeypatch.setattr(durable.os, "fsync", lambda _: None)


def test_the_index_at_rest_equals_a_fresh_build(folder: Path, chance: random.Random) -> None:
    store, reader = Store.open(folder, PROVENANCE), None
    documents: dict[str, list[str]] = {}
    pending: set[str] = set()
    database = Database()
    for number in range(EDITS):
        _edit(store, documents, pending, chance, number)
        if store.needs_gathering and chance.random() < 0.5:
            store.gather()
        if store.needs_compaction and chance.random() < 0.5:
            store.compact()
        if number % 60 == 0:
            store.close()
            store = Store.open(folder, PROVENANCE)
        if number % 30 == 0:
            database.refresh([source(store)])
            assert_shows(database, held_by(store))
            assert [f for f in errors(store) if f.artifact not in DERIVED] == []
            reader = reader or Store.follow(folder)
            reader.refresh()
            assert_shows(database, held_by(reader))
    store.publish({}, structure=structures({uri: documents[uri] for uri in pending}))
    fresh = Store.in_memory(PROVENANCE)
    fresh.rebuild({**tables(documents, static=True), **structures(documents)})
    for table in set(TABLES) - DERIVED:
        assert stored(store.read(table)) == stored(fresh.read(table)), table
    store.reclaim()
    database.refresh([source(store)])
    for table in set(TABLES) - DERIVED:
        assert stored(store.read(table)) == stored(fresh.read(table)), table
    assert_shows(database, held_by(store))
    database.close()


def _edit(
    store: Store, documents: dict[str, list[str]], pending: set[str], chance: random.Random, number: int
) -> None:
    """Save, create or delete a few documents; the structure comes with the text, or later, or with others'."""
    uris = [f"{'ab'[n % 2]}/{n:02d}.py" for n in range(24)]
    chosen = chance.sample(uris, chance.randint(1, 3))
    kind = chance.choice(["both", "text", "structure", "delete"])
    if kind == "delete":
        gone = tuple(uri for uri in chosen if uri in documents)
        store.publish({}, gone, structure_removed=gone)
        for uri in gone:
            del documents[uri]
        pending.difference_update(gone)
    elif kind == "structure":
        store.publish({}, structure=structures({uri: documents[uri] for uri in pending}))
        pending.clear()
    else:
        changed = {uri: [f"{number}-{n}" for n in range(chance.randint(0, 4))] for uri in chosen}
        documents |= changed
        if kind == "both":
            publish(store, changed)
            pending.difference_update(changed)
        else:
            texts = {
                table: rows for table, rows in everything(changed).items() if TABLES[table].group == "text"
            }
            store.publish(texts, structure_removed=list(changed))
            pending.update(changed)
