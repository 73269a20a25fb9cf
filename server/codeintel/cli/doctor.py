"""`indexctl doctor`: whether what indexing and searching need is there, and what to do where it is not."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from codeintel import __version__
from codeintel.cli.console import shown, stdout_console
from codeintel.cli.documents import Document, print_documents
from codeintel.cli.failures import TROUBLE
from codeintel.cli.figures import duration
from codeintel.cli.opening import settings_of
from codeintel.cli.options import Surface, common_options
from codeintel.errors import CodeIntelError
from codeintel.options import EMBEDDED, TRANSFORMERS_PREFIX
from codeintel.settings import FILE_NAME, OptionWarning
from codeintel.workspace.roots import open_root

ENGINES: Final = ("faiss-cpu", "tantivy", "onnxruntime", "pyarrow", "tree-sitter", "pygls")
SELF_TEST: Final = {
    "retry.py": "def retry_with_backoff(call, attempts):\n    for _ in range(attempts):\n        call()\n",
    "colour.py": "def parse_colour(text):\n    return tuple(bytes.fromhex(text))\n",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: what was found, and where it is a problem, what to do."""

    subject: str
    found: str
    problem: bool = False
    remedy: str = ""


@click.command()
@common_options
@click.pass_context
def doctor(ctx: click.Context, surface: Surface) -> None:
    """Look for what codeintel needs, and try it on two files.

    Exit code 3 means that something is a problem; its line says what to do.

    \b
    indexctl doctor
    """
    problems = False
    console = stdout_console()
    documents: list[Document] = []
    for diagnosis in _diagnoses(surface):
        problems |= diagnosis.problem
        if surface.for_people:
            _print(console, diagnosis)
        else:
            documents.append(_document(diagnosis))
    if documents:
        print_documents(documents, surface.format)
    ctx.exit(TROUBLE if problems else 0)


def _diagnoses(surface: Surface) -> Iterator[Diagnosis]:
    yield Diagnosis(
        "codeintel", f"{__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}"
    )
    yield Diagnosis("cores", str(os.cpu_count() or 1))
    yield _engines()
    yield _git(surface.folders)
    settings, dropped = settings_of(surface.folders)
    for warning in dropped:
        remedy = "Correct it, or take it out: it has no effect."
        yield Diagnosis(_source_of(warning), f"{warning.option}: {warning.message}", True, remedy)
    for folder in surface.folders:
        yield from _examined(str(folder), partial(_folder, folder))
    yield from _examined("models", partial(_models, settings.model.folder))
    yield from _examined("self-test", _self_test)


def _examined(subject: str, examine: Callable[[], Diagnosis]) -> Iterator[Diagnosis]:
    """What `examine` finds; an error of it is the finding, so that the next line is still printed."""
    try:
        yield examine()
    except CodeIntelError as error:
        yield Diagnosis(subject, error.message, problem=True, remedy=error.remedy)
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        yield Diagnosis(
            subject, f"{type(error).__name__}: {error}", problem=True, remedy="Reinstall codeintel."
        )


def _engines() -> Diagnosis:
    try:
        return Diagnosis("engines", ", ".join(f"{name} {version(name)}" for name in ENGINES))
    except PackageNotFoundError as error:
        return Diagnosis("engines", f"{error.name} is missing", problem=True, remedy="Reinstall codeintel.")


def _git(folders: Sequence[Path]) -> Diagnosis:
    git = shutil.which("git")
    # A git that lies in the workspace is not run, as in discovery.
    if git is None or any(Path(git).resolve().is_relative_to(folder.resolve()) for folder in folders):
        return Diagnosis("git", "not found; .gitignore files are read without it, more slowly")
    run = subprocess.run([git, "--version"], capture_output=True, text=True, check=False)
    return Diagnosis("git", run.stdout.strip().removeprefix("git version "))


def _folder(folder: Path) -> Diagnosis:
    """The folder can be read, its index can be read and written, and who is writing it."""
    from codeintel.catalog.folder import FOLDER_NAME
    from codeintel.service import Service

    settings, _ = settings_of([folder])
    root = open_root(folder)
    index_folder = settings.index.folder or root.path / FOLDER_NAME
    state = "not indexed yet"
    if index_folder.exists():
        Service.open([folder], settings, readonly=True).close()
        state = _writer_of(index_folder)
    if not os.access(index_folder if index_folder.exists() else index_folder.parent, os.W_OK):
        remedy = "The index will be held in memory; make the folder writable to keep it."
        return Diagnosis(str(root.path), f"{index_folder} cannot be written", problem=True, remedy=remedy)
    return Diagnosis(str(root.path), f"readable, index writable, {state}")


def _writer_of(index_folder: Path) -> str:
    from codeintel.catalog.lock import WriterLock
    from codeintel.errors import IndexLocked

    try:
        WriterLock(index_folder).release()
    except IndexLocked as error:
        return f"in use: {error.message}"
    except OSError:  # a read-only medium, which is told apart
        return "nobody can write it"
    return "nobody else is writing it"


def _source_of(warning: OptionWarning) -> str:
    """Where the option stands: codeintel.toml also where the file as a whole was dropped."""
    return FILE_NAME if warning.option == FILE_NAME else warning.source


def _models(chosen: str) -> Diagnosis:
    """The models that `model.folder` chooses can be opened, and their files are as published."""
    from codeintel.models.files import CHECKSUMS
    from codeintel.models.folder import load_models, model_card, verify

    if chosen.startswith(TRANSFORMERS_PREFIX):
        return Diagnosis("models", load_models(chosen).encoder.model_id)
    source = None if chosen == EMBEDDED else Path(chosen)
    names = ", ".join(card.model_id for card in model_card(source))
    if source is not None and not (source / CHECKSUMS).is_file():
        return Diagnosis("models", f"{names}: no {CHECKSUMS} to compare with")
    return Diagnosis("models", f"{names}: {len(verify(source))} files verified")


def _self_test() -> Diagnosis:
    """Index two files down to the meaning tier and find one of them by a paraphrase."""
    from codeintel.service import SearchRequest, Service

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="codeintel-doctor-") as folder:
        for name, text in SELF_TEST.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        settings = settings_of([Path(folder)])[0]
        settings = replace(
            settings, model=replace(settings.model, cache="off")
        )  # it is the encoder that is tested
        with Service.open([Path(folder)], settings) as service:
            service.index()
            hits = service.search(SearchRequest("try again several times")).hits
    if not hits or hits[0].chunk.uri != "retry.py":
        return Diagnosis(
            "self-test", "the search missed", problem=True, remedy="Run `indexctl model`, then reinstall."
        )
    return Diagnosis("self-test", f"indexed, encoded and found in {duration(time.perf_counter() - started)}")


def _print(console: Console, diagnosis: Diagnosis) -> None:
    mark = ("✗ ", "bold red") if diagnosis.problem else ("✓ ", "green")
    console.print(Text.assemble(mark, (f"{shown(diagnosis.subject)}: ", "bold"), shown(diagnosis.found)))
    if diagnosis.problem and diagnosis.remedy:
        console.print(Text(f"  {shown(diagnosis.remedy)}", "yellow"))


def _document(diagnosis: Diagnosis) -> Document:
    return {
        "subject": diagnosis.subject,
        "ok": not diagnosis.problem,
        "found": diagnosis.found,
        "remedy": diagnosis.remedy or None,
    }
