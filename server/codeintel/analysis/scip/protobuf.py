"""The wire format of `index.scip`: message types made at run time, and the file walked message by message.

What the messages mean to the index is reader.py's business. The field numbers are those of scip.proto; only fields that
are read have a name here. Enumerations are declared as integers and strings as bytes, which is the same on the wire, so
that a value from a newer schema or a string that is not UTF-8 costs that value and not the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Final

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from codeintel.errors import CodeIntelError

_PACKAGE = "codeintel.scip"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Mapping[str, Any] = {
    "int32": _Field.TYPE_INT32,
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
}
_MANY: Final = "*"
"""Before the type of a repeated field."""

# Name of the message, then of each field its name, number and type.
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "ToolInfo": {"name": (1, "bytes"), "version": (2, "bytes")},
    "Metadata": {"tool_info": (2, "ToolInfo"), "project_root": (3, "bytes")},
    "SingleLineRange": {"line": (1, "int32"), "start_character": (2, "int32"), "end_character": (3, "int32")},
    "MultiLineRange": {
        "start_line": (1, "int32"),
        "start_character": (2, "int32"),
        "end_line": (3, "int32"),
        "end_character": (4, "int32"),
    },
    "Occurrence": {
        "range": (1, "*int32"),
        "symbol": (2, "bytes"),
        "symbol_roles": (3, "int32"),
        "enclosing_range": (7, "*int32"),
        "single_line_range": (8, "SingleLineRange"),
        "multi_line_range": (9, "MultiLineRange"),
        "single_line_enclosing_range": (10, "SingleLineRange"),
        "multi_line_enclosing_range": (11, "MultiLineRange"),
    },
    "Relationship": {
        "symbol": (1, "bytes"),
        "is_reference": (2, "bool"),
        "is_implementation": (3, "bool"),
        "is_type_definition": (4, "bool"),
        "is_definition": (5, "bool"),
    },
    "Signature": {"text": (5, "bytes")},
    "SymbolInformation": {
        "symbol": (1, "bytes"),
        "documentation": (3, "*bytes"),
        "relationships": (4, "*Relationship"),
        "kind": (5, "int32"),
        "display_name": (6, "bytes"),
        "signature_documentation": (7, "Signature"),
        "enclosing_symbol": (8, "bytes"),
    },
    "Document": {
        "relative_path": (1, "bytes"),
        "occurrences": (2, "*Occurrence"),
        "symbols": (3, "*SymbolInformation"),
        "text": (5, "bytes"),
        "position_encoding": (6, "int32"),
    },
}

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


@cache
def message_type(name: str) -> Any:
    """The class of a message of the schema above."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_schema())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def parsed(name: str, data: bytes, place: str) -> Any:
    """The message of that type in `data`. ScipIndexError where it is none; `place` says where it was found."""
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


def _schema() -> Any:
    schema = descriptor_pb2.FileDescriptorProto(
        name="codeintel/scip.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = schema.message_type.add(name=name)
        for field, (number, type_name) in fields.items():
            _declare(message.field.add(name=field, number=number), type_name)
    return schema


def _declare(field: Any, type_name: str) -> None:
    field.label = _Field.LABEL_REPEATED if type_name.startswith(_MANY) else _Field.LABEL_OPTIONAL
    name = type_name.removeprefix(_MANY)
    field.type = _SCALARS.get(name, _Field.TYPE_MESSAGE)
    if name not in _SCALARS:
        field.type_name = f".{_PACKAGE}.{name}"
