"""`indexctl search`: what people see, what machines read, and what each exit code means."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.project import ENVIRONMENT, FILES, INDEXCTL, Program
from codeintel.service import Service
from codeintel.settings import Settings

HIT_FIELDS = {"path", "startLine", "endLine", "score", "contributions"}
PART_FIELDS = {"source", "kind", "rank", "score", "weight", "contribution", "reason"}


def documents(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("indexed")
def test_a_hit_shows_its_place_its_telling_lines_and_its_reasons(indexctl: Program) -> None:
    run = indexctl("search", "try", "again", "after", "failure")
    assert run.code == 0
    first = run.out.split("\n\n")[0]
    assert "app/retry.py:" in first
    assert "4 │ def retry_with_backoff(call, attempts=5):" in first
    assert "similar meaning, rank 1" in first


@pytest.mark.usefixtures("indexed")
def test_a_pipe_gets_no_colour_no_links_and_whole_lines(indexctl: Program) -> None:
    run = indexctl("search", "retries", "--explain", "full")
    assert "\x1b" not in run.out
    assert "…" not in run.out


@pytest.mark.usefixtures("indexed")
def test_signals_show_every_part_and_full_adds_its_words(indexctl: Program) -> None:
    signals = indexctl("search", "retry", "attempts", "--explain", "signals").out
    full = indexctl("search", "retry", "attempts", "-e").out
    assert re.search(r"^ +bm25 +\+\d\.\d{3} █", signals, re.MULTILINE)
    assert not re.search(r"^ +\+\d+% ", signals, re.MULTILINE)
    assert re.search(r"^ +\+\d+% attempts  line \d+$", full, re.MULTILINE)


@pytest.mark.usefixtures("indexed")
def test_the_closing_line_says_how_complete_the_answer_is(indexctl: Program) -> None:
    closing = indexctl("search", "retry", "-n", "1").out.splitlines()[-1]
    assert re.fullmatch(
        r"1 hit of \d+ candidates · \d+ chunks, structure and meaning complete · [\d.]+ m?s", closing
    )


@pytest.mark.usefixtures("indexed")
def test_a_minus_before_a_qualifier_excludes_and_is_no_option(indexctl: Program) -> None:
    everything = indexctl("search", "retry", "--format", "json").out
    without = indexctl("search", "retry", "-path:tests", "--format", "json").out
    assert "tests/test_retry.py" in everything
    assert "tests/test_retry.py" not in without
    assert json.loads(without)["query"] == "retry -path:tests"


@pytest.mark.usefixtures("indexed")
def test_jsonl_has_the_documented_fields_and_contributions_that_sum_to_the_score(indexctl: Program) -> None:
    run = indexctl("search", "where are retries handled", "--format", "jsonl")
    (answer,) = documents(run.out)
    assert set(answer) == {"query", "hits", "tiers", "elapsedMs"}
    assert answer["tiers"] == {"text": 1.0, "structure": 1.0, "meaning": 1.0}
    assert answer["hits"]
    for hit in answer["hits"]:
        assert set(hit) == HIT_FIELDS
        assert hit["path"] in FILES
        assert 1 <= hit["startLine"] <= hit["endLine"] <= len(FILES[hit["path"]].splitlines())
        assert all(set(part) == PART_FIELDS for part in hit["contributions"])
        assert {part["kind"] for part in hit["contributions"]} <= {"channel", "prior"}
        assert hit["score"] == pytest.approx(sum(p["contribution"] for p in hit["contributions"]), abs=1e-6)


@pytest.mark.usefixtures("indexed")
def test_full_explanations_carry_the_words_and_their_bytes(indexctl: Program) -> None:
    run = indexctl("search", "attempts", "path:retry.py", "-path:tests", "-e", "--format", "jsonl")
    hits = documents(run.out)[0]["hits"]
    parts = [(hit, part) for hit in hits for part in hit["contributions"] if part["source"] == "bm25"]
    assert parts
    for hit, part in parts:
        for piece in part["evidence"]:
            text = FILES[hit["path"]].encode()[piece["startByte"] : piece["endByte"]].decode()
            assert piece["text"] in text.lower()


def test_many_queries_are_answered_in_order_and_a_bad_one_costs_only_itself(
    indexctl: Program, indexed: Path, tmp_path: Path
) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text(
        '\ufeffbrightness of a colour\n\n{"query": "retry with backoff", "id": 7}\nlnag:python x\n{"id": 1}\n'
        "{ not json\nsave a message",
        encoding="utf-8",
    )
    run = indexctl("search", "--queries", queries, "--format", "jsonl", "-w", indexed)
    answers = documents(run.out)
    assert [answer["query"] for answer in answers] == [
        "brightness of a colour", "retry with backoff", "lnag:python x", "", "{ not json", "save a message",
    ]  # fmt: skip
    assert answers[0]["hits"][0]["path"] == "app/colour.py"
    assert answers[1]["hits"][0]["path"] == "app/retry.py"
    assert answers[2]["error"].items() >= {"field": "query", "column": 1}.items()
    assert "lang:" in answers[2]["error"]["message"]
    assert "query" in answers[3]["error"]["message"]
    assert answers[5]["hits"][0]["path"] == "app/storage.py"
    assert run.code == 2


@pytest.mark.usefixtures("indexed")
def test_queries_come_from_stdin_and_json_is_one_array(indexctl: Program) -> None:
    run = indexctl("search", "--queries", "-", "--format", "json", stdin="colour\nstorage\n")
    assert [answer["query"] for answer in json.loads(run.out)] == ["colour", "storage"]
    assert run.code == 0


@pytest.mark.usefixtures("indexed")
def test_many_queries_that_all_find_nothing_exit_with_1(indexctl: Program) -> None:
    run = indexctl("search", "--queries", "-", "--format", "jsonl", stdin='"no such phrase"\n')
    assert (run.code, documents(run.out)[0]["hits"]) == (1, [])


@pytest.mark.usefixtures("indexed")
def test_nothing_found_exits_with_1(indexctl: Program) -> None:
    run = indexctl("search", '"no such phrase anywhere"')
    assert run.code == 1
    assert run.out.startswith("0 hits of ")


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["retry", "--limit", "0"], "Choose 1 to 1,000."),
        (["retry", "--limit", str(10**9)], "Choose 1 to 1,000."),
        (["retry", "--limit", "many"], "not a valid integer"),
        (["   "], "The query is empty."),
        (["x" * 100_000], "The query has 100,000 characters"),
        (["lang:pyhton", "retry"], "column 6 of the query: Unknown language 'pyhton'."),
        (['"open'], "A quote is not closed."),
        (["retry", "-w", "nowhere"], "There is no folder nowhere."),
        (["retry", "-w", "app/retry.py"], "is a file, not a folder"),
        (["retry", "-w", "x" * 5_000], "cannot be opened"),
        (["retry", "--queries", "-"], "Give a query, or --queries FILE."),
        ([], "Give a query, or --queries FILE."),
        (["--queries", "-"], "--queries answers in JSON."),
        (["--queries", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_a_mistake_exits_with_2_and_says_what_to_do(
    indexctl: Program, arguments: list[str], complaint: str
) -> None:
    run = indexctl("search", *arguments)
    assert (run.code, run.out) == (2, "")
    assert complaint in run.err
    assert "Traceback" not in run.err


def test_a_folder_that_was_never_indexed_is_indexed_first(indexctl: Program, project: Path) -> None:
    run = indexctl("search", "brightness", "-w", project)
    assert run.code == 0
    assert "colour.py:" in run.out
    assert "Indexing first." in run.err
    assert indexctl("search", "brightness", "-w", project).err == ""


def test_a_first_run_that_never_got_to_publish_is_no_index(
    indexctl: Program, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("codeintel.indexing.root_index.RootIndex.publish", lambda *_, **__: False)
        indexctl("index", project, "--tier", "text")
    run = indexctl("search", "brightness", "-w", project)
    assert run.code == 0
    assert "Nothing is indexed" in run.err
    assert "Indexing first." in run.err


def test_a_first_run_under_way_elsewhere_is_not_taken_for_nothing_found(
    indexctl: Program, project: Path
) -> None:
    (project / ".codeintel").mkdir()
    with Service.open([project], Settings.resolve()[0]):
        run = indexctl("search", "brightness", "-w", project)
    assert (run.code, run.out) == (3, "")
    assert "is being written by process" in run.err


@pytest.mark.parametrize(
    "arguments", [["lnag:python"], ["  "], ["retry", "--queries", "-"], ["--queries", "-"]], ids=str
)
def test_a_mistake_is_told_before_a_folder_is_indexed(
    indexctl: Program, project: Path, arguments: list[str]
) -> None:
    assert indexctl("search", *arguments, "-w", project).code == 2
    assert not (project / ".codeintel").exists()


def test_no_index_exits_with_3_and_leaves_no_trace(indexctl: Program, project: Path) -> None:
    run = indexctl("search", "brightness", "-w", project, "--no-index")
    assert (run.code, run.out) == (3, "")
    assert "indexctl index" in run.err
    assert not (project / ".codeintel").exists()


@pytest.mark.parametrize("index_first", [True, False])
def test_a_folder_without_text_has_no_hits(indexctl: Program, tmp_path: Path, index_first: bool) -> None:
    (tmp_path / "blob.bin").write_bytes(b"\0" * 64)
    if index_first:
        assert indexctl("index", tmp_path).code == 0
    table = indexctl("search", "anything", "-w", tmp_path, "-q")
    assert (table.code, table.out) == (
        1,
        "0 hits of 0 candidates · 0 chunks, structure and meaning complete · 0 ms\n",
    )
    many = indexctl("search", "--queries", "-", "--format", "jsonl", "-w", tmp_path, stdin="a\nlang:x b\n")
    first, second = documents(many.out)
    assert first["hits"] == []
    assert "Unknown language" in second["error"]["message"]


def test_a_terminal_that_knows_only_ascii_gets_question_marks(indexed: Path) -> None:
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [*INDEXCTL, "search", "retry", "-e"]
    run = subprocess.run(command, cwd=indexed, env=environment, capture_output=True, check=True)
    assert b"4 ? def retry_with_backoff" in run.stdout


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("query", ["retr\udcff y", "a\0b", "\u202e", "{" * 3_000, '{"a":' * 3_000])
def test_no_text_of_a_query_breaks_the_answer(indexctl: Program, query: str) -> None:
    run = indexctl("search", "--queries", "-", "--format", "jsonl", stdin=f"{query}\n")
    assert run.code in (0, 1), run.err
    assert documents(run.out)[0]["query"] == query


def test_hits_of_several_folders_name_theirs(indexctl: Program, indexed: Path, project: Path) -> None:
    run = indexctl("search", "brightness", "-w", indexed, "-w", project, "-q", "--format", "jsonl")
    hits = [hit for hit in documents(run.out)[0]["hits"] if hit["path"] == "app/colour.py"]
    assert run.err == ""
    assert len({hit["root"] for hit in hits}) == 2


def test_no_control_character_of_the_source_reaches_the_terminal(indexctl: Program, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(
        "def gargoyle():\n    return '\x1b]0;owned\x07 \x1b[31m \u202e [bold]'\n"
    )
    run = indexctl("search", "gargoyle owned", "-w", tmp_path, "-e")
    assert run.code == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", run.out)
    assert "[bold]" in run.out


@pytest.mark.usefixtures("indexed")
def test_the_setting_search_limit_is_the_default(indexctl: Program, indexed_copy: Path) -> None:
    (indexed_copy / "codeintel.toml").write_text("[search]\nlimit = 2\n")
    assert len(documents(indexctl("search", "retry", "--format", "jsonl").out)[0]["hits"]) == 2
    assert len(documents(indexctl("search", "retry", "-n", "1", "--format", "jsonl").out)[0]["hits"]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
@pytest.mark.parametrize("arguments", [[], ["--no-color"]])
def test_a_terminal_gets_colour_unless_told_not_to(indexed: Path, arguments: list[str]) -> None:
    controller, terminal = os.openpty()
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "NO_COLOR"} | {
        "TERM": "xterm"
    }
    command = [*INDEXCTL, "search", "retry", "-n", "1", *arguments]
    with subprocess.Popen(command, cwd=indexed, env=environment, stdout=terminal):
        os.close(terminal)
        printed = b"".join(iter(lambda: _read(controller), b""))
    os.close(controller)
    assert b"\x1b]8;" in printed, "the place is a link"
    assert (re.search(rb"\x1b\[[\d;]*3\dm", printed) is None) == bool(arguments)


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 65_536)
    except OSError:  # Linux says so when the terminal's last user is gone
        return b""
