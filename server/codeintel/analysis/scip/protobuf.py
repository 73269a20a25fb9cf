"""The wire format of `index.scip`: the file walked message by message, and its messages parsed.

What the messages mean to the index is reader.py's business, their fields are in messages.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from codeintel.errors import CodeIntelError

METADATA: Final = 1
"""The field of the index that holds what made it; the file begins with it."""
DOCUMENT: Final = 2
"""The field of the index that holds one document; there are many."""
PATH: Final = 1
"""The field of a document that holds its path."""
OCCURRENCE: Final = 2
"""The field of a document that holds one occurrence; there are many."""

_KNOWN_FIELDS = frozenset({METADATA, DOCUMENT, 3})  # 3: symbols of other packages, which are not read
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types; 3 and 4, groups, no schema of this kind has
_MAX_VARINT_BYTES = 10


class ScipIndexError(CodeIntelError):
    """A file that is not a whole SCIP index: empty, cut short, damaged, too large or something else."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a field's content lies in a file or in a message: bytes from `start` to `end`."""

    field: int
    start: int
    end: int


def parsed(name: str, data: bytes, place: str) -> Any:
    """The message of that type in `data`. ScipIndexError where it is none; `place` says where it was found."""
    from codeintel.analysis.scip.messages import (  # who finds no index need not load it
        DecodeError,
        message_type,
    )

    try:
        return message_type(name).FromString(data)
    except DecodeError as error:
        raise damaged(place, f"a {name} that cannot be read") from error


def frames_of_file(file: BinaryIO, place: str) -> Iterator[Frame]:
    """The fields of the index in a file, their content passed over unread.

    ScipIndexError where the file is empty, ends within a field, or begins with none that an index has. The file's
    position belongs to this iterator until it ends.
    """
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise ScipIndexError(f"The index {place} is empty.", "Run its indexer again.")
    file.seek(0)
    first = True
    while (at := file.tell()) < size:
        frame = _frame(file, at, size, place)
        if first and frame.field not in _KNOWN_FIELDS:
            raise damaged(place, "something that is not a SCIP index")
        first = False
        yield frame
        file.seek(frame.end)


def _frame(file: BinaryIO, at: int, size: int, place: str) -> Frame:
    """The field that begins at `at`; only one of bytes has content."""
    head = file.read(2 * _MAX_VARINT_BYTES)
    try:
        frame = _frame_in(head, 0, size - at)
    except ValueError as error:
        raise damaged(place, f"{error} at byte {at:,}") from error
    return Frame(frame.field, at + frame.start, at + frame.end)


def frames_of_message(data: bytes) -> Iterator[Frame]:
    """The fields of a message, in order. ValueError where it ends within one."""
    at = 0
    while at < len(data):
        frame = _frame_in(data, at, len(data))
        yield frame
        at = frame.end


def _frame_in(data: bytes, at: int, size: int) -> Frame:
    """The field whose tag stands at `at` in `data`, of which `size` bytes exist though not all need be there."""
    tag, at = _varint(data, at)
    if not tag >> 3:
        raise ValueError("no field of a SCIP index")
    wire_type = tag & 7
    if wire_type == _BYTES:
        length, at = _varint(data, at)
        end = at + length
    elif wire_type == _VARINT:
        _, at = _varint(data, at)
        end = at
    elif wire_type in (_FIXED32, _FIXED64):
        end = at + (4 if wire_type == _FIXED32 else 8)
    else:
        raise ValueError("no field of a SCIP index")
    if end > size:
        raise ValueError("the end of the file, within a field")
    return Frame(tag >> 3 if wire_type == _BYTES else 0, at, end)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at` and where it ends."""
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        if at + shift >= len(data):
            raise ValueError("the end of the file, within a field")
        byte = data[at + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    raise ValueError("no field of a SCIP index")


def damaged(place: str, found: str) -> ScipIndexError:
    """The error of an index that holds something else than it should."""
    return ScipIndexError(f"The index {place} cannot be used: found {found}.", "Run its indexer again.")
