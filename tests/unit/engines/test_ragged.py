"""Rows of differing length by chunk id: views say what a mapping would, wherever rows lie, also after a restart."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codeintel.engines.ragged_segment import Row, read_segment, write_segment
from codeintel.engines.ragged_view import RaggedView, live_segments
from codeintel.errors import IndexCorrupt

LAYOUT = np.dtype((np.int8, (3,)))
IDS = st.integers(1, 12)


def row(seed: int) -> Row:
    return np.full((seed % 4, 3), seed, LAYOUT.base)


def readings(rows: dict[int, Row]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Those of rows that differ, differ."""
    return np.array([10 * int(found.max(initial=0)) + len(found) for found in rows.values()], np.uint64)


class Rows(RuleBasedStateMachine):
    """A view beside a plain mapping, through every step that a segment's life has."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.view = RaggedView(LAYOUT)
        self.expected: dict[int, Row] = {}
        self.written: dict[int, Row] = {}
        self.files: list[str] = []

    @rule(removed=st.sets(IDS), added=st.dictionaries(IDS, st.integers(1, 9)))
    def change(self, removed: set[int], added: dict[int, int]) -> None:
        rows = {number: row(seed) for number, seed in added.items()}
        before, known = self.view, dict(self.expected)
        self.view = self.view.changed(sorted(removed), rows)
        self.expected = {i: r for i, r in self.expected.items() if i not in removed} | rows
        assert before.ids().tolist() == sorted(known)

    @rule()
    def capture(self) -> None:
        self.written = dict(self.view.added)

    @rule()
    def settle(self) -> None:
        if not self.written:
            return
        self.view = self.view.settled(self.segment(self.written), self.written)
        self.written = {}

    @rule(removed=st.sets(IDS))
    def merge(self, removed: set[int]) -> None:
        before, living = self.view, {}
        for held in before.held:
            ids = held.segment.ids[held.living()].tolist()
            living |= dict(zip(ids, before.rows(ids), strict=True))
        self.change(removed, {})
        self.view = self.view.merged([held.segment.name for held in before.held], self.segment(living))

    @rule()
    def reopen(self) -> None:
        """What lies in segments counts where it is of what the table reads as; the rest is lost."""
        segments = [held.segment for held in self.view.held]
        ids = np.array(sorted(self.expected), np.int64)
        wanted = readings({i: self.expected[i] for i in ids.tolist()})
        self.view = RaggedView(LAYOUT, tuple(live_segments(segments, ids, wanted)))
        self.expected = {i: r for i, r in self.expected.items() if self.view.holds([i])[0]}
        self.written = {}

    def segment(self, rows: dict[int, Row]):  # type: ignore[no-untyped-def]
        name = f"s{len(self.files)}.rows"
        self.files.append(name)
        ids = np.fromiter(rows, np.int64, len(rows))
        write_segment(self.folder / name, "model", LAYOUT, ids, readings(rows), list(rows.values()))
        return read_segment(self.folder, name, "model", LAYOUT)

    @invariant()
    def says_what_the_mapping_says(self) -> None:
        if not hasattr(self, "view"):
            return
        every = list(range(14))
        assert self.view.ids().tolist() == sorted(self.expected)
        assert len(self.view) == len(self.expected)
        assert self.view.holds(every).tolist() == [i in self.expected for i in every]
        for number, found in zip(every, self.view.rows(every), strict=True):
            wanted = self.expected.get(number)
            assert (found is None) == (wanted is None)
            assert wanted is None or np.array_equal(found, wanted)


TestRows = Rows.TestCase
TestRows.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    rows = {5: row(2), 1: row(3)}
    write_segment(tmp_path / "a.rows", "m", LAYOUT, np.array([5, 1]), readings(rows), list(rows.values()))
    return tmp_path


def test_a_segment_is_mapped_as_it_was_written(written: Path) -> None:
    segment = read_segment(written, "a.rows", "m", LAYOUT)
    assert segment.ids.tolist() == [1, 5]
    assert [segment.row(at).tolist() for at in (0, 1)] == [row(3).tolist(), row(2).tolist()]


def test_a_segment_of_another_model_or_form_is_refused(written: Path) -> None:
    with pytest.raises(IndexCorrupt, match="another model"):
        read_segment(written, "a.rows", "n", LAYOUT)
    with pytest.raises(IndexCorrupt, match="another model"):
        read_segment(written, "a.rows", "m", np.dtype((np.int8, (4,))))


@pytest.mark.parametrize("length", [0, 100, 300, -1])
def test_a_segment_that_is_cut_short_is_refused(written: Path, length: int) -> None:
    path = written / "a.rows"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(IndexCorrupt):
        read_segment(written, "a.rows", "m", LAYOUT)


def test_worn_and_many_small_segments_are_crowded(tmp_path: Path) -> None:
    view = RaggedView(LAYOUT)
    for number in range(10):
        rows = {200 * number + i: row(i % 4) for i in range(1, 150 if number == 0 else 3)}
        name = f"{number}.rows"
        ids = np.fromiter(rows, np.int64, len(rows))
        write_segment(tmp_path / name, "m", LAYOUT, ids, readings(rows), list(rows.values()))
        view = view.changed([], rows).settled(read_segment(tmp_path, name, "m", LAYOUT), rows)
        if number < 8:
            assert view.crowded() == ()
    assert [held.segment.name for held in view.crowded()] == [f"{number}.rows" for number in range(1, 10)]
    worn = RaggedView(LAYOUT, view.held[:1]).changed(range(1, 60), {})
    assert len(worn.crowded()) == 1
