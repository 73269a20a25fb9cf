"""The indexers that we run: where they are found, for which languages, and what each has to be told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from codeintel.analysis.scip.symbols import PROJECT_VERSION
from codeintel.indexing.scip_process import Errand, IndexerMissing, clean_environment, search_path
from codeintel.indexing.scip_shadow import Shadow
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root, contains

TIMEOUT_SECONDS = 600.0
"""Default of what an indexer is given; scrapy took 52 s."""

_SCRIPT_SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
"""What the compiler of TypeScript reads; another suffix in the list of its files is an error."""


@dataclass(frozen=True, slots=True)
class IndexerOptions:
    """What a person chooses: by indexer's name its program, a name on the search path or an absolute path."""

    commands: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Indexer:
    """A program that writes an `index.scip`.

    `configure` writes what it needs into the copy of the project and gives its arguments, given the project's name and
    the file to write.
    """

    name: str
    languages: frozenset[str]
    setting: str
    configure: Callable[[Shadow, str, Path], list[str]]
    install: str


def errand_for(indexer: Indexer, root: Root, shadow: Shadow, options: IndexerOptions) -> Errand:
    """How to run an indexer over a copy of the root's documents. IndexerMissing where it is not installed."""
    program = find_program(indexer, root, options)
    output = shadow.scratch / "index.scip"
    arguments = indexer.configure(shadow, root.name, output)
    return Errand(
        indexer.name,
        [str(program), *arguments],
        shadow.project,
        clean_environment(root, shadow.scratch),
        output,
        options.timeout_seconds,
    )


def find_program(indexer: Indexer, root: Root, options: IndexerOptions) -> Path:
    """The program to run. IndexerMissing where there is none outside the root: nothing of a workspace is run."""
    command = options.commands.get(indexer.name) or indexer.name
    path = Path(command).expanduser() if command.startswith("~") else Path(command)
    if len(path.parts) > 1 and not path.is_absolute():
        raise IndexerMissing(
            f"{indexer.setting} is the relative path {printable(command)}.",
            "Give an absolute path, or a name on the search path.",
        )
    found = shutil.which(path, path=search_path(root))
    if found is None:
        raise IndexerMissing(
            f"There is no program {printable(command)}.",
            f"{indexer.install}, or name it in {indexer.setting}.",
        )
    if contains(root, found) or Path(found).is_relative_to(root.path):
        raise IndexerMissing(
            f"{printable(found)} lies in the workspace, of which nothing is run.",
            f"{indexer.install} elsewhere.",
        )
    return Path(found)


def _configure_python(shadow: Shadow, project: str, output: Path) -> list[str]:
    """Tell scip-python where modules begin, and that no package is installed: it would ask pip otherwise."""
    folders = {
        parent for uri in shadow.documents for parent in PurePosixPath(uri).parents if parent.name == "src"
    }
    # Given a list of its own, it leaves out no folder by its name.
    configuration = {
        "pythonPlatform": "Linux",
        "include": ["."],
        "exclude": [],
        "extraPaths": sorted(str(folder) for folder in folders),
    }
    shadow.write("pyrightconfig.json", json.dumps(configuration))
    environment = shadow.scratch / "environment.json"
    environment.write_text("[]")
    # Without a version it asks git; a relative folder gives an empty index and no error.
    return [
        "index", "--cwd", str(shadow.project), "--output", str(output), "--environment", str(environment),
        "--project-name", project, "--project-version", PROJECT_VERSION, "--show-progress-rate-limit", "1",
    ]  # fmt: skip


def _configure_typescript(shadow: Shadow, project: str, output: Path) -> list[str]:
    """Make all documents one project, with the name and version that its symbols shall have."""
    compiler = {
        "allowJs": True,
        "allowSyntheticDefaultImports": True,
        "esModuleInterop": True,
        "experimentalDecorators": True,
        "jsx": "preserve",
        "lib": ["esnext", "dom", "dom.iterable"],
        "module": "esnext",
        "moduleResolution": "node",
        "noEmit": True,
        "skipLibCheck": True,
        "target": "esnext",
        "types": [],
    }
    files = sorted(uri for uri in shadow.documents if uri.endswith(_SCRIPT_SUFFIXES))
    shadow.write("tsconfig.json", json.dumps({"compilerOptions": compiler, "files": files}))
    escaped = project.replace(" ", "  ")  # as symbols have it; the indexer does not see to that
    shadow.write("package.json", json.dumps({"name": escaped, "version": PROJECT_VERSION}))
    return ["index", "--cwd", str(shadow.project), "--output", str(output), "--no-progress-bar"]


SCIP_PYTHON = Indexer(
    "scip-python",
    frozenset({"python"}),
    "scip.python_command",
    _configure_python,
    "Install it with `npm install --global @sourcegraph/scip-python`",
)
SCIP_TYPESCRIPT = Indexer(
    "scip-typescript",
    frozenset({"typescript", "tsx", "javascript"}),
    "scip.typescript_command",
    _configure_typescript,
    "Install it with `npm install --global @sourcegraph/scip-typescript`",
)
INDEXERS = (SCIP_PYTHON, SCIP_TYPESCRIPT)
