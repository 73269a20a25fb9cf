"""What tests of every layer share: the indexed sample workspace, and `--update` for golden files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from codeintel.service import Service
from workspaces import (
    MEANING,
    copy_sample,
    index_once,
    opened,
    shared_structure_workers,
    shared_workers,
)

# Neither this process nor any that a test starts may tell anybody, or know vectors from the cache of whoever runs it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="codeintel-tests-")
os.environ["XDG_DATA_HOME"] = os.environ[
    "XDG_CACHE_HOME"
]  # nor write judgments among those of whoever runs it

# Where a change is judged, the same examples each time: what a random one finds belongs to whoever runs it by hand. How
# long an example takes is nobody's finding: the machine may have other work.
hypothesis_settings.register_profile("patient", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files again instead of comparing")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written again."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def workers_end_with_the_session() -> Iterator[None]:
    yield
    for shared in (shared_workers, shared_structure_workers):
        if shared.cache_info().currsize:
            shared().stop()


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample workspace, indexed to the meaning tier; nobody may change it."""
    folder = copy_sample(tmp_path_factory.mktemp("sample") / "courier")
    index_once(folder, settings=MEANING)
    return folder


@pytest.fixture(scope="session")
def sample(sample_folder: Path) -> Iterator[Service]:
    """A service over the indexed sample workspace; tests only ask it."""
    with opened(sample_folder, settings=MEANING) as service:
        yield service
