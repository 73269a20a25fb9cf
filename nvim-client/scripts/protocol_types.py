"""lua/codeintel/protocol.lua, the protocol's types for the Lua language server, written from the server's own.

PYTHONPATH=server python nvim-client/scripts/protocol_types.py nvim-client/lua/codeintel/protocol.lua
"""

from __future__ import annotations

import sys
import types as python_types
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin

import attrs

from codeintel.lsp.protocol import WIRE_TYPES, camel_case, field_types

_OPENING: Final = """\
---The protocol's types, which scripts/protocol_types.py writes from codeintel/lsp/protocol.py; a test compares.
---@meta
"""
_SIMPLE: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def protocol_types() -> str:
    """The file."""
    classes = "".join(_class(kind) for kind in sorted(WIRE_TYPES, key=lambda kind: kind.__name__))
    return f"{_OPENING}{classes}"


def _class(kind: type) -> str:
    optional = {field.name for field in attrs.fields(kind) if field.default is not attrs.NOTHING}
    lines = [f"---{(kind.__doc__ or '').splitlines()[0]}", f"---@class codeintel.{kind.__name__}"]
    for name, (wanted, meaning) in field_types(kind).items():
        mark = "?" if name in optional else ""
        lines.append(f"---@field {camel_case(name)}{mark} {_named(wanted)} {meaning}")
    return "\n" + "\n".join(lines) + "\n"


def _named(wanted: Any) -> str:
    """A type as LuaLS writes it; a null is a field that is not there, or vim.NIL in a table of values."""
    if get_origin(wanted) is list:
        return f"{_named(get_args(wanted)[0])}[]"
    if get_origin(wanted) is dict:
        return f"table<string, {_named(get_args(wanted)[1])}>"
    if get_origin(wanted) in (Union, python_types.UnionType):
        return "|".join(_named(one) for one in get_args(wanted) if one is not type(None))
    if wanted in _SIMPLE:
        return _SIMPLE[wanted]
    return f"codeintel.{wanted.__name__}" if wanted in WIRE_TYPES else f"lsp.{wanted.__name__}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(protocol_types(), encoding="utf-8")
