"""Pages that are generated from the code are the ones that are committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeintel.cli.reference import reference
from codeintel.options import settings_markdown

DOCS = Path(__file__).parents[1] / "docs"

GENERATED = {"cli.md": reference, "settings.md": settings_markdown}


@pytest.mark.parametrize("page", sorted(GENERATED))
def test_a_generated_page_is_up_to_date(page: str) -> None:
    committed = (DOCS / page).read_text(encoding="utf-8")
    assert committed == GENERATED[page](), f"run `make docs` to write docs/{page} again"
