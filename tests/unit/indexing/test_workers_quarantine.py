"""A file that took its parser down is not handed to the workers again before it changes, reopened or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from codeintel.service import Service
from hostile_rules import HostileRules
from workspaces import index_once, indexed, shared_workers, snapshot, write

GOOD = "def good():\n    return 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A workspace with one file that crashes its parser, indexed and closed."""
    with patch("codeintel.service.SkipRules", HostileRules):
        index_once(write(tmp_path / "ws", {"evil.py": "# CRASH\n", "good.py": GOOD}))
        yield tmp_path / "ws"


def reason(service: Service) -> str | None:
    file = snapshot(service).chunks.file("evil.py")
    assert file is not None
    return file.row.skip_reason


def handed(service: Service) -> list[str]:
    """What another look at the workspace hands to the workers."""
    before = len(shared_workers().handed)
    service.index()
    return shared_workers().handed[before:]


def test_it_stays_out_after_reopening_without_being_tried(folder: Path) -> None:
    before = len(shared_workers().handed)
    with indexed(folder) as service:
        assert reason(service) == "crashed its parser"
        assert handed(service) == []
    assert shared_workers().handed[before:] == []


def test_once_it_has_changed_it_is_tried_again(folder: Path) -> None:
    with indexed(folder) as service:
        write(folder, {"evil.py": GOOD})
        assert handed(service) == ["evil.py"]
        assert reason(service) is None
        write(folder, {"evil.py": "# CRASH again\n"})
        assert handed(service) == ["evil.py"]
        assert reason(service) == "crashed its parser"
        assert handed(service) == []
