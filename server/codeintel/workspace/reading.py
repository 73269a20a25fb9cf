"""A discovered file's text, or why it has none; never blocks on a pipe, never reads past the limit."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from codeintel.workspace.decoding import Decoded, decode
from codeintel.workspace.files import SkippedFile, SourceFile
from codeintel.workspace.skipping import SkipRules

# A file may have become a pipe or a link since it was discovered. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file as it was at one moment: the state of the open file, its bytes as on disk, and their text."""

    file: SourceFile
    data: bytes
    decoded: Decoded


def read_source(file: SourceFile, rules: SkipRules) -> SourceText | SkippedFile | None:
    """The file's present content, or the reason to skip it; None where it no longer exists."""
    try:
        descriptor = os.open(file.path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return _unreadable(file, error)
    try:
        return _read(file, descriptor, rules)
    except OSError as error:
        return _unreadable(file, error)
    finally:
        os.close(descriptor)


def _read(file: SourceFile, descriptor: int, rules: SkipRules) -> SourceText | SkippedFile:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(file.uri, 0, status.st_mtime_ns, "no longer a regular file", status.st_ctime_ns)
    data = _read_at_most(descriptor, rules.max_bytes + 1)
    size = max(len(data), status.st_size)
    reason = rules.reason_by_stat(file.uri, size) or rules.reason_by_content(data)
    if reason:
        return SkippedFile(file.uri, size, status.st_mtime_ns, reason, status.st_ctime_ns)
    current = SourceFile(file.uri, file.path, size, status.st_mtime_ns, status.st_ctime_ns)
    return SourceText(current, data, decode(data))


def _unreadable(file: SourceFile, error: OSError) -> SkippedFile:
    reason = f"cannot be read ({error.strerror})"
    return SkippedFile(file.uri, file.size, file.mtime_ns, reason, file.ctime_ns)


def _read_at_most(descriptor: int, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(descriptor, limit)):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
