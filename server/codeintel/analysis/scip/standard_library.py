"""What Python's standard library defines, as scip-python names it: from a table, a line a module, that was made by
surveying an interpreter (training/standard_library.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from codeintel.analysis.scip.symbols import escaped, prefix

VERSION = "3.11"
"""Of the table, and of the interpreter that scip-python assumes where none is configured."""

PREFIX = prefix("scip-python", "python", "python-stdlib", VERSION)
BUILTINS = "builtins"


MODULE_ATTRIBUTES = frozenset({"__name__", "__file__", "__doc__", "__dict__", "__path__", "__package__"})
"""What every module has without binding it."""

_FOLLOWED = 4
"""How often a name may point to another module's."""


@dataclass(frozen=True, slots=True)
class Defined:
    """A name of a module: its symbol, its kind: 'c' class, 'f' function, 'm' module, 'v' value."""

    symbol: str
    kind: str
    members: dict[str, str] | None = None


def knows(module: str) -> bool:
    """Whether the module, or the package it would be in, is of the standard library."""
    return module.partition(".")[0] in _tops()


def has_module(module: str) -> bool:
    """Whether this very module is in the table."""
    return module in _lines()


def module_symbol(module: str) -> str:
    """The symbol of a module itself."""
    return f"{PREFIX}{escaped(module)}/__init__:"


@cache
def defined(module: str, name: str) -> Defined | None:
    """What a module has under this name; None where it has none, or is unknown."""
    for _ in range(_FOLLOWED):
        found = _members(module).get(name)
        if found is None:
            return None
        if isinstance(found, str) and "." in found:
            module, _, name = found.rpartition(".")
            continue
        return _definition(module, name, found)
    return None


def member(class_symbol: str, name: str) -> str | None:
    """The symbol of a class's own or inherited attribute; None where the class is unknown or lacks it."""
    waiting, seen = [class_symbol], set[str]()
    while waiting:
        here = waiting.pop(0)
        members = _class_members(here)
        if here in seen or members is None:
            continue
        seen.add(here)
        if name and name in members:
            return f"{here}{escaped(name)}{'().' if members[name] == 'f' else '.'}"
        waiting += [_class_symbol(base) for base in members.get("", "").split()]
    return None


def is_symbol(symbol: str) -> bool:
    """Whether the symbol is one of the standard library's."""
    return symbol.startswith(PREFIX)


def has_class(class_symbol: str) -> bool:
    """Whether the class is in the table."""
    return _class_members(class_symbol) is not None


def _definition(module: str, name: str, found: str | dict[str, str]) -> Defined:
    base, own = f"{PREFIX}{escaped(module)}/", escaped(name)
    if isinstance(found, dict):
        return Defined(f"{base}{own}#", "c", found)
    if found == "f":
        return Defined(f"{base}{own}().", "f")
    if found == "m":
        return Defined(f"{base}{own}.", "m")
    return Defined(f"{base}{own}.{own}." if found == "a" else f"{base}{own}.", "v")


def _class_symbol(path: str) -> str:
    module, _, name = path.rpartition(".")
    return f"{PREFIX}{escaped(module)}/{escaped(name)}#"


@cache
def _class_members(class_symbol: str) -> dict[str, str] | None:
    module, _, name = class_symbol.removeprefix(PREFIX).rpartition("/")
    found = _members(module.strip("`")).get(name.removesuffix("#"))
    return found if isinstance(found, dict) else None


@cache
def _members(module: str) -> dict[str, Any]:
    line = _lines().get(module)
    members: dict[str, Any] = json.loads(line) if line else {}
    return members


@cache
def _lines() -> dict[str, str]:
    table = files(__package__).joinpath("standard_library.tsv").read_text(encoding="ascii")
    return {module: line for module, _, line in (row.partition("\t") for row in table.split("\n") if row)}


@cache
def _tops() -> frozenset[str]:
    return frozenset(module.partition(".")[0] for module in _lines())
