"""The wire types as TypeScript, so that the extension for VS Code cannot mean anything else than the server.

Run as a module it writes vscode-client/src/protocol.ts, or the file that is named.
"""

from __future__ import annotations

import sys
import types as python_types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin

import attrs

from codeintel.analysis.kinds import KINDS
from codeintel.analysis.languages import LANGUAGE_NAMES
from codeintel.lsp.protocol import COMMANDS, METHODS, NOTIFICATIONS, WIRE_TYPES, camel_case, field_types
from codeintel.search.query import QUALIFIERS

_HEADER: Final = """// Generated from codeintel/lsp/protocol.py by protocol_typescript.py beside it: change it there.

import type { Position, Range, TextDocumentIdentifier } from 'vscode-languageclient';
"""

_WIDTH: Final = 120
"""Columns of a line, as in the rest of the extension; a longer list is put one entry a line by its formatter."""

_SIMPLE: Final[Mapping[Any, str]] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    Any: "unknown",
}


def typescript() -> str:
    """The module: an interface for each wire type, the methods with what they take and answer, the query's words."""
    interfaces = [_interface(kind) for kind in sorted(WIRE_TYPES, key=lambda kind: kind.__name__)]
    tables = [
        _table("Requests", "What each custom request takes and answers.", _pairs(METHODS)),
        _table("Commands", "What each command of the server takes and answers.", _pairs(COMMANDS)),
        _table(
            "Notifications",
            "The params of each notification that the server sends.",
            {name: kind.__name__ for name, kind in NOTIFICATIONS.items()},
        ),
    ]
    words = [
        _list("QUALIFIERS", "The qualifiers of the query language.", QUALIFIERS),
        _list("KINDS", "The values of `kind:`.", sorted(KINDS)),
        _list("LANGUAGES", "The values of `lang:`.", sorted(LANGUAGE_NAMES)),
    ]
    return "\n".join([_HEADER, *interfaces, *tables, *words])


def _interface(kind: type) -> str:
    optional = {field.name: field.default is not attrs.NOTHING for field in attrs.fields(kind)}
    fields = [
        f"  /** {meaning} */\n  {camel_case(name)}{'?' if optional[name] else ''}: {_named(wanted)};\n"
        for name, (wanted, meaning) in field_types(kind).items()
    ]
    declared = f"/** {kind.__doc__} */\n"
    if not fields:
        return f"{declared}export type {kind.__name__} = Record<string, never>;\n"
    return f"{declared}export interface {kind.__name__} {{\n{''.join(fields)}}}\n"


def _named(wanted: Any) -> str:
    arguments = [_named(argument) for argument in get_args(wanted)]
    origin = get_origin(wanted)
    if origin in (list, tuple):
        return f"{arguments[0]}[]"
    if origin is dict:
        return f"Record<string, {arguments[1]}>"
    if origin in (Union, python_types.UnionType):
        return " | ".join(dict.fromkeys(arguments))
    return _SIMPLE.get(wanted) or str(wanted.__name__)


def _pairs(table: Mapping[str, tuple[type, type]]) -> dict[str, str]:
    return {name: f"[{params.__name__}, {result.__name__}]" for name, (params, result) in table.items()}


def _table(name: str, meaning: str, rows: Mapping[str, str]) -> str:
    lines = "".join(f"  '{key}': {value};\n" for key, value in rows.items())
    return f"/** {meaning} */\nexport interface {name} {{\n{lines}}}\n"


def _list(name: str, meaning: str, values: Any) -> str:
    quoted = [f"'{value}'" for value in values]
    line = f"export const {name} = [{', '.join(quoted)}] as const;"
    if len(line) > _WIDTH:
        line = f"export const {name} = [\n" + "".join(f"  {one},\n" for one in quoted) + "] as const;"
    return f"/** {meaning} */\n{line}\n"


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("vscode-client/src/protocol.ts")
    place.write_text(typescript(), encoding="utf-8")
