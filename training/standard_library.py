"""Survey the standard library of the running interpreter: which names its modules have, and of what kind.

Writes the table that server/codeintel/analysis/scip/standard_library.py reads, a line a module. Nothing but the
interpreter's own objects is looked at. Run with Python 3.11: python training/standard_library.py
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import pkgutil
import sys
import types
import typing
import warnings
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "server/codeintel/analysis/scip/standard_library.tsv"

SKIPPED = frozenset(
    "antigravity this idlelib turtledemo turtle test tkinter lib2to3 pydoc_data ensurepip venv __main__ nt msvcrt "
    "winreg winsound distutils".split()
)
"""Modules that act when imported, belong to other systems, or are no library."""

STUB_SOURCES = {
    "ast": "_ast",
    "bisect": "_bisect",
    "codecs": "_codecs",
    "csv": "_csv",
    "heapq": "_heapq",
    "operator": "_operator",
    "stat": "_stat",
    "warnings": "_warnings",
    "weakref": "_weakref",
}
"""Modules whose compiled half has stubs of its own, where indexers find what the interpreter says is in the module."""

TYPING_VALUES = frozenset({"Any", "Callable", "Generic", "Protocol", "Tuple", "Type"})
"""Classes for the interpreter, special forms in the stubs."""


def main() -> None:
    """Write the table."""
    warnings.simplefilter("ignore")
    lines = []
    for name in sorted(_module_names()):
        module = _imported(name)
        if module is not None:
            lines.append(
                f"{name}\t{json.dumps(_members(name, module), separators=(',', ':'), sort_keys=True)}\n"
            )
    TABLE.write_text("".join(lines), encoding="ascii")
    sys.stdout.write(f"{len(lines)} modules, {TABLE.stat().st_size} bytes: {TABLE}\n")


def _module_names() -> set[str]:
    tops = {name for name in sys.stdlib_module_names if not name.startswith("_")} - SKIPPED
    names = tops | set(STUB_SOURCES.values()) | {"__future__", "os.path"}
    for top in sorted(tops):
        package = _imported(top)
        for found in pkgutil.iter_modules(getattr(package, "__path__", ())):
            if not found.name.startswith("_") and found.name not in {"test", "tests"}:
                names.add(f"{top}.{found.name}")
    return names


def _imported(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except Exception:
        return None


def _members(module: str, holder: types.ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in sorted(vars(holder).items()):
        if name.startswith("_") and not (name.startswith("__") and module == "builtins"):
            continue
        if isinstance(value, types.ModuleType):
            if value.__name__ in {f"{module}.{name}", "posixpath"}:
                found[name] = "m"
        elif (description := _described(module, name, value)) is not None:
            found[name] = description
    return found


def _described(module: str, name: str, value: Any) -> Any:
    """'f' a function, 'a' an annotated value, 'v' another one, 'module.name' for what another module defines, a class
    as {member: kind}, under '' its bases.
    """
    home = _home(module, name, value)
    if home != module:
        return f"{home}.{getattr(value, '__name__', name)}"
    if module == "typing" and (name in TYPING_VALUES or not isinstance(value, type)):
        origin = typing.get_origin(value)
        is_protocol = (
            origin is not None and origin.__module__ == "collections.abc" and name not in TYPING_VALUES
        )
        is_plain = inspect.isfunction(value) and name[0].islower()
        return _class(origin) if is_protocol else "f" if is_plain else "a" if isinstance(value, bool) else "v"
    if isinstance(value, type):
        return _class(value)
    if inspect.isroutine(value):
        return "f"
    return "v" if isinstance(value, enum.Enum) else "a"


def _class(value: type) -> dict[str, str]:
    members = {key: _member_kind(value, key) for key in sorted(vars(value)) if _is_public(key)}
    bases = [f"{base.__module__}.{base.__qualname__}" for base in value.__bases__ if base is not object]
    known = [base for base in bases if base.partition(".")[0] in sys.stdlib_module_names]
    return {**members, **({"": " ".join(known)} if known else {})}


def _home(module: str, name: str, value: Any) -> str:
    if module in STUB_SOURCES.values():
        return module
    source = STUB_SOURCES.get(module)
    if source is not None and hasattr(importlib.import_module(source), name):
        return source
    if module == "collections.abc" and hasattr(typing, name):
        return "typing"
    if module == "os.path":
        return "posixpath"
    if not isinstance(value, type) and not inspect.isroutine(value):
        return module
    home = getattr(value, "__module__", None) or module
    is_known = not home.startswith("_") and home.partition(".")[0] in sys.stdlib_module_names
    is_there = is_known and getattr(_imported(home), getattr(value, "__name__", name), None) is value
    return home if is_there else module


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (
        name.startswith("__") and name not in {"__doc__", "__module__", "__dict__"}
    )


def _member_kind(owner: type, name: str) -> str:
    value = inspect.getattr_static(owner, name)
    is_computed = isinstance(value, classmethod | staticmethod | property) or inspect.isgetsetdescriptor(
        value
    )
    return "f" if is_computed or inspect.isroutine(value) else "v"


if __name__ == "__main__":
    main()
