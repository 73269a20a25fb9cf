"""The types of the messages in an `index.scip`, made at run time.

The field numbers are those of scip.proto; only fields that are read have a name here. Enumerations are declared as
integers and strings as bytes, which is the same on the wire, so that a value from a newer schema or a string that is
not UTF-8 costs that value and not the file. Loading this takes 50 ms, which only those pay who have such a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

__all__ = ["DecodeError", "message_type"]

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


@cache
def message_type(name: str) -> Any:
    """The class of a message of the schema above."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_schema())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


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
