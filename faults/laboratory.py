"""A folder for one row's experiments, with a user's state and cache of its own, and the projects indexed in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LANGUAGES: Final[tuple[tuple[str, str], ...]] = (
    (
        "py",
        'class {name}:\n    """Keeps the {word} of one {other}."""\n\n    def {word}_of(self, {other}):\n'
        "        return self.{word}s[{other}] + {number}\n\n\ndef {word}_{number}({other}):\n"
        "    return {name}().{word}_of({other})\n",
    ),
    (
        "ts",
        "export class {name} {{\n  // the {word} of one {other}\n  {word}Of({other}: string): number {{\n"
        "    return this.{word}s[{other}] + {number};\n  }}\n}}\n\n"
        "export function {word}{number}({other}: string) {{\n  return new {name}().{word}Of({other});\n}}\n",
    ),
    (
        "go",
        "package {word}\n\n// {name} keeps the {word} of one {other}.\n"
        "type {name} struct {{ {word}s map[string]int }}\n\n"
        "func (k *{name}) {word}Of({other} string) int {{\n\treturn k.{word}s[{other}] + {number}\n}}\n",
    ),
    (
        "md",
        "# {name}\n\nHow the {word} of a {other} is kept.\n\n## Number {number}\n\nEach {other} has one.\n",
    ),
)

WORDS: Final = (
    "retry", "queue", "signature", "budget", "route", "timer", "ledger", "cursor", "parcel", "beacon",
    "socket", "tariff", "anchor", "basket", "voucher", "canal", "engine", "folder", "garden", "harbour",
)  # fmt: skip

QUERIES: Final = (
    "retry of one queue",
    "class Ledger",
    "kind:method lang:python",
    "how a voucher is kept",
    "path:*.go",
)
"""What the answers of an index are compared by: words, a symbol, and filters that leave many equal candidates."""


@contextmanager
def laboratory() -> Iterator[Path]:
    """A folder that is removed in the end; the user's own state and cache are not touched meanwhile."""
    with tempfile.TemporaryDirectory(prefix="codeintel-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        with environment({"XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}):
            yield folder


@contextmanager
def environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """This process's environment, changed for the block."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def project(folder: Path, files: int = 12) -> Path:
    """A small project in four languages; the same for the same number of files."""
    for number in range(files):
        uri, text = source(number)
        write(folder / uri, text)
    return folder


def source(number: int) -> tuple[str, str]:
    """The path and the text of a project's n-th file."""
    suffix, template = LANGUAGES[number % len(LANGUAGES)]
    word = WORDS[number % len(WORDS)]
    other = WORDS[(number * 7 + 3) % len(WORDS)]
    name = f"{word.title()}{number}"
    folder = f"part_{number // 50}" if number >= 50 else "src"
    return f"{folder}/{word}_{number}.{suffix}", template.format(
        name=name, word=word, other=other, number=number
    )


def write(path: Path, text: str | bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder` with nothing of the user's configuration."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=faults", "-c", "user.email=faults@localhost", "-c", "gc.auto=0")
    command = ["git", "-C", str(folder), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **settings})


def copy(folder: Path, target: Path) -> Path:
    """A copy of a workspace without its index; links are copied as links."""
    shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns(".codeintel"))
    return target


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
