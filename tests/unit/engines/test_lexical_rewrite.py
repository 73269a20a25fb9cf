"""What statistics count: deletions until a rewrite forgets them, in the writer and in who follows it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel.engines.lexical import LexicalDocument, LexicalIndex
from codeintel.errors import IndexLocked


def document(number: int, text: str = "word") -> LexicalDocument:
    return LexicalDocument(number, text.split(), ["symbol"], ["src"], ["main"])


def found(index: LexicalIndex, term: str) -> list[int]:
    return sorted(index.view().search([term], 1_000).ids.tolist())


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> LexicalIndex:
    return LexicalIndex.open(tmp_path / "lexical" if request.param == "disk" else None)


def numbered(start: int, stop: int) -> list[LexicalDocument]:
    return [document(number, f"word w{number} " * (1 + number % 50)) for number in range(start, stop)]


def statistics(index: LexicalIndex) -> tuple[int, list[float], list[tuple[int, float]]]:
    """Documents counted, mean lengths, and the scores of a search."""
    base, hits = index.view()._base, index.view().search(["word", "w7"], 40)
    return base.counted, base.mean_lengths.tolist(), list(zip(hits.ids.tolist(), hits.scores, strict=True))


def test_a_rewrite_gives_the_statistics_of_a_fresh_index(index: LexicalIndex) -> None:
    for start in range(1, 500, 100):
        index.replace(range(1, start, 2), numbered(start, start + 100))
        index.commit()
    index.replace([3], [document(9000, "staged")])
    before = index.view()
    held, ids = before.search(["word"], 20), before.ids()
    assert index.deleted > 0
    index.rewrite(numbered(1, 200))
    fresh = LexicalIndex.open(None)
    fresh.replace([], numbered(1, 200))
    fresh.commit()
    assert index.deleted == 0
    assert index.ids().tolist() == list(range(1, 200))
    assert statistics(index) == statistics(fresh)
    assert before.search(["word"], 20).scores.tolist() == held.scores.tolist()
    assert before.ids().tolist() == ids.tolist()
    index.replace([5], numbered(200, 220))
    index.commit()
    assert index.ids().tolist() == sorted({*range(1, 220)} - {5})


def test_the_order_and_number_of_commits_do_not_change_scores() -> None:
    found = []
    for size in (400, 90, 23, 10):  # one segment, several, and merged ones
        index = LexicalIndex.open(None)
        documents = numbered(1, 400)[:: -1 if size == 23 else 1]
        for start in range(0, 400, size):
            index.replace([], documents[start : start + size])
            index.commit()
        found.append(statistics(index))
    assert found[1:] == found[:-1]


def test_what_is_deleted_is_counted_until_its_segment_goes(index: LexicalIndex) -> None:
    assert index.deleted == 0
    index.replace([], numbered(1, 101))
    index.commit()
    assert index.deleted == 0
    index.replace([5, 7, 999], [document(9, "again")])
    index.commit()
    assert index.deleted == 3
    index.replace(range(1, 102), [document(500)])
    index.commit()
    assert index.deleted == 0  # nothing of the two segments lives
    index.replace([500], [])
    index.commit()
    assert index.deleted == 0


def test_of_several_documents_of_one_id_a_rewrite_keeps_the_last(index: LexicalIndex) -> None:
    index.replace([], [document(1, "old"), document(2, "old")])
    index.commit()
    index.rewrite([document(1, "first"), document(3, "kept"), document(1, "second")])
    assert index.ids().tolist() == [1, 3]
    assert [found(index, term) for term in ("old", "first", "kept", "second")] == [[], [], [3], [1]]


def test_a_rewrite_that_fails_leaves_what_was_committed(index: LexicalIndex) -> None:
    index.replace([], [document(1), document(2)])
    index.commit()

    def documents() -> Iterator[LexicalDocument]:
        yield document(3)
        raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        index.rewrite(documents())
    with pytest.raises(ValueError, match="-1"):
        index.rewrite([document(3), document(-1)])
    index.replace([], [document(4)])
    index.commit()
    assert index.ids().tolist() == [1, 2, 4]


KILLED_IN_A_REWRITE = """
import os, signal, sys
from pathlib import Path
from codeintel.engines import lexical
from codeintel.engines.lexical import LexicalDocument, LexicalIndex
from codeintel.errors import IndexLocked
lexical.WRITER_HEAP_BYTES = 15_000_000
index = LexicalIndex.open(Path(sys.argv[1]))
for start in (1, 101, 201):
    index.replace([], [LexicalDocument(number, ["word"]) for number in range(start, start + 100)])
    index.commit()
index.replace([150], [])
index.commit()
def documents():
    for number in range(1000, 4000):
        yield LexicalDocument(number, ["lost", *(f"w{number}x{other}" for other in range(300))])
    index._writer.garbage_collect_files()
    os.kill(os.getpid(), signal.SIGKILL)
index.rewrite(documents())
"""


def test_a_kill_in_a_rewrite_leaves_what_was_committed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_IN_A_REWRITE, str(tmp_path)]
    assert subprocess.run(command, check=False, timeout=240).returncode == -signal.SIGKILL
    assert len({path.name.partition(".")[0] for path in tmp_path.glob("*.term")}) > 3  # some were flushed
    with LexicalIndex.open(tmp_path) as index:
        assert len(found(index, "word")) == 299
        assert index.ids().tolist() == sorted({*range(1, 301)} - {150})
        index.rewrite([document(1)])
        assert index.ids().tolist() == [1]


def test_a_follower_sees_the_statistics_of_what_it_follows(tmp_path: Path) -> None:
    writer, follower = LexicalIndex.open(tmp_path), LexicalIndex.open(tmp_path)
    for documents in ([document(1, "word other")], numbered(2, 60)):
        writer.replace([], documents)
        writer.commit()
        follower.refresh()
        assert statistics(follower) == statistics(writer)
        unsaved = {"open": [document(77, "word w7")]}
        expected = writer.view().changed([], unsaved).search(["word", "w7"], 5)
        assert follower.view().changed([], unsaved).search(["word", "w7"], 5).scores.tolist() == (
            expected.scores.tolist()
        )
    writer.replace([2, 3], [])
    writer.commit()
    follower.refresh()
    assert follower.deleted == writer.deleted == 2
    with pytest.raises(IndexLocked, match=str(tmp_path)):
        follower.rewrite([])
    assert len(follower.ids()) == 57
