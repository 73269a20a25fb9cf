"""Pages that are generated from the code are the ones that are committed."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.ranking_page import PAGE, with_parts
from benchmarks.readme_table import results_markdown

from codeintel.cli.reference import reference
from codeintel.options import settings_markdown

DOCS = Path(__file__).parents[1] / "docs"

GENERATED = {"cli.md": reference, "settings.md": settings_markdown}


@pytest.mark.parametrize("page", sorted(GENERATED))
def test_a_generated_page_is_up_to_date(page: str) -> None:
    committed = (DOCS / page).read_text(encoding="utf-8")
    assert committed == GENERATED[page](), f"run `make docs` to write docs/{page} again"


def test_the_results_in_the_readme_are_those_that_were_measured() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    block = readme.partition("<!-- results:")[2].partition("-->\n")[2].partition("<!-- /results -->")[0]
    assert block == results_markdown(), (
        "run `python -m benchmarks.readme_table` and put its output between the marks"
    )


def test_the_weights_and_gains_of_the_ranking_page_are_those_in_force_and_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_parts(page), "run `python -m benchmarks.ranking_page`"
