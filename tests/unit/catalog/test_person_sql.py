"""A person's SQL reads the views and nothing else, writes nothing, and ends."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from catalog_samples import PROVENANCE
from test_views import DOCUMENTS, VIEWS, everything, source

from codeintel.cancellation import never
from codeintel.catalog import person_sql
from codeintel.catalog.database import Database
from codeintel.catalog.person_sql import SqlAnswer
from codeintel.catalog.sql_job import Job
from codeintel.catalog.sql_process import answer, locked_connection
from codeintel.catalog.store import Store
from codeintel.errors import Cancelled, IndexCorrupt, UsageError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        opened = Store.open(tmp_path_factory.mktemp("root") / ".codeintel", PROVENANCE)
    opened.rebuild(everything(DOCUMENTS))
    return opened


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    made = Database()
    made.refresh([source(store)])
    yield made
    made.close()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    path.write_text("word\nxyzzy\n")
    return path


def here(store: Store, text: str, timeout_s: float = 20.0) -> dict[str, object]:
    """What the process answers, without starting one: for the many statements that do not take it down."""
    return answer(person_sql.job_of(text, [source(store)], max_rows=1_000, timeout_s=timeout_s))


def test_a_question_is_answered_with_columns_and_types(database: Database) -> None:
    found = database.sql("SELECT uri, count(*) AS chunks FROM chunks GROUP BY uri ORDER BY uri LIMIT 2")
    assert (found.columns, found.types) == (("uri", "chunks"), ("VARCHAR", "BIGINT"))
    assert (found.rows, found.truncated) == ((("src/00.py", 2), ("src/01.py", 2)), False)
    assert found.elapsed_ms > 0


def test_unsaved_text_is_found(database: Database, store: Store) -> None:
    uris = frozenset({"src/01.py"})
    rows = everything({"src/01.py": ["unsaved"]})
    database.refresh([source(store, hidden={"text": uris, "structure": uris}, rows=rows)])
    found = database.sql("SELECT content, static_embedding FROM chunks WHERE uri = 'src/01.py'")
    assert found.rows == (("unsaved", [0.5, 0.5]),)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_asked(store: Store, view: str) -> None:
    found = here(store, f"FROM {view}")
    assert "error" not in found, found
    assert found["columns"]


@pytest.mark.parametrize(
    "text",
    [
        "DESCRIBE chunks",
        "SHOW TABLES",
        "SUMMARIZE files",
        "VALUES (1)",
        "TABLE files",
        "SELECT 1; -- done",
        "(SELECT 1)",
    ],
)
def test_whatever_only_reads_is_allowed(store: Store, text: str) -> None:
    assert "error" not in here(store, text)


REFUSED = [
    "",
    ";",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW chunks",
    "CREATE TABLE t (i INT)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW chunks AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "CREATE SECRET (TYPE s3)",
    "INSERT INTO chunks VALUES (1)",
    "UPDATE files SET uri = ''",
    "DELETE FROM files",
    "MERGE INTO files USING chunks ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE files",
    "DROP VIEW chunks",
    "ALTER VIEW chunks RENAME TO c",
    "COMMENT ON VIEW chunks IS 'x'",
    "COPY (SELECT 1) TO '{target}'",
    "COPY (SELECT 1) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)",
    "COPY files FROM '{secret}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{target}'",
    "EXPLAIN SELECT 1",
    "EXPORT DATABASE '{target}'",
    "IMPORT DATABASE '{target}'",
    "ATTACH '{target}' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "UPDATE EXTENSIONS",
    "PRAGMA database_list",
    "PRAGMA threads=8",
    "SET threads = 8",
    "SET VARIABLE x = 1",
    "RESET lock_configuration",
    "SET enable_external_access = true",
    "CALL enable_logging(storage = 'file', storage_path = '{target}')",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "WITH x AS (SELECT 1) INSERT INTO files SELECT * FROM x",
]


@pytest.mark.parametrize("text", REFUSED)
def test_whatever_might_write_or_change_is_refused(
    store: Store, secret: Path, tmp_path: Path, text: str
) -> None:
    assert store.folder
    part = store.folder / store.manifest.of("files")[0].path
    before = part.read_bytes()
    found = here(store, text.format(target=tmp_path / "out", part=part, secret=secret))
    assert found["error"] in ("refused", "statement"), found
    assert list(tmp_path.iterdir()) == []
    assert part.read_bytes() == before


READS = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv_auto('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_json_objects('{secret}')",
    "SELECT * FROM read_ndjson('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM parquet_scan('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM parquet_schema('{secret}')",
    "SELECT * FROM parquet_kv_metadata('{secret}')",
    "SELECT * FROM '{secret}'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_text('{folder}/*')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('../etc/passwd')",
    "SELECT * FROM read_text('file:///etc/passwd')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('https://example.invalid/')",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "WITH x AS (FROM read_text('{secret}')) FROM x",
    "SELECT getenv('HOME')",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM sqlite_scan('{secret}', 't')",
    "SELECT * FROM secret",
    "SELECT * FROM store",
    "SELECT * FROM job",
    "SELECT * FROM sys.modules",
]


@pytest.mark.parametrize("text", READS)
def test_no_other_file_and_no_variable_can_be_read(store: Store, secret: Path, text: str) -> None:
    found = here(store, text.format(secret=secret, folder=secret.parent))
    assert found["error"] in ("statement", "file"), found
    assert "xyzzy" not in str(found)
    assert {path.name for path in secret.parent.iterdir()} == {"secret.csv"}


def test_no_function_that_a_select_can_call_writes_a_file(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table function there is, called with nothing and with a path: nothing appears anywhere it could be."""
    monkeypatch.chdir(tmp_path)
    connection = locked_connection(person_sql.job_of("", [source(store)], max_rows=1, timeout_s=1.0))
    functions = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE 'table%'"
    names = [name for (name,) in connection.execute(functions).fetchall()]
    assert len(names) > 50
    of_addresses = ("arrow_scan", "pandas_scan", "python_map_function")  # in memory: they can only crash
    for name in names:
        if not name.startswith(of_addresses):
            for arguments in ("", f"'{tmp_path / 'out'}'"):
                with contextlib.suppress(duckdb.Error):
                    connection.execute(f'SELECT * FROM "{name}"({arguments}) LIMIT 1').fetchall()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="its system has no such limits")
def test_the_process_itself_can_write_nothing(tmp_path: Path) -> None:
    """Even a statement that got past everything else could not: the system refuses."""
    code = (
        "import codeintel.catalog.sql_process as p, sys\n"
        "from codeintel.catalog.sql_job import Job\n"
        "p._limit_process(Job('', (), (), (), 1, 1.0, 1, '1GB'))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with open(sys.argv[1], 'w') as file: file.write('x')\n"
    )
    target = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)],
        capture_output=True,
        text=True,
        env=person_sql._environment(),
        check=False,
    )
    assert "File too large" in done.stderr
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM range(1000000000000)",
        "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r",
        "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
    ],
)
def test_a_statement_that_never_ends_is_ended(database: Database, text: str) -> None:
    with pytest.raises(UsageError, match=r"did not end within 0\.3 s"):
        database.sql(text, timeout_s=0.3)


def test_one_that_cannot_be_interrupted_is_killed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_sql, "_STARTING_SECONDS", 3.0)
    with pytest.raises(UsageError, match="did not end"):
        database.sql("SELECT levenshtein(repeat('a', 3000000), repeat('b', 3000000))", timeout_s=0.3)


def test_it_stops_when_nobody_wants_the_answer(database: Database) -> None:
    asked = threading.Event()
    threading.Timer(0.5, asked.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        database.sql("SELECT count(*) FROM range(1000000000000)", timeout_s=40, cancelled=asked.is_set)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "text", ["SELECT list_sum(range(2000000000))", "SELECT max(repeat('x', 4000000000))"]
)
def test_one_that_takes_too_much_memory_is_ended(
    database: Database, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_sql, "_STARTING_SECONDS", 4.0)
    with pytest.raises(UsageError, match=r"needs more than 1GB|did not end|took down"):
        database.sql(text, timeout_s=4)


def test_a_process_that_crashes_is_an_answer_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_sql.sys, "executable", "/bin/false")
    with pytest.raises(UsageError, match="took down the process"):
        database.sql("SELECT 1")


def test_rows_are_counted_off_and_cut(database: Database) -> None:
    found = database.sql("SELECT * FROM range(1000000000)", max_rows=3)
    assert (found.rows, found.truncated) == (((0,), (1,), (2,)), True)
    assert database.sql("SELECT * FROM range(3)", max_rows=3).truncated is False
    long = database.sql("SELECT repeat('x', 10000000) FROM range(3)")
    assert (len(long.rows), long.truncated) == (1, True)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("NULL", None),
        ("true", True),
        ("18446744073709551615::UBIGINT", 2**64 - 1),
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
        ("1.25::DOUBLE", 1.25),
        ("'nan'::DOUBLE", "nan"),
        ("'-infinity'::DOUBLE", "-inf"),
        ("1.50::DECIMAL(5, 2)", "1.50"),
        ("'\\x00\\xFF'::BLOB", "00ff"),
        ("DATE '2026-01-02'", "2026-01-02"),
        ("TIMESTAMP '2026-01-02 03:04:05'", "2026-01-02T03:04:05"),
        ("TIME '03:04:05'", "03:04:05"),
        ("[1, NULL]", [1, None]),
        ("{'a': [1], 'b': NULL}", {"a": [1], "b": None}),
        ("MAP {1: 'x'}", {"1": "x"}),
        ("'a7c3f0d2-0000-4000-8000-000000000000'::UUID", "a7c3f0d2-0000-4000-8000-000000000000"),
        ("'\u202e😀'", "\u202e😀"),
    ],
)
def test_values_are_as_json_has_them(store: Store, expression: str, value: object) -> None:
    found = here(store, f"SELECT {expression} AS v")
    assert found["rows"] == [[value]]


def test_a_time_with_a_zone_asks_to_be_cast(store: Store) -> None:
    found = here(store, "SELECT now() AS moment")
    assert "cast it, as with moment::TIMESTAMP" in str(found["message"])
    assert "error" not in here(store, "SELECT now()::TIMESTAMP AS moment")


def test_a_mistake_is_told_with_its_place(database: Database) -> None:
    with pytest.raises(UsageError, match=r"(?s)Referenced column \"nope\" not found.*LINE 1.*\^"):
        database.sql("SELECT nope FROM chunks")
    with pytest.raises(UsageError, match="there are 2"):
        database.sql("SELECT 1; SELECT 2")


def test_limits_are_checked(database: Database) -> None:
    for limit in (0, -1, 1_000_000):
        with pytest.raises(UsageError, match="rows is not possible"):
            database.sql("SELECT 1", max_rows=limit)
    for seconds in (0.0, -1.0, 1e9, math.nan):
        with pytest.raises(UsageError, match="time limit"):
            database.sql("SELECT 1", timeout_s=seconds)


def test_damage_is_told_apart_from_mistakes(folder: Path) -> None:
    store = Store.open(folder, PROVENANCE)
    store.rebuild(everything(DOCUMENTS))
    os.truncate(folder / store.manifest.of("modules")[0].path, 10)
    database = Database()
    database.refresh([source(store)])
    with pytest.raises(IndexCorrupt, match="indexctl check"):
        database.sql("SELECT * FROM modules")


def test_nothing_of_the_folder_it_starts_in_is_imported(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "duckdb.py").write_text("raise SystemExit('the workspace was executed')")
    (tmp_path / "json.py").write_text("raise SystemExit('the workspace was executed')")
    monkeypatch.chdir(tmp_path)
    assert database.sql("SELECT 42").rows == ((42,),)


def test_many_ask_at_once(database: Database) -> None:
    answers: list[SqlAnswer] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(database.sql("SELECT count(*) FROM chunks", cancelled=never))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.rows for found in answers] == [((12,),)] * 4


def test_a_job_travels() -> None:
    job = Job("SELECT 1", (), (), (), 1, 1.0, 1, "1GB")
    assert pickle.loads(pickle.dumps(job)) == job
