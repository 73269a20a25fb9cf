"""What tests of every layer share: the indexed sample workspace, and `--update` for golden files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel.service import Service
from workspaces import MEANING, copy_sample, index_once, opened, shared_workers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files again instead of comparing")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written again."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def workers_end_with_the_session() -> Iterator[None]:
    yield
    if shared_workers.cache_info().currsize:
        shared_workers().stop()


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
