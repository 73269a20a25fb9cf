"""Every query of docs/cookbook runs on the sample workspace and finds what its page says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from codeintel.catalog import person_sql
from codeintel.catalog.folder import CATALOG_NAME, FOLDER_NAME
from codeintel.catalog.sql_process import answer
from codeintel.service import Service
from workspaces import index_once

PAGES = Path(__file__).parents[1] / "docs" / "cookbook"
CHANGES = "changes.md"
LEAST = 10

_RECIPE = re.compile(
    r"^## (?P<title>.+?)\n(?P<before>.*?)^```sql\n(?P<sql>.*?)^```\n(?P<after>.*?)(?=^## |\Z)", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A query of a page, and whether it is to find nothing where all is well."""

    page: str
    title: str
    sql: str
    finds_nothing: bool

    def __str__(self) -> str:
        return f"{self.page}: {self.title}"


def recipes() -> Iterator[Recipe]:
    for page in sorted(PAGES.glob("*.md")):
        for found in _RECIPE.finditer(page.read_text(encoding="utf-8")):
            nothing = found["after"].lstrip().startswith("No rows")
            yield Recipe(page.name, found["title"], found["sql"], nothing)


RECIPES = list(recipes())


def test_there_are_enough_and_none_is_overlooked() -> None:
    assert len(RECIPES) >= LEAST
    blocks = sum(page.read_text(encoding="utf-8").count("```sql") for page in PAGES.glob("*.md"))
    assert blocks == len(RECIPES)


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one.page != CHANGES], ids=str)
def test_a_query_finds_what_its_page_says(sample: Service, recipe: Recipe) -> None:
    sources = sample.tables().sources
    found = answer(person_sql.job_of(recipe.sql, sources, max_rows=1_000, timeout_s=30.0))
    assert "error" not in found, found
    assert (not found["rows"]) == recipe.finds_nothing, found["rows"][:5]


def test_a_cookbook_query_runs_as_a_person_asks_it(sample: Service) -> None:
    found = sample.sql(next(one.sql for one in RECIPES if one.page == "coverage.md"))
    assert found.rows


def test_what_changed_between_two_generations_is_told(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "courier"
    shutil.copytree(sample_folder, workspace, ignore=shutil.ignore_patterns(FOLDER_NAME))
    index_once(workspace)
    monkeypatch.chdir(tmp_path)
    note, differing, documents = (one.sql for one in RECIPES if one.page == CHANGES)
    _ask(workspace, note)
    assert _ask(workspace, differing) == []
    path = workspace / "courier" / "retry.py"
    path.write_text(
        path.read_text(encoding="utf-8") + "\n\ndef newly_added():\n    return 1\n", encoding="utf-8"
    )
    (workspace / "courier" / "tokens.py").unlink()
    index_once(workspace)
    found = _ask(workspace, differing)
    assert {(row[0], row[1]) for row in found} >= {("new", "courier/retry.py"), ("gone", "courier/tokens.py")}
    by_document = {row[0]: row for row in _ask(workspace, documents)}
    assert by_document.keys() == {"courier/retry.py", "courier/tokens.py"}
    assert by_document["courier/retry.py"][3] > 0, "chunks whose text stayed keep their ids"


def _ask(workspace: Path, sql: str) -> list[tuple[str, ...]]:
    with duckdb.connect(str(workspace / FOLDER_NAME / CATALOG_NAME), read_only=True) as connection:
        return connection.execute(sql).fetchall()
