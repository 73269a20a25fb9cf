"""The sample project is what its users assume: readable, in several encodings, with the golden targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codeintel.workspace.discovery import discover
from codeintel.workspace.reading import SourceText, read_source
from codeintel.workspace.roots import open_root
from codeintel.workspace.skipping import SkipRules

REPOSITORY = Path(__file__).parents[3]
SAMPLE = REPOSITORY / "data" / "sample-workspace"
QUERIES = [
    json.loads(line)
    for line in (REPOSITORY / "tests" / "golden" / "sample_queries.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def texts() -> dict[str, SourceText]:
    discovery = discover(open_root(SAMPLE), SkipRules())
    assert discovery.skipped == ()
    read = {file.uri: read_source(file, SkipRules()) for file in discovery.files}
    return {uri: text for uri, text in read.items() if isinstance(text, SourceText)}


def test_every_file_but_the_ignored_one_is_read(texts: dict[str, SourceText]) -> None:
    assert 40 <= len(texts) <= 50
    assert "courier/retry.py" in texts
    assert "config/local.toml" not in texts


def test_line_ends_and_encodings_are_kept(texts: dict[str, SourceText]) -> None:
    assert b"\r\n" in texts["config/hosts.ini"].data
    assert texts["docs/kontakte.txt"].decoded.encoding == "latin-1"
    assert "Großkreutz" in texts["docs/kontakte.txt"].decoded.text


@pytest.mark.parametrize("query", QUERIES, ids=[query["query"] for query in QUERIES])
def test_the_target_of_a_golden_query_exists(query: dict[str, str], texts: dict[str, SourceText]) -> None:
    assert query["symbol"] in texts[query["path"]].decoded.text


def test_the_golden_queries_are_distinct() -> None:
    assert len({query["query"] for query in QUERIES}) == len(QUERIES) == 25
