"""What an import of a Python module brings in: the symbol of a module or name, from the document's own path and text.

Other files are never read. What is in them is guessed from how it is written (`Name` is a class, `NAME` a constant,
`name` a function) and marked as inferred; the standard library is known by its table.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from codeintel.analysis.modules import name_of
from codeintel.analysis.scip import standard_library
from codeintel.analysis.scip.python_scopes import Binding, Scope, Value, ValueKind
from codeintel.analysis.scip.symbols import MODULE_NAME, PROJECT_VERSION, escaped, prefix

SCHEME = "scip-python"
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\(")
_OPENED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\.")
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class ModulePath:
    """A module's dotted name, and whether it is a package's `__init__`."""

    name: str
    is_package: bool

    def absolute(self, module: str | None, level: int) -> str:
        """The module that `from ..module import` names; leading dots beyond the top are dropped."""
        if not level:
            return module or ""
        parts = self.name.split(".")
        kept = len(parts) - level + (1 if self.is_package else 0)
        return ".".join([*parts[: max(kept, 0)], *([module] if module else [])])


def module_path(uri: str) -> ModulePath:
    """The module of a document; what has no module's name is called by its file's."""
    stem = uri.rpartition("/")[2].rpartition(".")[0]
    return ModulePath(name_of(uri, "python")[0] or stem or uri, stem == MODULE_NAME)


class Origins:
    """The symbols of what a document imports."""

    def __init__(self, path: ModulePath, project: str, text: str) -> None:
        self._path = path
        self.prefix = prefix(SCHEME, "python", project, PROJECT_VERSION)
        top = path.name.partition(".")[0]
        self._tops = {top, project, project.replace("-", "_").lower()}
        self._called = set(_CALLED.findall(text))
        self._opened = set(_OPENED.findall(text)) - self._called

    def is_own(self, module: str) -> bool:
        """Whether a module, by its first name, is one of the project's."""
        return module.partition(".")[0] in self._tops

    def is_known(self, module: str) -> bool:
        """Whether anything can be said of what the module defines."""
        return standard_library.knows(module) or self.is_own(module)

    def module_symbol(self, module: str) -> str:
        """The symbol of a module itself."""
        if standard_library.knows(module):
            return standard_library.module_symbol(module)
        return f"{self.prefix}{escaped(module)}/{MODULE_NAME}:"

    def imported(self, module: str, name: str, known_as: str = "") -> Binding | None:
        """What `from module import name as known_as` brings in; None where nothing can be said of the module."""
        if standard_library.knows(module):
            return self._of_library(module, name)
        return self._guessed(module, name, known_as or name) if self.is_own(module) else None

    def builtin(self, name: str) -> Binding | None:
        """What a name means that no scope binds; functions with one form only are left to the caller."""
        if name in standard_library.MODULE_ATTRIBUTES or name == "NotImplemented":
            return Binding(f"{standard_library.PREFIX}builtins/{name}#")
        found = standard_library.defined(standard_library.BUILTINS, name)
        return self._of_library(standard_library.BUILTINS, name) if found is not None else None

    def attribute(self, module: str, name: str) -> Binding | None:
        """What `module.name` is."""
        binding = self.imported(module, name)
        if module == "typing" and binding is not None and name[:1].isupper() and name not in _PLAIN_TYPING:
            return Binding(f"{standard_library.PREFIX}builtins/{name}#", value=binding.value)
        return binding

    def _of_library(self, module: str, name: str) -> Binding | None:
        found = standard_library.defined(module, name)
        if found is None:
            inner = f"{module}.{name}"
            if standard_library.has_module(inner):
                return Binding(standard_library.module_symbol(inner), value=Value(ValueKind.MODULE, inner))
            return Binding(self._conventional(standard_library.PREFIX, module, name), is_inferred=True)
        if found.kind == "m":
            return Binding(found.symbol, value=Value(ValueKind.MODULE, f"{module}.{name}"))
        kind = _VALUE_KINDS.get(found.kind)
        return Binding(found.symbol, value=Value(kind, found.symbol) if kind else None)

    def _guessed(self, module: str, name: str, known_as: str) -> Binding:
        if known_as in self._opened and name.islower():
            inner = f"{module}.{name}"
            return Binding(self.module_symbol(inner), True, Value(ValueKind.MODULE, inner))
        symbol = self._conventional(self.prefix, module, name)
        kind = {"#": ValueKind.CLASS, ")": ValueKind.FUNCTION}.get(symbol.rstrip(".")[-1])
        return Binding(symbol, True, Value(kind, symbol) if kind else None)

    def _conventional(self, package: str, module: str, name: str) -> str:
        """The symbol of a name that is written as is usual for what it names."""
        base = f"{package}{escaped(module)}/{escaped(name)}"
        if _CONSTANT.fullmatch(name) and name not in self._called:
            return f"{base}."
        return base + ("#" if name.lstrip("_")[:1].isupper() else "().")


_PLAIN_TYPING = frozenset({"Any", "TYPE_CHECKING"})
"""Names of `typing` that scip-python finds there also as `typing.X`; the others it finds in `builtins`."""

_VALUE_KINDS = {"c": ValueKind.CLASS, "f": ValueKind.FUNCTION}


class ImportBinder:
    """Binds what imports bring into a scope; `local` gives symbols for what nothing is known of."""

    def __init__(self, origins: Origins, path: ModulePath, local: Callable[[], str]) -> None:
        self._origins = origins
        self._path = path
        self._local = local

    def bind(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        """Bind the names of one import; the first binding of a name stays."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                if name not in scope.names:
                    module = alias.name if alias.asname else name
                    scope.names[name] = self._module(module, is_alias=alias.asname is not None)
            return
        module = self._path.absolute(node.module, node.level)
        for alias in node.names:
            name = alias.asname or alias.name
            if name != "*" and name not in scope.names:
                scope.names[name] = self._name(module, alias)

    def _module(self, module: str, is_alias: bool) -> Binding:
        is_local = is_alias or not self._origins.is_known(module)
        symbol = self._local() if is_local else self._origins.module_symbol(module)
        return Binding(symbol, value=Value(ValueKind.MODULE, module))

    def _name(self, module: str, alias: ast.alias) -> Binding:
        found = self._origins.imported(module, alias.name, alias.asname or alias.name)
        if found is None:
            return Binding(self._local(), value=Value(ValueKind.MODULE, f"{module}.{alias.name}"))
        is_module = found.value is not None and found.value.kind is ValueKind.MODULE
        return Binding(self._local(), value=found.value) if is_module and alias.asname is not None else found
