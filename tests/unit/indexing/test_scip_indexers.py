"""Which program is run, and what it is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import fake_indexer
from codeintel.indexing.scip_indexers import (
    INDEXERS,
    SCIP_PYTHON,
    SCIP_TYPESCRIPT,
    Indexer,
    IndexerOptions,
    errand_for,
    find_program,
)
from codeintel.indexing.scip_process import Errand, IndexerMissing
from codeintel.indexing.scip_shadow import Shadow, SourceDocument
from codeintel.workspace.roots import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "root").mkdir()
    return Root("my shop", tmp_path / "root")


def told(indexer: Indexer, root: Root, tmp_path: Path, *uris: str) -> tuple[Errand, Path]:
    """How an indexer is run over these documents, and where."""
    program = fake_indexer.install(tmp_path / "bin", indexer.name)
    shadow = Shadow(
        tmp_path / "project", tmp_path / "scratch", {uri: SourceDocument(uri, "x", 0) for uri in uris}
    )
    shadow.project.mkdir()
    shadow.scratch.mkdir()
    return errand_for(
        indexer, root, shadow, IndexerOptions({indexer.name: str(program)}, 7.0)
    ), shadow.project


def options(command: Path | str) -> IndexerOptions:
    return IndexerOptions({"scip-python": str(command)})


def test_a_program_is_found_on_the_search_path_or_where_the_setting_says(
    tmp_path: Path, root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fake_indexer.install(tmp_path / "bin")
    named = fake_indexer.install(tmp_path / "else", "my-scip")
    monkeypatch.setenv("PATH", str(found.parent))
    assert find_program(SCIP_PYTHON, root, IndexerOptions()) == found
    assert find_program(SCIP_PYTHON, root, options(named)) == named


def test_a_program_that_is_not_installed_says_how_to_install_it(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for indexer in INDEXERS:
        with pytest.raises(IndexerMissing, match="npm install --global @sourcegraph/scip-") as caught:
            find_program(indexer, root, IndexerOptions())
        assert indexer.setting in caught.value.remedy


def test_nothing_of_the_workspace_is_run(tmp_path: Path, root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = fake_indexer.install(root.path / "node_modules" / ".bin")
    link = tmp_path / "link"
    link.symlink_to(inside)
    monkeypatch.setenv("PATH", os.pathsep.join([str(inside.parent), "node_modules/.bin"]))
    monkeypatch.chdir(root.path)
    with pytest.raises(IndexerMissing, match="There is no program"):
        find_program(SCIP_PYTHON, root, IndexerOptions())
    for command in (inside, link):
        with pytest.raises(IndexerMissing, match="of which nothing is run"):
            find_program(SCIP_PYTHON, root, options(command))


def test_a_link_of_the_workspace_to_a_program_outside_is_not_run(tmp_path: Path, root: Root) -> None:
    link = root.path / "scip-python"
    link.symlink_to(fake_indexer.install(tmp_path / "bin"))
    with pytest.raises(IndexerMissing, match="of which nothing is run"):
        find_program(SCIP_PYTHON, root, options(link))


def test_a_relative_path_is_no_program(root: Root) -> None:
    with pytest.raises(IndexerMissing, match="relative path"):
        find_program(SCIP_PYTHON, root, options("node_modules/.bin/scip-python"))


def test_python_is_told_its_name_version_and_source_folders(tmp_path: Path, root: Root) -> None:
    uris = ("src/shop/till.py", "libs/a/src/a.py", "libs/a/src/deep/b.py", "tests/test_till.py")
    errand, project = told(SCIP_PYTHON, root, tmp_path, *uris)
    arguments = dict(zip(errand.command[2::2], errand.command[3::2], strict=True))
    assert (arguments["--project-name"], arguments["--project-version"]) == ("my shop", "0.0.0")
    assert arguments["--cwd"] == str(errand.folder) == str(project)
    assert arguments["--output"] == str(errand.output)
    assert json.loads(Path(arguments["--environment"]).read_text()) == []
    configuration = json.loads((project / "pyrightconfig.json").read_text())
    assert configuration["extraPaths"] == ["libs/a/src", "src"]
    assert errand.timeout_seconds == 7.0


def test_typescript_is_told_its_files_and_the_name_in_its_symbols(tmp_path: Path, root: Root) -> None:
    errand, project = told(SCIP_TYPESCRIPT, root, tmp_path, "b.tsx", "a.mjs", "script")
    assert errand.command[1:3] == ["index", "--cwd"]
    assert json.loads((project / "tsconfig.json").read_text())["files"] == ["a.mjs", "b.tsx"]
    assert json.loads((project / "package.json").read_text()) == {"name": "my  shop", "version": "0.0.0"}
