"""`indexctl sql`, `views` and `idmap-views`: answers in every form, and what is refused."""

from __future__ import annotations

import csv
import json

import pytest

from cli.project import FILES, Program

QUERY = "SELECT uri, chunks FROM files WHERE lang = 'python' ORDER BY uri"


@pytest.mark.usefixtures("indexed")
def test_an_answer_is_a_table(indexctl: Program) -> None:
    run = indexctl("sql", QUERY)
    assert (run.code, run.err) == (0, "")
    head, *rows = [line.split() for line in run.out.splitlines()]
    assert head == ["uri", "chunks"]
    assert [row[0] for row in rows] == sorted(uri for uri in FILES if uri.endswith(".py"))


@pytest.mark.usefixtures("indexed")
def test_an_answer_is_a_document_or_lines(indexctl: Program) -> None:
    document = json.loads(indexctl("sql", QUERY, "--format", "json").out)
    assert document["columns"] == ["uri", "chunks"]
    assert document["types"] == ["VARCHAR", "INTEGER"]
    assert document["truncated"] is False
    lines = [json.loads(line) for line in indexctl("sql", QUERY, "--format", "jsonl").out.splitlines()]
    assert [[line["uri"], line["chunks"]] for line in lines] == document["rows"]


@pytest.mark.usefixtures("indexed")
def test_an_answer_is_comma_separated(indexctl: Program) -> None:
    run = indexctl("sql", "SELECT 'a,\"b\"' AS text, NULL AS nothing, 1.5::DOUBLE AS number", "--csv")
    assert list(csv.reader(run.out.splitlines())) == [["text", "nothing", "number"], ['a,"b"', "", "1.5"]]


@pytest.mark.usefixtures("indexed")
def test_rows_beyond_the_limit_are_said_to_be_there(indexctl: Program) -> None:
    run = indexctl("sql", QUERY, "-n", 2)
    assert len(run.out.splitlines()) == 3
    assert "Only the first 2 rows: --limit allows more." in run.err
    assert indexctl("sql", QUERY, "-n", 2, "-q").err == ""


@pytest.mark.usefixtures("indexed")
def test_a_statement_comes_from_a_pipe(indexctl: Program) -> None:
    assert indexctl("sql", "-", "--csv", stdin="SELECT 42 AS n -- the answer").out == "n\n42\n"


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP VIEW chunks", "Only SELECT reads and nothing else; this is DROP"),
        ("COPY files TO 'out.csv'", "this is COPY"),
        ("SELECT 1; SELECT 2", "there are 2"),
        ("SELECT * FROM read_text('/etc/passwd')", "file system operations are disabled"),
        ("SELECT nope FROM files", "nope"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake(indexctl: Program, statement: str, said: str) -> None:
    run = indexctl("sql", statement)
    assert (run.code, run.out) == (2, "")
    assert said in run.err


@pytest.mark.usefixtures("indexed")
def test_a_statement_that_does_not_end_is_ended(indexctl: Program) -> None:
    run = indexctl("sql", "SELECT count(*) FROM range(1000000000000)", "--timeout", "0.2")
    assert run.code == 2
    assert "did not end within 0.2 s" in run.err


@pytest.mark.usefixtures("indexed")
def test_control_characters_of_the_workspace_do_not_act(indexctl: Program) -> None:
    assert "\x1b" not in indexctl("sql", "SELECT chr(27) || '[31m' AS text").out


@pytest.mark.usefixtures("indexed")
def test_views_are_listed_with_their_columns(indexctl: Program) -> None:
    run = indexctl("views")
    assert run.code == 0
    names = [line.split()[0] for line in run.out.splitlines()[1:]]
    assert {"chunks", "files", "ast_nodes", "v_chunk_symbols", "v_symbol_coverage", "meta"} <= set(names)
    found = {view["name"]: view for view in json.loads(indexctl("views", "--format", "json").out)}
    assert {"name": "start_byte", "type": "BIGINT"} in found["chunks"]["columns"]
    statements = indexctl("views", "--sql").out
    assert "CREATE VIEW modules" in statements
    assert "read_parquet" in statements


@pytest.mark.usefixtures("indexed")
def test_the_map_of_vectors_is_counted(indexctl: Program) -> None:
    run = indexctl("idmap-views", "--format", "json")
    assert run.code == 0
    (row,) = json.loads(run.out)
    assert row["chunks"] == row["mapped"] > 0
    assert row["unmapped"] == row["astray"] == row["repeated"] == 0
    assert "chunks" in indexctl("idmap-views").out.splitlines()[0]
