"""Whether a text shares code with the benchmark: windows of consecutive lines, white space aside, by their hash."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from training.sources import MAX_FILE_BYTES, source_language

# Five lines in a row that carry this many characters are no coincidence; `}` and `end` alone are.
WINDOW_LINES = 5
MIN_CHARACTERS = 60


def windows(text: str) -> Iterator[bytes]:
    """A hash of every WINDOW_LINES consecutive non-blank lines that carry at least MIN_CHARACTERS."""
    lines = [bare for line in text.splitlines() if (bare := "".join(line.split()))]
    for start in range(len(lines) - WINDOW_LINES + 1):
        window = "\n".join(lines[start : start + WINDOW_LINES])
        if len(window) >= MIN_CHARACTERS:
            yield blake2b(window.encode("utf-8", "replace"), digest_size=8).digest()


def folder_windows(folder: Path) -> frozenset[bytes]:
    """The windows of every source file below `folder`; about 10 MB/s."""
    found: set[bytes] = set()
    for path in sorted(folder.rglob("*")):
        if source_language(path.name) and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
            found.update(windows(path.read_text(encoding="utf-8", errors="replace")))
    return frozenset(found)


def shares_code(text: str, known: frozenset[bytes]) -> bool:
    """Whether any window of `text` is among the known ones."""
    return any(window in known for window in windows(text))
