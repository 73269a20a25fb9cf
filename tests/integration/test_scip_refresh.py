"""A refresh as the index asks for it: copied, indexed, handed over; with a fake indexer, and with real ones."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import fake_indexer
from codeintel.analysis.scip.merging import fits, occurrences
from codeintel.analysis.scip.symbols import parse
from codeintel.catalog.ids import content_hash
from codeintel.errors import Cancelled
from codeintel.indexing.progress import Progress
from codeintel.indexing.scip_indexers import SCIP_PYTHON, SCIP_TYPESCRIPT, Indexer, IndexerOptions
from codeintel.indexing.scip_process import IndexerFailed, IndexerMissing, IndexerTimedOut
from codeintel.indexing.scip_refresh import CompiledDocument, IndexerRun, refresh_scip
from codeintel.indexing.scip_shadow import SourceDocument, Sources
from codeintel.workspace.roots import Root, unique_names

LANGUAGES = {".py": "python", ".ts": "typescript", ".md": "markdown"}
SHOP = {
    "src/shop/till.py": "def run(): pass\n",
    "web/till.ts": "function ring() {}\n",
    "README.md": "# def no\n",
}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where copies are made; nothing may be left there, nor in the workspace."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())
    for path in (tmp_path / "root").rglob("*"):
        assert path.is_dir() or path.name in ("till.py", "till.ts", "use.py", "README.md")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    for uri, text in SHOP.items():
        path = tmp_path / "root" / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root,) = unique_names([tmp_path / "root"])
    return root


def sources(texts: Mapping[str, str]) -> Sources:
    documents = [
        SourceDocument(uri, LANGUAGES[Path(uri).suffix], content_hash(text.encode()))
        for uri, text in texts.items()
    ]
    return Sources(documents, texts.get)


def fakes(
    folder: Path, python: str = "well", typescript: str = "well", timeout: float = 60.0
) -> IndexerOptions:
    behaviours = {"scip-python": python, "scip-typescript": typescript}
    programs = {
        name: str(fake_indexer.install(folder / "bin", name, how)) for name, how in behaviours.items()
    }
    return IndexerOptions(programs, timeout)


def refreshed(root: Root, options: IndexerOptions) -> tuple[list[CompiledDocument], list[IndexerRun]]:
    taken: list[CompiledDocument] = []
    return taken, refresh_scip(root, sources(SHOP), taken.append, options)


def test_each_document_comes_with_the_hash_and_text_that_were_copied(root: Root, tmp_path: Path) -> None:
    (root.path / "src/shop/till.py").write_text("# changed on disk\n")
    taken, runs = refreshed(root, fakes(tmp_path))
    assert [(run.indexer, run.copied, run.documents, run.error) for run in runs] == [
        ("scip-python", 1, 1, None),
        ("scip-typescript", 1, 1, None),
    ]
    assert [(each.uri, each.text, each.content_hash) for each in taken] == [
        (uri, SHOP[uri], content_hash(SHOP[uri].encode())) for uri in ("src/shop/till.py", "web/till.ts")
    ]
    assert [each.occurrences["name"] for each in taken] == [["run"], ["ring"]]
    assert taken[0].symbols["documentation"] == ["Known."]


def test_progress_is_told_from_copying_to_reading(root: Root, tmp_path: Path) -> None:
    told: list[Progress] = []
    refresh_scip(root, sources(SHOP), lambda _: None, fakes(tmp_path), report=told.append)
    stages = dict.fromkeys(progress.stage for progress in told)
    assert list(stages)[:3] == [
        "Copying for scip-python",
        "Running scip-python",
        "Reading what scip-python found",
    ]
    assert Progress("Running scip-python", 1, 2) in told


@pytest.mark.parametrize(
    ("behaviour", "error", "told"),
    [
        ("fail", IndexerFailed, "ended with 3"),
        ("write_nothing", IndexerFailed, "wrote no index"),
        ("write_no_document", IndexerFailed, "holds no document"),
        ("write_half", IndexerFailed, "the end of the file"),
        ("write_json", IndexerFailed, "cannot be used"),
        ("index_elsewhere", IndexerFailed, "none of the documents"),
        ("hang", IndexerTimedOut, "after 5 seconds"),
    ],
)
def test_an_indexer_that_misbehaves_is_told_of_and_the_next_one_runs(
    root: Root, tmp_path: Path, behaviour: str, error: type[Exception], told: str
) -> None:
    taken, (first, second) = refreshed(
        root, fakes(tmp_path, behaviour, timeout=5.0 if behaviour == "hang" else 60.0)
    )
    assert type(first.error) is error
    assert told in str(first.error)
    assert (second.error, [each.uri for each in taken]) == (None, ["web/till.ts"])


def test_an_indexer_that_is_not_installed_costs_no_copy(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    asked: list[str] = []
    found = sources(SHOP)
    runs = refresh_scip(root, Sources(found.documents, lambda uri: asked.append(uri)), lambda _: None)
    assert [type(run.error) for run in runs] == [IndexerMissing, IndexerMissing]
    assert not asked


def test_a_language_without_documents_runs_no_indexer(root: Root, tmp_path: Path) -> None:
    assert refresh_scip(root, sources({"README.md": ""}), lambda _: None, fakes(tmp_path)) == []


def test_cancelling_ends_the_run_at_any_stage(root: Root, tmp_path: Path) -> None:
    for stage in ("Copying", "Running", "Reading"):
        told: list[str] = []
        with pytest.raises(Cancelled):
            refresh_scip(
                root,
                sources(SHOP),
                lambda _: None,
                fakes(tmp_path),
                cancelled=lambda stage=stage, told=told: any(word.startswith(stage) for word in told),
                report=lambda progress, told=told: told.append(progress.stage),
            )


def test_what_the_taker_raises_ends_the_refresh_and_leaves_nothing(root: Root, tmp_path: Path) -> None:
    def refuse(_: CompiledDocument) -> None:
        raise OSError("the index is full")

    with pytest.raises(OSError, match="the index is full"):
        refresh_scip(root, sources(SHOP), refuse, fakes(tmp_path))


def test_two_roots_with_the_same_modules_have_symbols_of_their_own(tmp_path: Path) -> None:
    folders = [tmp_path / "root" / "one" / "shop", tmp_path / "root" / "two" / "shop"]
    for folder in folders:
        folder.mkdir(parents=True)
    found = []
    for root in unique_names(folders):
        taken, _ = refreshed(root, fakes(tmp_path))
        found.append({symbol for each in taken for symbol in each.occurrences["symbol"]})
    assert found[0].isdisjoint(found[1])


def real(indexer: Indexer) -> IndexerOptions:
    """The program, from the search path or CODEINTEL_SCIP_PYTHON_COMMAND and the like; the test is skipped without."""
    variable = f"CODEINTEL_{indexer.setting.upper().replace('.', '_')}"
    named = os.environ.get(variable, indexer.name)
    if shutil.which(named) is None:
        pytest.skip(f"{indexer.name} is not installed; name it in {variable}")
    return IndexerOptions({indexer.name: named}, 120.0)


PYTHON = {
    "src/shop/__init__.py": "",
    "src/shop/till.py": 'class Till:\n    """Takes money."""\n\n'
    '    def run(self, é):\n        return "🚀", é, self.run\n',
    "use.py": "from shop.till import Till as T\n\nprint(T().run(1))\n",
}


def test_scip_python_itself_joins_modules_over_the_source_folder(root: Root) -> None:
    taken: list[CompiledDocument] = []
    (run,) = refresh_scip(root, sources(PYTHON), taken.append, real(SCIP_PYTHON))
    assert (run.error, run.documents) == (None, 3)
    by_uri = {each.uri: each for each in taken}
    assert all(fits(each.occurrences, each.text) for each in taken)
    till = by_uri["src/shop/till.py"]
    defined = {row.name: row.symbol for row in occurrences(till.occurrences) if row.defines}
    assert defined["run"] == "scip-python python root 0.0.0 `shop.till`/Till#run()."
    assert till.symbols["documentation"][till.symbols["symbol"].index(defined["Till"])] == "Takes money."
    last = [row for row in occurrences(till.occurrences) if row.name == "é"][-1]
    assert (last.start_line, last.start_character, last.end_byte - last.start_byte) == (4, 21, 2)
    used = {row.symbol for row in occurrences(by_uri["use.py"].occurrences)}
    assert {defined["Till"], defined["run"]} <= used


def test_scip_typescript_itself_resolves_across_files(root: Root) -> None:
    texts = {
        "web/till.ts": "export class Till {\n  ring(): string { return '🚀' }\n}\n",
        "web/use.ts": 'import { Till as T } from "./till";\n\nnew T().ring();\n',
    }
    taken: list[CompiledDocument] = []
    (run,) = refresh_scip(root, sources(texts), taken.append, real(SCIP_TYPESCRIPT))
    assert (run.error, run.documents) == (None, 2)
    by_uri = {each.uri: each for each in taken}
    (ring,) = [row.symbol for row in occurrences(by_uri["web/till.ts"].occurrences) if row.name == "ring"]
    parsed = parse(ring)
    assert parsed is not None
    assert (parsed.package, parsed.version) == ("root", "0.0.0")
    assert ring in by_uri["web/use.ts"].occurrences["symbol"]
