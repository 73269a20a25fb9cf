"""A document's occurrences as lines that read well: line, name, symbol without its package, role and doubt."""

from __future__ import annotations

from textwrap import dedent

from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of

LIBRARY = "scip-python python python-stdlib 3.11 "


def listing(uri: str, source: str, *, references: bool = True, locals_too: bool = True) -> list[str]:
    """`2 name symbol`, with `def` for definitions and `?` for inferred rows; the module's own row is left out."""
    text = dedent(source)
    columns, _ = occurrences_of(uri, text, language_of(uri, text), "pkg")
    lines = []
    for line, name, symbol, roles, origin, end in zip(
        *(columns[key] for key in ("start_line", "name", "symbol", "roles", "origin", "end_byte")),
        strict=True,
    ):
        if end == 0 or (not references and roles == 8) or (not locals_too and symbol.startswith("local")):
            continue
        marks = f"{' def' if roles == 1 else ''}{' ?' if origin == 'inferred' else ''}"
        lines.append(f"{line + 1} {name} {_short(symbol)}{marks}")
    return lines


def _short(symbol: str) -> str:
    if symbol.startswith(LIBRARY):
        return f"std:{symbol.removeprefix(LIBRARY)}"
    return symbol if symbol.startswith("local") else symbol.split(" ", 4)[-1]
