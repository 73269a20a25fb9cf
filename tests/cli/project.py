"""A small project of a few languages, and what running the program on it gives."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import codeintel

INDEXCTL = (sys.executable, "-c", "import sys; from codeintel.entry import indexctl; sys.exit(indexctl())")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(codeintel.__file__).parents[1])}

FILES = {
    "app/retry.py": '''"""Trying again, later each time."""


def retry_with_backoff(call, attempts=5):
    """Call until it succeeds; wait longer after each failure."""
    for attempt in range(attempts):
        try:
            return call()
        except OSError:
            sleep(2**attempt)
    raise TimeoutError("out of patience")
''',
    "app/colour.py": '''class Colour:
    """Red, green and blue from 0 to 255."""

    def __init__(self, text):
        self.parts = bytes.fromhex(text.removeprefix("#"))

    def brightness(self):
        return sum(self.parts) / 3
''',
    "app/storage.py": '''def save_message(path, message):
    """Write a message durably: a temporary file, fsync, then rename."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(message)
    temporary.replace(path)
''',
    "tests/test_retry.py": """def test_retry_with_backoff_gives_up():
    assert retry_with_backoff(None, attempts=0)
""",
    "docs/guide.md": "# Guide\n\nHow retries work: each attempt waits twice as long as the one before.\n",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the program printed, and its exit code."""

    code: int
    out: str
    err: str


Program = Callable[..., Run]


def write_project(folder: Path) -> Path:
    """The project of FILES in `folder`."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
