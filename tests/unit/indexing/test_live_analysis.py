"""Live analysis: an open text gives what its file would give, whatever was typed before and whatever a parser does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from codeintel.errors import Cancelled
from codeintel.indexing import analysis as analysis_module
from codeintel.indexing.analysis import AnalysisRules, FileAnalysis, analyse_file
from codeintel.indexing.live_analysis import LiveAnalysis
from codeintel.indexing.live_documents import LiveDocuments
from codeintel.workspace.files import SourceFile
from codeintel.workspace.skipping import SkipRules
from hostile_rules import HostileRules
from workspaces import RULES, SAMPLE

HOSTILE = AnalysisRules(HostileRules(), 1_500)
GOOD = "def good():\n    return 1\n"
KEY = "file:///ws/a.py"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveAnalysis]:
    """One process that gives up on a text after a second."""
    analysis = LiveAnalysis(1.0)
    yield analysis
    analysis.close()


def there(uri: str = "a.py", folder: Path = Path("/ws")) -> SourceFile:
    return SourceFile(uri, folder / uri, 0, 1)


def saved(folder: Path, uri: str, text: str, rules: AnalysisRules) -> FileAnalysis:
    """What `analyse_file` gives for a file with this text."""
    path = folder / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    file = SourceFile(uri, path, path.stat().st_size, 1)
    found = analyse_file(file, rules)
    return replace(found, file=file)


TEXTS = [
    "",
    GOOD,
    "def broken(:\n",
    "# 漢字 😀\r\nx = 'é'\r\n",
    "\ufeffx = 1\n",
    "a\rb\r",
    GOOD * 200,
    "\0binary",
    "x" * 20_000,
]


@pytest.mark.parametrize("uri", ["a.py", "b.ts", "c.h", "notes.md", "data.bin", "go.sum", "gen/x.py"])
def test_each_text_of_a_document_gives_what_its_file_would_give(
    live: LiveAnalysis, tmp_path: Path, uri: str
) -> None:
    rules = AnalysisRules(SkipRules(max_bytes=15_000, exclude=("gen/",)), 400)
    texts = [*TEXTS, *reversed(TEXTS)]
    for text in texts:
        found = live.analyse(KEY, text, there(uri, tmp_path), rules)
        assert found == saved(tmp_path, uri, text, rules)
        assert found.file.size == len(text.encode())


@pytest.mark.parametrize(
    ("uri", "text", "reason"),
    [
        ("a.py", "x = 1\n" * 1000, "larger than 5 kB (6 kB)"),
        ("a.py", "\0", "binary (a zero byte within the first 8,192 bytes)"),
        ("gen/a.py", GOOD, "matches 'gen/' of the setting index.exclude"),
        ("yarn.lock", "a\n", "lock file written by a package manager"),
    ],
)
def test_the_unsaved_text_of_a_file_that_is_left_out_stays_out(
    live: LiveAnalysis, uri: str, text: str, reason: str
) -> None:
    rules = AnalysisRules(SkipRules(max_bytes=5_000, exclude=("gen/",)), 1_500)
    found = live.analyse(KEY, text, there(uri), rules)
    assert (found.skip_reason, found.content_hash, found.chunks) == (reason, None, ())


@pytest.mark.parametrize("opening", ["(", "(\n", "[{", "f(lambda: "])
def test_ten_thousand_nested_expressions_do_not_harm_the_process(
    live: LiveAnalysis, tmp_path: Path, opening: str
) -> None:
    for inside in ("1", "12"):
        text = "x = " + opening * 10_000 + inside + ")" * 10_000 + "\n"
        assert live.analyse(KEY, text, there(folder=tmp_path), RULES) == saved(tmp_path, "a.py", text, RULES)


def test_lone_surrogates_are_replaced(live: LiveAnalysis) -> None:
    (chunk,) = live.analyse(KEY, "x = '\ud83d'\n", there(), RULES).chunks
    assert chunk.content == "x = '\ufffd'\n"


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["retry", "pool"]), st.floats(0, 1), st.sampled_from(["x", "\n", "(", "é", "", "def f():\n"])
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@hypothesis_settings(deadline=None, max_examples=25)
@given(EDITS)
def test_what_is_kept_of_a_document_never_shows(edits: list[tuple[str, float, str]]) -> None:
    texts = {
        "retry": (SAMPLE / "courier" / "retry.py").read_text(),
        "pool": (SAMPLE / "agent" / "pool.go").read_text(),
    }
    uris = {"retry": "retry.py", "pool": "pool.go"}
    kept = LiveDocuments()
    for key, place, piece in edits:
        at = int(place * len(texts[key]))
        texts[key] = texts[key][:at] + piece + texts[key][at + (0 if piece else 9) :]
        data = texts[key].encode()
        alone = LiveDocuments().analyse(key, there(uris[key]), data, RULES)
        assert kept.analyse(key, there(uris[key]), data, RULES) == alone


def test_chunks_that_read_as_before_are_not_tokenised_again() -> None:
    text = "\n".join(f"def f{n}():\n    return {'n + ' * 80}1\n" for n in range(20))
    kept = LiveDocuments()
    before = kept.analyse(KEY, there(), text.encode(), RULES)
    assert len(before.chunks) > 5
    with patch.object(analysis_module, "terms", wraps=analysis_module.terms) as terms:
        after = kept.analyse(KEY, there(), text.replace("def f7(", "def renamed(").encode(), RULES)
    assert terms.call_count == 1
    assert "renamed" in terms.call_args.args[0]
    assert sum(chunk.content not in {one.content for one in before.chunks} for chunk in after.chunks) == 1


def test_what_is_kept_is_bounded_in_number_and_in_bytes() -> None:
    kept = LiveDocuments(most=3, most_bytes=100)
    for key in ("a", "b", "c", "a", "d"):
        kept.analyse(key, there(), b"x = 1\n", RULES)
    assert kept.keys() == ("c", "a", "d")
    kept.analyse("e", there(), b"x = 1\n" * 15, RULES)
    assert kept.keys() == ("d", "e")
    kept.analyse("f", there(), b"x = 1\n" * 20, RULES)
    assert kept.keys() == ()
    kept.analyse("g", there(), b"x = 1\n", RULES)
    kept.forget("g")
    kept.forget("never there")
    assert kept.keys() == ()


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("CRASH", "crashed its parser"),
        ("STALL", "took over 1 s to parse"),
        ("DEEP", "crashed its parser"),
        ("HUGE", "needed over 2 GB to parse"),
    ],
)
def test_a_hostile_text_is_left_out_and_the_next_is_analysed(
    live: LiveAnalysis, word: str, reason: str
) -> None:
    found = live.analyse(KEY, f"# {word}\n", there(), HOSTILE)
    assert (found.skip_reason, found.chunks, found.content_hash) == (reason, (), None)
    assert live.analyse("another", GOOD, there("b.py"), HOSTILE).chunks
    assert live.analyse(KEY, GOOD, there(), HOSTILE).chunks


def test_a_hostile_text_is_not_tried_again_until_it_differs(live: LiveAnalysis) -> None:
    first = live.analyse(KEY, "# STALL\n", there(), HOSTILE)
    started = time.perf_counter()
    assert live.analyse(KEY, "# STALL\n", there(), HOSTILE) == first
    assert time.perf_counter() - started < 0.5
    assert live.analyse(KEY, "# STAL\n", there(), HOSTILE).chunks
    assert live.analyse(KEY, "# STALL\n", there(), HOSTILE).skip_reason == first.skip_reason
    live.forget(KEY)
    assert live.analyse(KEY, "# STALL\n", there(), RULES).chunks


def test_a_crash_while_others_wait_costs_them_nothing(live: LiveAnalysis) -> None:
    texts = {f"{n}.py": "# CRASH\n" if n == 3 else GOOD for n in range(8)}
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda uri: live.analyse(uri, texts[uri], there(uri), HOSTILE), texts))
    assert [one.file.uri for one in found if one.skip_reason] == ["3.py"]
    assert all(one.chunks for one in found if one.file.uri != "3.py")


def test_a_process_killed_while_it_rests_is_replaced() -> None:
    """As by the system when memory runs out."""
    live = LiveAnalysis(5.0)
    try:
        for _ in range(2):
            assert live.analyse(KEY, GOOD, there(), RULES).chunks
            pool = live._processes._pool
            assert pool is not None
            for pid in list(pool._pool_manager.worker_manager.workers):
                os.kill(pid, signal.SIGKILL)
        assert live.analyse(KEY, GOOD, there(), RULES).chunks
    finally:
        live.close()


def test_closing_ends_an_analysis_and_there_are_no_more() -> None:
    live = LiveAnalysis(60.0)
    closing = threading.Timer(0.3, live.close)
    closing.start()
    with pytest.raises(Cancelled):
        live.analyse(KEY, "# STALL\n", there(), HOSTILE)
    closing.join()
    with pytest.raises(Cancelled):
        live.analyse(KEY, GOOD, there(), RULES)
    live.forget(KEY)
    live.close()


def test_nothing_is_started_before_the_first_text() -> None:
    live = LiveAnalysis(1.0)
    live.forget(KEY)
    assert not live._processes.started
    large = AnalysisRules(SkipRules(max_bytes=3), 1_500)
    assert live.analyse(KEY, GOOD, there(), large).skip_reason is not None
    assert not live._processes.started
    live.close()


def test_five_hundred_lines_come_back_at_typing_speed(live: LiveAnalysis) -> None:
    """Far above what it takes, so that a busy machine does not fail it: see the module for figures."""
    text = (SAMPLE / "courier" / "retry.py").read_text() * 8
    times = []
    for number in range(20):
        started = time.perf_counter()
        assert live.analyse(KEY, text + "#" * number + "\n", there(), RULES).chunks
        times.append(time.perf_counter() - started)
    assert sorted(times)[len(times) // 4] < 0.05
