"""Places that a query names: what is one, which frame comes first, and which files of a workspace they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.search.intent import intent_of
from codeintel.search.locations import (
    MAX_FILES,
    MAX_LOCATIONS,
    WHOLE_FILE,
    is_stack_trace,
    located,
    locations_of,
)
from workspaces import Texts, chunk_table

PYTHON = """Traceback (most recent call last):
  File "/srv/app/courier/worker.py", line 2, in run
    self.send("x")
  File "/srv/app/courier/client.py", line 1, in send
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
ValueError: bad "thing"
"""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("web_response.py", [("web_response.py", None)]),
        ("why does src/retry.py fail", [("src/retry.py", None)]),
        ("src/retry.py:12", [("src/retry.py", 12)]),
        ("./a/../b.rs:3:7", [("./a/../b.rs", 3)]),
        ("at foo (/app/lib/router.js:12:5)", [("/app/lib/router.js", 12)]),
        (r"at Object.<anonymous> (C:\app\index.ts:3:1)", [("C:/app/index.ts", 3)]),
        ("at com.x.Foo.bar(Foo.java:123)", [("Foo.java", 123)]),
        ("main.go:12 +0x1d", [("main.go", 12)]),
        ("panicked at src/main.rs:10:5:", [("src/main.rs", 10)]),
        ("#0 /var/www/App.php(123): foo()", [("/var/www/App.php", 123)]),
        ("in /x/File.cs:line 12", [("/x/File.cs", 12)]),
        ("from app.rb:10:in `foo'", [("app.rb", 10)]),
        ("styles/main.css line 33", [("styles/main.css", 33)]),
        ("x.php on line 3", [("x.php", 3)]),
        ("views.py#L10", [("views.py", 10)]),
        ("a.py a.py b.py:1 b.py:2", [("a.py", None), ("b.py", 1), ("b.py", 2)]),
        ("Client.send", []),
        ("std.unknown and e.g. this", []),
        ("https://example.org/z.py", []),
        ("run@app/worker.js:3:4", [("app/worker.js", 3)]),
        ("", []),
    ],
)
def test_paths_lines_and_frames_are_places(text: str, places: list[tuple[str, int | None]]) -> None:
    assert [(one.path, one.line) for one in locations_of(text)] == places


def test_the_frame_that_failed_comes_first_whichever_way_the_trace_runs() -> None:
    assert [one.name for one in locations_of(PYTHON)] == ["decoder.py:355", "client.py:1", "worker.py:2"]
    assert [one.name for one in locations_of("Error\n at a (x.js:1:1)\n at b (y.js:2:2)")] == [
        "x.js:1",
        "y.js:2",
    ]


def test_a_recursion_does_not_fill_a_query() -> None:
    frames = "\n".join(f"at f (deep/recursion.js:{line}:1)" for line in range(1, 500))
    assert len(locations_of(frames)) == MAX_LOCATIONS


@pytest.mark.parametrize(
    ("text", "pasted"),
    [
        (PYTHON, True),
        ("at a (x.js:1:1) at b (y.js:2:2)", True),
        ("x.js:1", False),
        ("a.py b.py", False),
        ("", False),
    ],
)
def test_a_trace_is_told_from_a_question(text: str, pasted: bool) -> None:
    assert is_stack_trace(text) is pasted


def test_models_and_bm25_read_names_of_files_without_folders_and_numbers() -> None:
    intent = intent_of(PYTHON)
    assert "decoder" in intent.terms and "raw_decode" in intent.identifiers and "worker" in intent.terms
    assert not {"usr", "lib", "srv", "355", "py", "traceback", "recent"} & {
        *intent.terms,
        *intent.identifiers,
    }
    assert intent.text.split()[:2] == ["worker,", "in"]
    assert intent_of("no place here").text == "no place here"


def places(texts: Texts, query: str) -> list[tuple[str, int, float]]:
    """Uri, first line from 1 and strength of what a query names."""
    found = located(chunk_table(texts).files(), locations_of(query))
    return [(one.chunk.uri, one.chunk.start_line + 1, round(one.strength, 3)) for one in found]


def test_a_trace_names_the_chunks_of_its_frames_within_the_workspace_the_failing_one_most() -> None:
    texts = {
        "courier/worker.py": "import a\nimport b\n",
        "courier/client.py": "import c\n",
        "decoder.py": "x = 1\n",
    }
    assert places({k: texts[k] for k in ("courier/worker.py", "courier/client.py")}, PYTHON) == [
        ("courier/client.py", 1, 1.0),
        ("courier/worker.py", 1, 0.707),
    ]


def test_a_line_means_the_chunk_that_has_it_and_one_beyond_the_end_the_last() -> None:
    body = "".join(f"    total = total + {number}  # counted\n" for number in range(40))
    texts = {"a.py": f"def one(total):\n{body}\n\ndef two(total):\n{body}"}
    starts = [start for _, start, _ in places(texts, "a.py")]
    assert len(starts) > 1
    assert places(texts, f"a.py:{starts[1] + 2}") == [("a.py", starts[1], 1.0)]
    assert places(texts, "a.py:99999") == [("a.py", starts[-1], 1.0)]
    assert places(texts, "a.py:0") == [("a.py", starts[0], 1.0)]


def test_a_file_without_a_line_is_meant_as_a_whole_and_less() -> None:
    assert places({"src/Retry.py": "x = 1\n", "src/other.py": "y = 1\n"}, "why does retry.py wait") == [
        ("src/Retry.py", 1, WHOLE_FILE)
    ]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/srv/build/pkg/mod.py:1", ["pkg/mod.py"]),  # the file is within the path
        ("mod.py:1", ["other/mod.py", "pkg/mod.py"]),  # the path is within both
        ("/x/pkg/mod.py:1", ["pkg/mod.py"]),  # and the longest agreement is meant
        ("site-packages/elsewhere/mod.py:1", []),  # a file of another project with the same name
        ("mod.pyi:1", []),
    ],
)
def test_a_path_of_another_machine_agrees_from_its_end(path: str, meant: list[str]) -> None:
    texts = {"pkg/mod.py": "x = 1\n", "other/mod.py": "y = 1\n", "pkg/nod.py": "z = 1\n"}
    assert sorted(uri for uri, _, _ in places(texts, path)) == meant


def test_a_name_that_many_files_have_says_nothing() -> None:
    texts = {f"p{number}/index.ts": f"export const x = {number};\n" for number in range(MAX_FILES + 1)}
    assert places(texts, "index.ts:1") == []
    assert places(texts, "p3/index.ts:1") == [("p3/index.ts", 1, 1.0)]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    for place in locations_of(text):
        start, end = place.span
        assert place.path in text[start:end].replace("\\", "/")
        assert place.line is None or place.line >= 0
