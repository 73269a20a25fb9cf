"""docs/protocol.md, generated from the wire types, so that the page cannot say anything else than the code.

Run as a module it writes the page to the file that is named.
"""

from __future__ import annotations

import sys
import types as python_types
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin

import attrs

from codeintel.lsp import faults
from codeintel.lsp.protocol import COMMANDS, METHODS, NOTIFICATIONS, WIRE_TYPES, camel_case, field_types

_INTRODUCTION: Final = f"""# Protocol

Generated from `codeintel/lsp/protocol.py`. The server speaks LSP 3.17; this page has what it adds to it. Names
are camelCase on the wire. A null is an absent field, unknown fields are ignored.

Of the standard methods it answers `textDocument/hover` (why the last search hit this line),
`workspace/symbol` (the search itself) and, where settings switch them on, `textDocument/definition`,
`textDocument/references`, `textDocument/documentSymbol` and `textDocument/codeLens`. Where the client lets methods be
registered these four are registered when a setting wants them; else they are announced as the initialization options
have them. A lens runs `codeintel.server.references` or `codeintel.server.similar`, whose answer a
client can show. The server follows open documents edit by edit (incremental synchronisation: unsaved text
is searched), `workspace/didChangeWatchedFiles` where the client offers to watch, `workspace/didChangeWorkspaceFolders`
and `workspace/didChangeConfiguration`, and shows indexing as cancellable work-done progress. Ranges count in the
negotiated position encoding: utf-8, utf-16 or utf-32. Every request can be cancelled.

## Errors

| code | when | `data` |
|---|---|---|
| {faults.INVALID_PARAMS} | a parameter is missing, of the wrong type, or cannot be carried out | `field`, `reason`; \
in queries with a bad qualifier `column`, 0-based |
| {faults.REQUEST_FAILED} | nothing is searchable yet | `retry` (true), `retryAfterMs` |
| {faults.REQUEST_FAILED} | the workspace, the index or a model cannot be used; the message says what to do | |
| {faults.REQUEST_CANCELLED} | the request was cancelled | |
| {faults.METHOD_NOT_FOUND} | there is no such method | |
| {faults.INTERNAL_ERROR} | a bug; the server's log has the trace | |
"""

_COMMANDS: Final = """
## Commands

For `workspace/executeCommand`. The arguments are one object with the fields of the params, or their values in
order. They do what the requests do, plus upkeep, for clients without code of their own.

| command | params | result |
|---|---|---|
"""


def protocol_page() -> str:
    """The page as Markdown."""
    requests = "\n".join(_row(name, *pair) for name, pair in METHODS.items())
    commands = "\n".join(_row(name, *pair) for name, pair in COMMANDS.items())
    told = "\n".join(f"| `{name}` | {_link(params)} |" for name, params in NOTIFICATIONS.items())
    types = "".join(_type(kind) for kind in sorted(WIRE_TYPES, key=lambda kind: kind.__name__))
    return (
        f"{_INTRODUCTION}\n## Requests\n\n| method | params | result |\n|---|---|---|\n{requests}\n"
        f"{_COMMANDS}{commands}\n\n## Notifications\n\nFrom the server.\n\n| method | params |\n|---|---|\n{told}\n"
        f"\n## Types\n{types}"
    )


def _row(name: str, params: type, result: type) -> str:
    return f"| `{name}` | {_link(params)} | {_link(result)} |"


def _type(kind: type) -> str:
    defaults = {field.name: field.default is not attrs.NOTHING for field in attrs.fields(kind)}
    rows = [
        f"| `{camel_case(name)}`{'?' if defaults[name] else ''} | {_named(wanted)} | {meaning} |"
        for name, (wanted, meaning) in field_types(kind).items()
    ]
    table = ["", "| field | type | meaning |", "|---|---|---|", *rows] if rows else []
    return "\n".join([f"\n### {kind.__name__}", "", kind.__doc__ or "", *table]) + "\n"


def _named(wanted: Any) -> str:
    """A type as TypeScript would write it."""
    arguments = [_named(argument) for argument in get_args(wanted)]
    if get_origin(wanted) is list:
        return f"{arguments[0]}[]"
    if get_origin(wanted) is dict:
        return f"{{ [name]: {arguments[1]} }}"
    if get_origin(wanted) in (Union, python_types.UnionType):
        return " \\| ".join(arguments)
    simple = {
        str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", Any: "any",
    }  # fmt: skip
    return simple.get(wanted) or _link(wanted)


def _link(kind: type) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})" if kind in WIRE_TYPES else f"`{kind.__name__}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(protocol_page(), encoding="utf-8")
