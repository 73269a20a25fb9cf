"""Whatever is typed, saved, renamed, deleted and reopened, in whatever order: the index is that of a fresh build."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from codeintel.catalog.schemas import tables_of
from codeintel.indexing.document_queue import Urgency
from codeintel.indexing.index_folders import check_indexes
from codeintel.indexing.token_lists import unlisted
from codeintel.models.folder import Models
from codeintel.models.outputs import Output, gives_outputs
from codeintel.models.passage import query_text
from codeintel.models.vectors import Vectors
from codeintel.search.searcher import SearchRequest
from codeintel.search.term_query import term_query
from codeintel.service import Service
from codeintel.settings import ChannelSettings, Settings
from codeintel.snapshot import Snapshot
from codeintel.symbol_table import DocumentSymbols
from lookup_model import lookup_models
from workspaces import MEANING, opened, shared_models

STEPS, RUNS = 60, 30
RUNS_OF_EVERY_CHANNEL = 15
LEAST_STEPS = 500  # of a whole test, which draws shorter runs as well

URIS = ["a.py", "b.py", "pkg/c.py", "pkg/deep/d.md", "e.ts"]
PIECES = [
    "def retry(times):\n    return backoff(times)\n\n\n",
    "class Queue:\n    def put(self, job):\n        self.jobs.append(job)\n\n"
    "    def take(self):\n        return self.jobs.pop()\n\n\n",
    "# Notes about the queue\n\nRetry what fails.\n\n",
    "def step_one():\n    return '" + "word " * 150 + "'\n\n\n",
    "def step_two():\n    return '" + "other " * 150 + "'\n\n\n",
    "export function retryAll(jobs: Job[]) {\n  return jobs.map(retry);\n}\n\n",
    "class Broken(:\n    def oops(\n\n",
    "é = '😀'\n",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
URI = st.sampled_from(URIS)
QUERIES = ["retry backoff", "queue job", "step one word", "notes about what fails", "lang:python retry"]

TICKS = count(10**18)  # a new modification time for each write, however fast they follow each other


class RememberingEncoder:
    """The embedded encoder, which encodes no text twice: hundreds of fresh builds would take minutes."""

    reads_path = False

    def __init__(self) -> None:
        self._encoder = shared_models().encoder
        self._known: dict[str, Vectors] = {}
        self.model_id, self.dim = self._encoder.model_id, self._encoder.dim
        self.max_tokens = self._encoder.max_tokens
        self.encode_query, self.token_shares = self._encoder.encode_query, self._encoder.token_shares

    def encode(self, texts: Sequence[str], _cancelled: object = None) -> Vectors:
        missing = list(dict.fromkeys(text for text in texts if text not in self._known))
        if missing:
            self._known.update(zip(missing, self._encoder.encode(missing), strict=True))
        return (
            np.stack([self._known[text] for text in texts]) if texts else np.empty((0, self.dim), np.float32)
        )


MODELS = Models(RememberingEncoder(), shared_models().static)

EVERY_CHANNEL = replace(MEANING, channels=ChannelSettings("wide", splade=True))
SMALL = {
    "codeintel.indexing.token_lists.LISTED_CHUNKS": 1,
    "codeintel.engines.late_view.PROPOSED": 1,
    "codeintel.engines.ragged_view.MANY_SEGMENTS": 2,
    "codeintel.engines.sparse.FOLD_ROWS": 2,
}
"""Bounds that a workspace of a few chunks would never reach."""


@cache
def every_output() -> Models:
    """An encoder that gives token vectors and term weights, quick enough to need no memory."""
    return replace(lookup_models(Path(tempfile.mkdtemp())), wanted=frozenset(Output))


def outputs(now: Snapshot, models: Models) -> dict[str, object]:
    """What late interaction and term weights search, and what they find; {} where they are off.

    Through lists, which are an index's own, only the scores must be the same: of equal ones any chunk may be meant.
    """
    if not now.outputs or now.late is None or not gives_outputs(models.encoder):
        return {}
    found: dict[str, object] = {}
    for output, view in now.outputs.items():
        ids = view.ids()
        found[f"{output} ids"] = ids.tolist()
        found[f"{output} rows"] = [row.tobytes() for row in view.rows(ids) if row is not None]
    base = now.impacts.folded().base
    for name in ("ids", "terms", "starts", "rows", "impacts"):
        found[f"postings {name}"] = getattr(base, name).tolist()
    for query in QUERIES:
        encoded = models.encoder.encode_query_outputs(query)
        near = now.late.search(encoded.tokens[0], 100)
        found[f"late {query}"] = list(zip(near.ids.tolist(), near.scores.tolist(), strict=True))
        found[f"listed {query}"] = now.late.search(encoded.tokens[0], 3).scores.tolist()
        asked = term_query(models.encoder, encoded.terms[0], query_text(query))
        weighed = now.impacts.search(asked.query, 100)
        found[f"sparse {query}"] = list(zip(weighed.ids.tolist(), weighed.scores.tolist(), strict=True))
    return found


def contents(now: Snapshot, search: Service, *, with_rows: bool = True) -> dict[str, object]:
    """Everything by which two indexes of the same files must not differ; times and the root's name may."""
    ids = now.chunks.ids()
    chunks = sorted((chunk for chunk in now.chunks), key=lambda chunk: chunk.id)
    files = sorted(
        (
            file.row.uri,
            file.row.lang,
            file.row.lines,
            file.row.chunks,
            file.row.skip_reason,
            file.row.parse_status,
        )
        for file in now.chunks.files()
    )
    tops = []
    for query in QUERIES if len(ids) else ():
        hits = search._searcher.search([now], SearchRequest(query, 10, explain=False)).hits
        tops.append([(hit.chunk.id, round(hit.score, 5)) for hit in hits])
    return {
        "chunks": [
            (c.id, c.uri, c.start_line, c.end_line, c.start_byte, c.end_byte, c.content, c.kind)
            for c in chunks
        ],
        "names": [(c.id, c.breadcrumb, c.symbols, c.lang) for c in chunks],
        "files": files if with_rows else None,
        "lexical": now.lexical.ids().tolist(),
        "static": now.static.reconstruct(ids).tolist(),
        "contextual ids": now.contextual.ids().tolist(),
        "contextual": now.contextual.reconstruct(ids).tolist()
        if len(now.contextual) == len(ids)
        else "incomplete",
        "top ten": tops,
        "symbols": {uri: by_place(now.symbols.of(uri)) for uri in sorted(now.symbols.uris())},
        "structured": (now.structured, now.documents) if with_rows else None,
        **outputs(now, search._models),
    }


def by_place(symbols: DocumentSymbols | None) -> object:
    """A document's symbols; those of one place, such as a module and its first definition, have no order."""
    if symbols is None:
        return None
    rows = zip(symbols.starts, symbols.names, symbols.norms, symbols.definitions, strict=True)
    return symbols.content_hash, sorted(rows)


def tables(service: Service) -> dict[str, list[object]]:
    """The rows of the structure tier on disk; concrete nodes of a text that cannot be parsed are of an earlier one."""
    store = service._indexes[0].store
    rows = {table: store.read(table).to_pylist() for table in tables_of("structure")}
    rows["cst_nodes"] = [row for row in rows["cst_nodes"] if not row["stale"]]
    return {table: sorted(found, key=repr) for table, found in rows.items()}


class LiveIndex(RuleBasedStateMachine):
    """One service and a model of it: what is on disk, and what is open with other text."""

    steps: ClassVar = 0
    settings: ClassVar[Settings] = MEANING
    bounds: ClassVar[dict[str, int]] = {}

    @property
    def models(self) -> Models:
        return MODELS

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.folder = self.place / "ws"
        self.folder.mkdir()
        self.unsaved: dict[str, str] = {}
        self.patches = ExitStack()
        for name, value in self.bounds.items():
            self.patches.enter_context(patch(name, value))

    @initialize()
    def begin(self) -> None:
        self.open()
        self.service.index()

    def open(self) -> None:
        self.context = opened(self.folder, settings=self.settings, models=self.models)
        self.service = self.context.__enter__()

    @invariant()
    def count(self) -> None:
        type(self).steps += 1

    @invariant()
    def what_reads_as_its_file_is_not_unsaved(self) -> None:
        """An editor reloads a document without changes of its own when its file changes, and so does the index."""
        if hasattr(self, "service"):
            state = self.service._indexes[0].state
            self.unsaved = {uri: text for uri, text in self.unsaved.items() if not state.reads(uri, text)}

    # what a person does ------------------------------------------------------------------------------------

    @rule(uri=URI, text=TEXT)
    def types(self, uri: str, text: str) -> None:
        self.unsaved[uri] = text
        self.service.edit(self.folder / uri, text)

    @rule(uri=URI)
    def types_a_line_above(self, uri: str) -> None:
        before = self.unsaved.get(uri, self.on_disk(uri))
        if before is not None:
            self.types(uri, "\n" + before)

    @rule(uri=URI)
    def saves(self, uri: str) -> None:
        if uri in self.unsaved:
            self.write(uri, self.unsaved.pop(uri))
            self.service.touch([self.folder / uri])

    @rule(uri=URI)
    def closes_without_saving(self, uri: str) -> None:
        self.unsaved.pop(uri, None)
        self.service.revert(self.folder / uri)

    # what other programs do --------------------------------------------------------------------------------

    @rule(uri=URI, text=TEXT, told=st.booleans())
    def another_program_writes(self, uri: str, text: str, told: bool) -> None:
        self.write(uri, text)
        if told:
            self.service.touch([self.folder / uri])

    @rule(old=URI, new=URI)
    def renames(self, old: str, new: str) -> None:
        if (self.folder / old).exists():
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / old).replace(self.folder / new)
            self.service.touch([self.folder / old, self.folder / new])

    @rule(uri=URI, told=st.booleans())
    def deletes(self, uri: str, told: bool) -> None:
        (self.folder / uri).unlink(missing_ok=True)
        if told:
            self.service.touch([self.folder / uri])

    @rule()
    def deletes_a_folder(self) -> None:
        shutil.rmtree(self.folder / "pkg", ignore_errors=True)
        self.service.touch([self.folder / "pkg"])

    # what the server does between ---------------------------------------------------------------------------

    @rule()
    def encodes(self) -> None:
        self.service.encode_some()

    @rule(at_least=st.sampled_from(Urgency))
    def finds_structure(self, at_least: Urgency) -> None:
        self.service.structure_some(at_least=at_least)

    @rule(with_vectors=st.booleans())
    def publishes(self, with_vectors: bool) -> None:
        self.service.publish(with_vectors=with_vectors)

    @rule()
    def keeps_up(self) -> None:
        self.service.upkeep()

    @rule()
    def compares_everything(self) -> None:
        self.service.compare()

    @rule()
    def reopens(self) -> None:
        self.context.__exit__(None, None, None)
        self.open()
        for uri, text in self.unsaved.items():
            self.service.edit(self.folder / uri, text)

    # what must hold ----------------------------------------------------------------------------------------

    @precondition(lambda self: self.unsaved)
    @rule()
    def unsaved_text_is_searched_as_if_it_were_saved(self) -> None:
        self.settle()
        shown = contents(self.service._snapshots()[0], self.service, with_rows=False)
        files = {**self.saved(), **self.unsaved}
        self.equals_fresh(shown, files, with_rows=False, but=("top ten",))

    @rule()
    def nothing_of_unsaved_text_is_on_disk(self) -> None:
        self.settle()
        assert check_indexes([self.folder], self.settings) == []
        with opened(self.folder, settings=self.settings, models=self.models, readonly=True) as reader:
            reader.load_structure()
            shown = {**contents(reader._snapshots()[0], reader), **tables(reader)}
        self.equals_fresh(shown, self.saved())

    def teardown(self) -> None:
        try:
            if hasattr(self, "service"):
                self.settle()
                self.unsaved.clear()
                for uri in URIS:
                    self.service.revert(self.folder / uri)
                shown = {**contents(self.service._snapshots()[0], self.service), **tables(self.service)}
                self.equals_fresh(shown, self.saved())
        finally:
            if hasattr(self, "context"):
                self.context.__exit__(None, None, None)
            self.patches.close()
            shutil.rmtree(self.place, ignore_errors=True)

    def settle(self) -> None:
        """Let the server do all that it would do in a quiet second."""
        self.service.compare()
        self.service.load_structure()  # nothing waits for any after a restart, so that nothing else would
        while self.service.encode_some() or self.service.structure_some():
            pass
        self.service.publish(with_vectors=True)
        self.service.upkeep()

    def equals_fresh(
        self,
        shown: dict[str, object],
        files: dict[str, str],
        *,
        with_rows: bool = True,
        but: Sequence[str] = (),
    ) -> None:
        fresh_folder = self.place / "fresh" / self.folder.name  # symbols have the folder's name in them
        shutil.rmtree(fresh_folder, ignore_errors=True)
        for uri, text in files.items():
            (fresh_folder / uri).parent.mkdir(parents=True, exist_ok=True)
            (fresh_folder / uri).write_text(text, newline="")
        fresh_folder.mkdir(parents=True, exist_ok=True)
        with opened(fresh_folder, settings=self.settings, models=self.models) as service:
            service.index()
            fresh = contents(service._snapshots()[0], service, with_rows=with_rows)
            fresh |= tables(service) if with_rows else {}
        for what, value in fresh.items():
            if what not in but:
                assert shown[what] == value, what

    def saved(self) -> dict[str, str]:
        return {uri: text for uri in URIS if (text := self.on_disk(uri)) is not None}

    def on_disk(self, uri: str) -> str | None:
        path = self.folder / uri
        return path.read_bytes().decode() if path.exists() else None

    def write(self, uri: str, text: str) -> None:
        path = self.folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        tick = next(TICKS)
        os.utime(path, ns=(tick, tick))


class LiveIndexOfEveryChannel(LiveIndex):
    """The same with late interaction, its lists, and term weights."""

    steps: ClassVar = 0
    settings: ClassVar[Settings] = EVERY_CHANNEL
    bounds: ClassVar[dict[str, int]] = SMALL

    @property
    def models(self) -> Models:
        return every_output()

    @rule(query=st.sampled_from(QUERIES))
    def encodes_what_an_answer_lacks(self, query: str) -> None:
        if len(self.service._snapshots()[0].chunks):
            self.service.encode_first(self.service.search(SearchRequest(query)).uncompared)

    def settle(self) -> None:
        super().settle()
        assert not unlisted(self.service._indexes[0].state.saved)


def check(machine: type[LiveIndex], runs: int) -> None:
    machine.steps = 0
    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ],
    )
    run_state_machine_as_test(machine, settings=chosen)
    assert machine.steps >= LEAST_STEPS * runs // RUNS


def test_the_index_is_always_that_of_a_fresh_build() -> None:
    check(LiveIndex, RUNS)


def test_token_vectors_and_term_weights_are_always_those_of_a_fresh_build() -> None:
    check(LiveIndexOfEveryChannel, RUNS_OF_EVERY_CHANNEL)
