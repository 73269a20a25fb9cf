"""An indexer for the tests: a program that reads a folder as a real one does, and misbehaves as it is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from scip_files import described, document, index_file, occurrence

_STARTER = """#!{python}
import sys
sys.path[:0] = [{tests!r}]
import fake_indexer
fake_indexer.main({behaviour!r}, sys.argv[1:])
"""


def install(folder: Path, name: str = "scip-python", behaviour: str = "well") -> Path:
    """A program of that name in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    tests = str(Path(__file__).parent)
    program.write_text(_STARTER.format(python=sys.executable, tests=tests, behaviour=behaviour))
    program.chmod(0o755)
    return program


def main(behaviour: str, arguments: list[str]) -> None:
    """Be the indexer. `behaviour` names one of the functions below; 'well' is to index and end."""
    told = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    output, folder = Path(told["--output"]), Path(told["--cwd"])
    globals()[f"_{behaviour}"](output, folder, told)


def _well(output: Path, folder: Path, told: dict[str, str]) -> None:
    sys.stdout.write("(1/2): reading\n")
    sys.stdout.flush()
    time.sleep(0.3)
    package = folder / "package.json"
    name = json.loads(package.read_text())["name"] if package.exists() else told["--project-name"]
    index_file(output, _documents(folder, name), "fake")


def _documents(folder: Path, project: str) -> Iterator[bytes]:
    """Each file whose name is that of a program, with the functions it defines."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".ts"):
            continue
        uri = path.relative_to(folder).as_posix()
        fields = []
        for number, line in enumerate(path.read_text().splitlines()):
            for found in re.finditer(r"(?:def|function) (\w+)", line):
                symbol = f"fake fake {project.replace(' ', '  ')} 0.0.0 `{uri}`/{found[1]}()."
                fields += [occurrence(symbol, number, *found.span(1), roles=1), described(symbol, "Known.")]
        yield document(uri, *fields)


def _fail(_output: Path, _folder: Path, _told: dict[str, str]) -> None:
    sys.stdout.write("x" * 10_000 + " no \x1b[31mtype\x1b[0m checker")
    sys.exit(3)


def _write_nothing(_output: Path, _folder: Path, _told: dict[str, str]) -> None:
    """End as if all were well."""


def _write_no_document(output: Path, _folder: Path, _told: dict[str, str]) -> None:
    index_file(output, [])


def _write_half(output: Path, folder: Path, told: dict[str, str]) -> None:
    _well(output, folder, told)
    output.write_bytes(output.read_bytes()[:-3])


def _write_json(output: Path, _folder: Path, _told: dict[str, str]) -> None:
    output.write_text('{"documents": []}')


def _index_elsewhere(output: Path, _folder: Path, _told: dict[str, str]) -> None:
    index_file(output, [document("../till.py"), document("other.py")])


def _grow(output: Path, _folder: Path, _told: dict[str, str]) -> None:
    with output.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 1_000_000)
            time.sleep(0.01)


def _flood(output: Path, folder: Path, told: dict[str, str]) -> None:
    for _ in range(2_000):
        sys.stdout.write("much to tell\n" * 1_000)
    _well(output, folder, told)


def _hang(_output: Path, _folder: Path, _told: dict[str, str]) -> None:
    """Start another program that does not want to end, and wait for it."""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", stubborn])
    pids = os.environ.get("FAKE_PIDS")
    if pids:
        Path(pids).write_text(f"{os.getpid()} {child.pid}")
    child.wait()


def _leave_a_child(output: Path, folder: Path, told: dict[str, str]) -> None:
    """End well, and leave a program behind that holds the output open."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(os.environ["FAKE_PIDS"]).write_text(str(child.pid))
    _well(output, folder, told)
