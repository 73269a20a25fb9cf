"""The classes and functions of a Python module, looked at before their uses: attributes, bases, what is returned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codeintel.analysis.scip.python_scopes import (
    Binder,
    Binding,
    FunctionNode,
    Scope,
    ScopeKind,
    all_arguments,
    all_statements,
)
from codeintel.analysis.scip.symbols import escaped

_Assignment = tuple[ast.expr, ast.expr | None, ast.expr | None]
"""A target, what is assigned to it and its annotation, as far as they are plain."""


@dataclass(slots=True)
class ClassFacts:
    """The attributes of a class of this module, and its bases with the scope in which they are written."""

    symbol: str
    bases: list[ast.expr]
    scope: Scope
    attributes: dict[str, Binding]


@dataclass(slots=True)
class ModuleFacts:
    """What is known of a module's classes and functions, by symbol; `members` has the symbols by a member's name."""

    classes: dict[str, ClassFacts] = field(default_factory=dict)
    returns: dict[str, tuple[ast.expr, Scope]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)


class ClassSurvey:
    """Completes the facts of a module; `base` is what its symbols begin with."""

    def __init__(self, binder: Binder, base: str, facts: ModuleFacts) -> None:
        self._binder = binder
        self._base = base
        self._facts = facts
        self._scopes: dict[ast.ClassDef, Scope] = {}

    def prepare(self, body: list[ast.stmt], scope: Scope) -> None:
        """Look at the classes and functions of a body, whose names are bound already."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.scope_of(node, scope)
            elif isinstance(node, FunctionNode) and node.returns is not None:
                symbol = self._binder.define_function(node.name, scope).symbol
                self._facts.returns.setdefault(symbol, (node.returns, scope))

    def scope_of(self, node: ast.ClassDef, scope: Scope) -> Scope:
        """The scope of a class, its names bound; the class is looked at if that was not done before."""
        found = self._scopes.get(node)
        if found is None:
            found = self._scopes[node] = self._prepared(node, scope)
        return found

    def own(self, node: FunctionNode, inner: Scope, class_scope: Scope) -> None:
        """Tell a method's scope its class, and which parameter stands for the instance or the class."""
        decorators = {name_of(decorator) for decorator in node.decorator_list}
        first = next(iter([*node.args.posonlyargs, *node.args.args]), None)
        inner.owner = class_scope.prefix
        if first is not None and "staticmethod" not in decorators:
            inner.first_parameter = first.arg
            inner.is_class_method = "classmethod" in decorators or node.name == "__new__"

    def _prepared(self, node: ast.ClassDef, scope: Scope) -> Scope:
        symbol = self._binder.define_class(node.name, scope).symbol
        inner = Scope(ScopeKind.CLASS, symbol, scope)
        self._binder.bind_body(node.body, inner)
        self._facts.classes.setdefault(symbol, ClassFacts(symbol, node.bases, scope, inner.names))
        for statement in node.body:
            if isinstance(statement, FunctionNode):
                self._bind_attributes(statement, inner)
            elif isinstance(statement, ast.Assign) and "__slots__" in map(name_of, statement.targets):
                for name in _slots(statement.value):
                    inner.names.setdefault(name, Binding(symbol))
        for name, binding in inner.names.items():
            self._facts.members.setdefault(name, set()).add(binding.symbol)
        self.prepare(node.body, inner)
        return inner

    def _bind_attributes(self, method: FunctionNode, class_scope: Scope) -> None:
        """What a method assigns to attributes of its first parameter."""
        holder = Scope(ScopeKind.FUNCTION, "", class_scope)
        self.own(method, holder, class_scope)
        if holder.first_parameter is None:
            return
        for argument in all_arguments(method.args):
            self._binder.define_parameter(argument, holder)
        for statement in all_statements(method):
            for target, source, annotation in _assigned(statement):
                if isinstance(target, ast.Attribute) and name_of(target.value) == holder.first_parameter:
                    self._bind_attribute(target.attr, class_scope, holder, source, annotation)

    def _bind_attribute(
        self, name: str, scope: Scope, holder: Scope, source: ast.expr | None, annotation: ast.expr | None
    ) -> None:
        known = scope.names.get(name)
        if known is None:
            symbol = f"{self._outermost(scope.prefix)}{escaped(name)}."
            scope.names[name] = Binding(symbol, source=source, annotation=annotation, scope=holder)
        elif known.source is None and known.annotation is None and known.value is None:
            known.source, known.annotation, known.scope = source, annotation, holder

    def _outermost(self, symbol: str) -> str:
        """Where scip-python puts attributes of instances: a class inside something counts as if it stood alone."""
        return self._base + re.split(r"[#.]", symbol[len(self._base) : -1])[-1] + "#"


def name_of(node: ast.expr) -> str:
    """The name that an expression is, '' where it is none."""
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(node: ast.stmt) -> Iterator[_Assignment]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple | ast.List):
                yield from ((element, None, None) for element in target.elts)
            else:
                yield target, node.value, None
    elif isinstance(node, ast.AnnAssign):
        yield node.target, node.value, node.annotation
    elif isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor):
        yield node.target, None, None
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                yield item.optional_vars, item.context_expr, None


def _slots(node: ast.expr) -> list[str]:
    """The names in a tuple of strings, the only form in which scip-python understands `__slots__`."""
    elements = node.elts if isinstance(node, ast.Tuple) else []
    names = [
        slot.value for slot in elements if isinstance(slot, ast.Constant) and isinstance(slot.value, str)
    ]
    return names if len(names) == len(elements) else []
