"""Scopes of a Python module: which names each binds, to which symbol; where those names are used is the emitter's part.

Symbols are formed as scip-python 0.6 forms them. Its rules that one would not guess: an annotated variable of a module
is `X.X.`; a function inside a method is a member of the class (`Class#inner().`); variables of functions and
comprehensions, and aliases of imported modules, are local to the document.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from codeintel.analysis.scip.symbols import escaped

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class ScopeKind(Enum):
    """What a scope belongs to; only functions' names are local."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    COMPREHENSION = "comprehension"


class ValueKind(Enum):
    """What a name or expression holds, as far as the module's text tells."""

    MODULE = "module"
    CLASS = "class"
    INSTANCE = "instance"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Value:
    """`name` is a module's dotted name, the symbol of a class (also for its instances), or that of a function."""

    kind: ValueKind
    name: str


@dataclass(slots=True)
class Binding:
    """A name's symbol in its scope; `is_inferred` where it was guessed from the way the name is written.

    `value` is what it holds where that is known at once; otherwise `source` or `annotation` tell.
    """

    symbol: str
    is_inferred: bool = False
    value: Value | None = None
    source: ast.expr | None = None
    annotation: ast.expr | None = None
    scope: Scope | None = None


@dataclass(slots=True)
class Scope:
    """A module, class, function or comprehension; `prefix` is what the symbols of its names begin with.

    `owner` is the class of a method, `first_parameter` its first parameter, usually `self` or `cls`.
    """

    kind: ScopeKind
    prefix: str
    parent: Scope | None = None
    owner: str | None = None
    first_parameter: str | None = None
    is_class_method: bool = False
    names: dict[str, Binding] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)

    def enclosing(self) -> Scope:
        """The nearest scope, this one included, that is no comprehension."""
        scope = self
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> tuple[Binding, Scope] | None:
        """The binding that a use of the name in this scope means; classes are not looked into from inside."""
        scope: Scope | None = self
        sees_class = True
        while scope is not None:
            if scope.kind is not ScopeKind.CLASS or sees_class:
                found = scope.names.get(name)
                if found is not None:
                    return found, scope
            sees_class = sees_class and scope.kind is ScopeKind.COMPREHENSION
            scope = scope.parent
        return None


ImportsBinder = Callable[[ast.Import | ast.ImportFrom, Scope], None]
"""Binds what an import brings into a scope."""


class Binder:
    """Binds the names of one module, scope by scope, before their uses are looked at."""

    def __init__(self, module: Scope) -> None:
        self._module = module
        self._local_count = 0
        self.bind_imports: ImportsBinder = lambda _node, _scope: None

    def local(self) -> str:
        """The next symbol that only this document knows."""
        symbol = f"local {self._local_count}"
        self._local_count += 1
        return symbol

    def bind_body(self, body: Iterable[ast.stmt], scope: Scope) -> None:
        """Bind what the statements of a scope define, those of nested blocks included, of nested scopes not."""
        waiting: list[Iterator[ast.stmt]] = [iter(body)]
        while waiting:
            statement = next(waiting[-1], None)
            if statement is None:
                waiting.pop()
            else:
                self._bind_statement(statement, scope)
                if not isinstance(statement, _SCOPES):
                    waiting.append(_inner_statements(statement))

    def define_function(self, name: str, scope: Scope) -> Binding:
        """The binding of a function; one inside a method belongs to the class."""
        holder: Scope | None = scope
        while holder is not None and holder.kind is not ScopeKind.CLASS:
            holder = holder.parent if holder.kind is not ScopeKind.MODULE else None
        prefix = holder.prefix if holder is not None and scope.kind is not ScopeKind.CLASS else scope.prefix
        symbol = f"{prefix}{escaped(name)}()."
        return self._bound(scope, name, lambda: symbol, Value(ValueKind.FUNCTION, symbol))

    def define_class(self, name: str, scope: Scope) -> Binding:
        """The binding of a class."""
        symbol = f"{scope.prefix}{escaped(name)}#"
        return self._bound(scope, name, lambda: symbol, Value(ValueKind.CLASS, symbol))

    def define_parameter(self, argument: ast.arg, scope: Scope) -> Binding:
        """The binding of a parameter in the function's own scope."""
        binding = Binding(
            f"{scope.prefix}({argument.arg})", annotation=argument.annotation, scope=scope.parent
        )
        return scope.names.setdefault(argument.arg, binding)

    def define_target(
        self,
        target: ast.expr,
        scope: Scope,
        source: ast.expr | None = None,
        annotation: ast.expr | None = None,
    ) -> None:
        """Bind the names of an assignment's target; parts of a tuple hold nothing that is known."""
        if isinstance(target, ast.Name):
            self.define_variable(target.id, scope, source, annotation)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.define_target(element, scope)
        elif isinstance(target, ast.Starred):
            self.define_target(target.value, scope)

    def define_variable(
        self, name: str, scope: Scope, source: ast.expr | None = None, annotation: ast.expr | None = None
    ) -> Binding:
        """The binding of a variable, in the module where `global` says so; a second value makes it unknown."""
        if name in scope.global_names:
            scope = self._module
        outer = scope.parent.find(name) if name in scope.nonlocal_names and scope.parent else None
        found = outer[0] if outer else scope.names.get(name)
        if found is not None:
            found.source = None
            return found
        found = Binding(self._variable_symbol(name, scope, annotation is not None))
        found.source, found.annotation, found.scope = source, annotation, scope
        scope.names[name] = found
        return found

    def _variable_symbol(self, name: str, scope: Scope, is_annotated: bool) -> str:
        if scope.kind is ScopeKind.MODULE:
            own = f"{escaped(name)}."
            return scope.prefix + own + (own if is_annotated else "")
        return f"{scope.prefix}{escaped(name)}." if scope.kind is ScopeKind.CLASS else self.local()

    def _bound(self, scope: Scope, name: str, symbol: Callable[[], str], value: Value) -> Binding:
        if name in scope.global_names:
            scope = self._module
        found = scope.names.get(name)
        if found is None:
            found = scope.names[name] = Binding(symbol(), value=value)
        return found

    def _bind_statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.Assign():
                for target in node.targets:
                    self.define_target(target, scope, node.value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.define_function(node.name, scope)
            case ast.ClassDef():
                self.define_class(node.name, scope)
            case ast.AnnAssign():
                if isinstance(node.target, ast.Name) and scope.kind is ScopeKind.MODULE:
                    scope.names.pop(node.target.id, None)
                self.define_target(node.target, scope, node.value, node.annotation)
            case ast.AugAssign() | ast.For() | ast.AsyncFor():
                self.define_target(node.target, scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        self.define_target(item.optional_vars, scope, item.context_expr)
            case ast.Import() | ast.ImportFrom():
                self.bind_imports(node, scope)
            case ast.Global():
                scope.global_names.update(node.names)
            case ast.Nonlocal():
                scope.nonlocal_names.update(node.names)
            case ast.Try() | ast.TryStar():
                for handler in node.handlers:
                    if handler.name is not None:
                        self.define_variable(handler.name, scope)
            case ast.Match():
                self._bind_patterns(node, scope)
            case _:
                pass

    def _bind_patterns(self, node: ast.Match, scope: Scope) -> None:
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                name = captured_name(pattern)
                if name is not None:
                    self.define_variable(name, scope)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def all_arguments(node: ast.arguments) -> list[ast.arg]:
    """The parameters in the order in which they are written."""
    starred = [node.vararg] if node.vararg is not None else []
    last = [node.kwarg] if node.kwarg is not None else []
    return [*node.posonlyargs, *node.args, *starred, *node.kwonlyargs, *last]


def captured_name(pattern: ast.AST) -> str | None:
    """The name that a pattern of `match` binds."""
    if isinstance(pattern, ast.MatchAs | ast.MatchStar):
        return pattern.name
    return pattern.rest if isinstance(pattern, ast.MatchMapping) else None


def all_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Every statement inside this one, those of nested functions and classes included."""
    waiting = [_inner_statements(node)]
    while waiting:
        statement = next(waiting[-1], None)
        if statement is None:
            waiting.pop()
        else:
            yield statement
            waiting.append(_inner_statements(statement))


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, _FLAT):
        return
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, part, ()):
            if isinstance(inner, ast.ExceptHandler | ast.match_case):
                yield from inner.body
            else:
                yield inner


_FLAT = (
    ast.Assign,
    ast.Expr,
    ast.Return,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Import,
    ast.ImportFrom,
    ast.Raise,
    ast.Assert,
)
"""Statements without others inside, the common ones."""
