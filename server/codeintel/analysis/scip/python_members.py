"""Which attribute `owner.name` means, down to a guess by its name alone where nothing is known of the owner."""

from __future__ import annotations

import ast

from codeintel.analysis.scip import standard_library
from codeintel.analysis.scip.python_classes import ModuleFacts
from codeintel.analysis.scip.python_scopes import Binder, Binding, Scope, Value, ValueKind
from codeintel.analysis.scip.python_values import Values
from codeintel.analysis.scip.symbols import escaped

BUILTIN = f"{standard_library.PREFIX}{standard_library.BUILTINS}/"

_OVERLOADED = frozenset(
    "aiter anext compile divmod getattr iter max min next open pow print round sorted sum vars".split()
)
"""Builtin functions with several signatures; only of these does scip-python know the symbol, others it makes local."""

_PREFERRED = {"get": "dict", "copy": "dict", "pop": "dict", "index": "list", "count": "str"}
"""Methods of several builtin types, with the one that they are meant for most often (guess)."""


class Members:
    """The bindings of attributes and of names that the module does not bind, for one document."""

    def __init__(self, values: Values, facts: ModuleFacts, binder: Binder) -> None:
        self._values = values
        self._facts = facts
        self._binder = binder
        self._unknown: dict[tuple[str, str], str] = {}

    def of_name(self, name: str, scope: Scope, module: str) -> Binding | None:
        """What a name means; names that every module has stand for the `module`'s namespace."""
        binding = self._values.resolve(name, scope)
        if binding is None or not binding.symbol.startswith(BUILTIN) or scope.find(name) is not None:
            return binding
        if name in standard_library.MODULE_ATTRIBUTES:
            return Binding(module)
        if binding.symbol.endswith("().") and name not in _OVERLOADED:
            return Binding(self._unknown_symbol(standard_library.BUILTINS, name))
        return binding

    def of_attribute(self, node: ast.Attribute, scope: Scope, is_called: bool) -> Binding:
        """What an attribute means."""
        owner = self._values.value_of(node.value, scope)
        if owner is None or owner.kind is ValueKind.FUNCTION:
            return self._by_name(node.attr, is_called)
        binding = self._values.member(owner, node.attr)
        if binding is not None:
            return binding
        if owner.kind is ValueKind.MODULE:
            return Binding(self._unknown_symbol(owner.name, node.attr))
        if standard_library.has_class(owner.name):
            return self._by_name(node.attr, is_called)
        return Binding(f"{self._holder(owner)}{escaped(node.attr)}{'().' if is_called else '.'}", True)

    def parameter(self, called: Value | None, name: str) -> tuple[str, bool]:
        """The symbol of a function's parameter, and whether the function is known; a new one where it is not."""
        if called is None or called.kind in (ValueKind.MODULE, ValueKind.INSTANCE):
            return self._binder.local(), False
        function = called.name
        if called.kind is ValueKind.CLASS:
            initialiser = self._values.member(called, "__init__")
            function = initialiser.symbol if initialiser is not None else f"{called.name}__init__()."
        return f"{function}({name})", True

    def _holder(self, owner: Value) -> str:
        """The class of another file that an attribute is inherited from, or the class itself."""
        facts = self._facts.classes.get(owner.name)
        if facts is None:
            return owner.name
        bases = (base.name for base in self._values.bases(facts))
        return next((base for base in bases if base not in self._facts.classes), owner.name)

    def _by_name(self, name: str, is_called: bool) -> Binding:
        """That of the only class here that has one of this name, or of a builtin type that is known by it; otherwise
        one symbol for all of this name.
        """
        symbols = self._facts.members.get(name, ())
        if len(symbols) == 1:
            return Binding(next(iter(symbols)), True)
        telling = _TELLING.get(name) if is_called else None
        return Binding(telling or self._unknown_symbol("", name), True)

    def _unknown_symbol(self, module: str, name: str) -> str:
        """The local symbol of a name of a module that nothing is known of: one for all its uses."""
        symbol = self._unknown.get((module, name))
        if symbol is None:
            symbol = self._unknown[module, name] = self._binder.local()
        return symbol


def _telling_methods() -> dict[str, str]:
    """Methods of the common builtin types by name."""
    found = dict(_PREFERRED)
    for kind in ("str", "list", "dict", "set", "bytes"):
        defined = standard_library.defined(standard_library.BUILTINS, kind)
        for method in (defined.members or ()) if defined is not None else ():
            if not method.startswith("_"):
                found.setdefault(method, kind)
    return {method: f"{BUILTIN}{kind}#{method}()." for method, kind in found.items() if method}


_TELLING = _telling_methods()
