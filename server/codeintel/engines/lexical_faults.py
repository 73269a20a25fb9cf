"""What tantivy raises, translated into the errors of this package; nothing else is caught here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeintel.errors import IndexCorrupt, IndexLocked, IndexTrouble

REBUILD = "Delete the folder; it is rebuilt from the chunks table."


@contextmanager
def as_corrupt(folder: Path | None) -> Iterator[None]:
    """Reading: whatever tantivy cannot read is an IndexCorrupt."""
    try:
        yield
    except BaseException as error:
        if not _from_tantivy(error):
            raise
        message = f"The lexical index in {folder or 'memory'} cannot be read: {_brief(error)}."
        raise IndexCorrupt(message, REBUILD) from error


@contextmanager
def as_trouble(folder: Path | None, action: str) -> Iterator[None]:
    """Writing: a held lock is an IndexLocked, all else an IndexTrouble that says what could not be done."""
    try:
        yield
    except BaseException as error:
        if not _from_tantivy(error):
            raise
        if "LockBusy" in str(error):
            raise IndexLocked(f"Another process writes the lexical index in {folder}.") from error
        message = f"The lexical index in {folder or 'memory'} could not {action}: {_brief(error)}."
        raise IndexTrouble(
            message, "What was committed is intact; free disk space, then try again."
        ) from error


def _from_tantivy(error: BaseException) -> bool:
    """tantivy raises built-in exceptions; a Rust panic derives from BaseException and has no public class."""
    return isinstance(error, (ValueError, RuntimeError, OSError)) or type(error).__name__ == "PanicException"


def _brief(error: BaseException) -> str:
    return str(error).strip().rstrip(".").partition("\n")[0][:300]
