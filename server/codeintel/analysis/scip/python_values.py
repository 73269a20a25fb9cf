"""What an expression of a Python module holds, where its text tells: a module, a class, an instance, a function.

A few steps of inference, no type checker: literals, annotations, calls of classes, `self`, attributes of classes that
the module defines. What is not known is None, never a guess.
"""

from __future__ import annotations

import ast

from codeintel.analysis.scip import standard_library
from codeintel.analysis.scip.python_classes import ClassFacts, ModuleFacts
from codeintel.analysis.scip.python_imports import Origins
from codeintel.analysis.scip.python_scopes import Binding, Scope, Value, ValueKind

MAX_STEPS = 12
"""Names and attributes that are followed for one answer (guess: real chains are shorter, cycles are cut)."""

MAX_BASES = 64
"""Classes that are looked into for one inherited attribute (guess)."""

_LITERALS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
}
_TRANSPARENT = frozenset({"Optional", "Final", "ClassVar", "Annotated", "Required", "NotRequired"})
"""Annotations that are about their first argument."""


class Values:
    """Answers for one document; bindings are completed by and by, hence nothing is remembered."""

    def __init__(self, origins: Origins, facts: ModuleFacts) -> None:
        self._origins = origins
        self._facts = facts

    def resolve(self, name: str, scope: Scope) -> Binding | None:
        """The binding of a name, the builtins' included."""
        found = scope.find(name)
        return found[0] if found is not None else self._origins.builtin(name)

    def value_of(self, node: ast.expr | None, scope: Scope, steps: int = MAX_STEPS) -> Value | None:
        """What the expression holds when it is evaluated in this scope."""
        if steps <= 0 or node is None:
            return None
        match node:
            case ast.Name():
                return self._value_of_name(node.id, scope, steps)
            case ast.Attribute():
                owner = self.value_of(node.value, scope, steps - 1)
                binding = self.member(owner, node.attr, steps - 1) if owner is not None else None
                return self._held(binding, scope, steps - 1) if binding is not None else None
            case ast.Call():
                return self._value_of_call(node, scope, steps)
            case ast.Await():
                return self.value_of(node.value, scope, steps - 1)
            case ast.Constant():
                return (
                    _builtin(type(node.value).__name__) if isinstance(node.value, str | bytes | int) else None
                )
            case ast.BoolOp():
                return self.value_of(node.values[-1], scope, steps - 1)
            case ast.BinOp(op=ast.Mod() | ast.Add() | ast.Div()):
                return self.value_of(node.left, scope, steps - 1)
            case ast.NamedExpr():
                return self.value_of(node.value, scope, steps - 1)
            case _:
                literal = _LITERALS.get(type(node))
                return _builtin(literal) if literal else None

    def annotated(self, node: ast.expr | None, scope: Scope, steps: int = MAX_STEPS) -> Value | None:
        """An instance of what the annotation names."""
        if steps <= 0 or node is None:
            return None
        match node:
            case ast.Constant(value=str()):
                return self._quoted(str(node.value), scope, steps)
            case ast.BinOp(op=ast.BitOr()):
                left = self.annotated(node.left, scope, steps - 1)
                return (
                    left
                    if _is_none(node.right)
                    else self.annotated(node.right, scope, steps - 1)
                    if _is_none(node.left)
                    else left
                )
            case ast.Subscript():
                return self._subscripted(node, scope, steps)
            case ast.Name() | ast.Attribute():
                return self._instance(self.value_of(node, scope, steps - 1))
            case _:
                return None

    def member(self, owner: Value, name: str, steps: int = MAX_STEPS) -> Binding | None:
        """The attribute of a module, class or instance."""
        if steps <= 0:
            return None
        if owner.kind is ValueKind.MODULE:
            return self._origins.attribute(owner.name, name)
        if owner.kind is ValueKind.FUNCTION:
            return None
        facts = self._facts.classes.get(owner.name)
        if facts is None:
            symbol = standard_library.member(owner.name, name)
            return Binding(symbol) if symbol is not None else None
        found = facts.attributes.get(name)
        if found is not None:
            return found
        return self._inherited(facts, name, steps)

    def bases(self, facts: ClassFacts, steps: int = MAX_STEPS) -> list[Value]:
        """The classes that a class of this module names as its bases."""
        found = (self.value_of(_unsubscripted(base), facts.scope, steps - 1) for base in facts.bases)
        return [value for value in found if value is not None and value.kind is ValueKind.CLASS]

    def _inherited(self, facts: ClassFacts, name: str, steps: int) -> Binding | None:
        """The attribute of the nearest class that this one derives from, by the classes that this module shows."""
        waiting, seen = self.bases(facts, steps), {facts.symbol}
        while waiting and len(seen) <= MAX_BASES:
            base = waiting.pop(0)
            if base.name in seen:
                continue
            seen.add(base.name)
            known = self._facts.classes.get(base.name)
            symbol = standard_library.member(base.name, name) if known is None else None
            found = known.attributes.get(name) if known is not None else Binding(symbol) if symbol else None
            if found is not None:
                return found
            waiting += self.bases(known, steps - 1) if known is not None else []
        return None

    def _value_of_name(self, name: str, scope: Scope, steps: int) -> Value | None:
        found = scope.find(name)
        if found is None:
            binding = self._origins.builtin(name)
            return binding.value if binding is not None else None
        binding, holder = found
        if holder.first_parameter == name and holder.owner is not None:
            return Value(ValueKind.CLASS if holder.is_class_method else ValueKind.INSTANCE, holder.owner)
        return self._held(binding, holder, steps)

    def _held(self, binding: Binding, scope: Scope, steps: int) -> Value | None:
        if binding.value is not None:
            return binding.value
        scope = binding.scope or scope
        if binding.annotation is not None:
            return self.annotated(binding.annotation, scope, steps - 1)
        return self.value_of(binding.source, scope, steps - 1)

    def _value_of_call(self, node: ast.Call, scope: Scope, steps: int) -> Value | None:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return self._parent_class(scope, steps)
        called = self.value_of(node.func, scope, steps - 1)
        if called is None:
            return None
        if called.kind is ValueKind.FUNCTION:
            returned, holder = self._facts.returns.get(called.name, (None, scope))
            return self.annotated(returned, holder, steps - 1)
        return self._instance(called)

    def _parent_class(self, scope: Scope, steps: int) -> Value | None:
        here: Scope | None = scope
        while here is not None and here.owner is None:
            here = here.parent
        facts = self._facts.classes.get(here.owner) if here is not None and here.owner is not None else None
        return next(iter(self.bases(facts, steps)), None) if facts is not None else None

    def _subscripted(self, node: ast.Subscript, scope: Scope, steps: int) -> Value | None:
        base = node.value
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        if name in _TRANSPARENT:
            inner = (
                node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            )
            return self.annotated(inner, scope, steps - 1)
        if name in {"type", "Type"}:
            found = self.annotated(node.slice, scope, steps - 1)
            return Value(ValueKind.CLASS, found.name) if found is not None else None
        return self.annotated(base, scope, steps - 1)

    def _quoted(self, text: str, scope: Scope, steps: int) -> Value | None:
        parsed = parsed_annotation(text)
        return self.annotated(parsed, scope, steps - 1)

    @staticmethod
    def _instance(value: Value | None) -> Value | None:
        return (
            Value(ValueKind.INSTANCE, value.name)
            if value is not None and value.kind is ValueKind.CLASS
            else None
        )


def parsed_annotation(text: str) -> ast.expr | None:
    """The expression in a quoted annotation; None where it is none."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _builtin(name: str) -> Value | None:
    found = standard_library.defined(standard_library.BUILTINS, name)
    return Value(ValueKind.INSTANCE, found.symbol) if found is not None else None


def _unsubscripted(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
