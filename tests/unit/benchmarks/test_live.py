"""What the benchmarks of live updating type, wait for and conclude, without a server."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.live_document import WORD, Document
from benchmarks.live_edits import has_by_text
from benchmarks.live_parts import PartsWatch
from benchmarks.live_scale import STEPS, summary
from benchmarks.live_sources import TEMPLATES, Words, functions, lines_of_code
from benchmarks.live_targets import Target, spread
from benchmarks.live_typing import comparison

from codeintel.analysis.chunking import chunk
from codeintel.analysis.languages import language_of
from codeintel.workspace.documents import Change, OpenDocuments


class Listener:
    """A server that keeps what it is told the way the real one does."""

    def __init__(self) -> None:
        self.documents = OpenDocuments()

    def opened(self, path: Path, text: str, version: int) -> None:
        self.documents.open(path.as_uri(), version, text, "")

    def changed(self, path: Path, version: int, change: Any) -> None:
        start, end = (change["range"][name] for name in ("start", "end"))
        extent = ((start["line"], start["character"]), (end["line"], end["character"]))
        self.documents.change(path.as_uri(), version, [Change(extent, change["text"])], "utf-16")


@pytest.mark.parametrize("ending", list(TEMPLATES))
def test_the_server_has_what_was_typed_and_the_new_word_stands_where_it_says(
    tmp_path: Path, ending: str
) -> None:
    path, listener = tmp_path / f"a{ending}", Listener()
    path.write_text(functions(ending, 1, 3))
    document = Document(listener, path, random.Random(1), Words(1))  # type: ignore[arg-type]
    known: set[str] = set()
    for number in range(60):
        edit = document.type_letter() if number % 2 else document.type_word()
        held = listener.documents.get(path.as_uri())
        assert held is not None and held.in_step and held.text == document.text
        assert edit.word in WORD.findall(document.text.split("\n")[edit.line]) and edit.word not in known
        known.add(edit.word)


@pytest.mark.parametrize("ending", list(TEMPLATES))
def test_made_up_files_parse_and_give_a_chunk_for_each_function(ending: str) -> None:
    assert lines_of_code(ending, 3, 500).count("\n") == 500
    for seed in range(30):
        found = chunk(functions(ending, seed, 10), language_of(f"a{ending}"))
        assert (found.parse_status, len(found.spans)) == ("ok", 10)


def test_a_target_is_met_by_every_figure_that_it_names() -> None:
    assert spread([10.0, 20.0, 90.0], Target(p50=20, p95=90))["met"]
    assert not spread([10.0, 20.0, 90.0], Target(p50=20, p95=89))["met"]
    assert not spread([10.0, 21.0, 90.0], Target(p50=20))["met"]
    assert not spread([], Target(max=1))["met"]
    assert "met" not in spread([1.0])


def test_a_hit_counts_where_bm25_found_it_at_the_line() -> None:
    hit = {
        "range": {"start": {"line": 3}, "end": {"line": 9}},
        "contributions": [{"source": "dense"}, {"source": "bm25"}],
    }
    assert has_by_text(hit, 3) and has_by_text(hit, 9)
    assert not has_by_text(hit, 10)
    assert not has_by_text({**hit, "contributions": [{"source": "dense"}]}, 3)


def test_saved_text_is_looked_for_in_new_parts_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".codeintel"
    (folder / "chunks").mkdir(parents=True)
    parts: list[str] = []

    def publish(name: str, uri: str, content: str) -> None:
        pq.write_table(pa.table({"uri": [uri], "content": [content]}), folder / "chunks" / name)
        parts.append(name)
        manifest = {"parts": [{"table": "chunks", "name": part} for part in parts]}
        (folder / "manifest.json").write_text(json.dumps({"manifest": manifest}))

    publish("old.parquet", "a.py", "word")
    watch = PartsWatch(tmp_path)
    publish("other.parquet", "b.py", "word")
    with pytest.raises(TimeoutError):
        watch.wait_for("a.py", "word", 0.05)
    publish("new.parquet", "a.py", "a word")
    watch.wait_for("a.py", "word", 0.05)


def test_growth_is_judged_by_the_medians_of_whole_saves() -> None:
    def size(*saves: float) -> dict[str, Any]:
        return {"files": 1, "chunks": 1, **{name: spread(saves) for name in STEPS}}

    figures = summary({1_000: size(10, 10, 99), 10_000: size(12, 12, 12), 100_000: size(15, 15, 15)})
    assert figures["ratios"]["100000"]["save"] == pytest.approx(1.5)
    assert figures["met"]
    assert not summary({1_000: size(10.0), 10_000: size(16.0)})["met"]


def test_answers_are_the_same_if_hits_and_their_order_are() -> None:
    fresh = {"a": [("x.py", 1, 2, 0.5), ("y.py", 1, 2, 0.4)], "b": [("x.py", 1, 2, 0.5)]}
    ours = {**fresh, "b": [("x.py", 1, 2, 0.52)]}
    compared = comparison(ours, fresh)
    assert compared["equal"] and compared["largest_score_gap"] == pytest.approx(0.02)
    swapped = comparison({**ours, "a": fresh["a"][::-1]}, fresh)
    assert (swapped["equal"], swapped["same_hits"], swapped["different"]) == (False, 1, ["a"])
