"""Occurrences and symbols of one Python document in scip-python's grammar, from a walk over its syntax tree.

Only the document's own text and path are looked at. Rows follow from the scopes ('fast') or, where another file would
have to be read, from the way names are written ('inferred').
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.python_classes import ClassSurvey, ModuleFacts, name_of
from codeintel.analysis.scip.python_imports import ImportBinder, Origins, module_path
from codeintel.analysis.scip.python_members import Members
from codeintel.analysis.scip.python_scopes import (
    Binder,
    Binding,
    FunctionNode,
    Scope,
    ScopeKind,
    all_arguments,
    captured_name,
)
from codeintel.analysis.scip.python_values import Values, parsed_annotation
from codeintel.analysis.scip.python_writer import PythonWriter
from codeintel.analysis.scip.symbols import MODULE_NAME, escaped

_FROM = re.compile(r"from\s+")
_AS = re.compile(r"[^#\n]*?\bas\s+")


def emit_python(uri: str, text: str, project: str) -> tuple[Columns, Columns] | None:
    """The occurrences and symbols of a document; None where Python's parser refuses the text, or it is too deep."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _Emitter(uri, text, project).emit(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


class _Emitter:
    """The walk over one document."""

    def __init__(self, uri: str, text: str, project: str) -> None:
        self._path = module_path(uri)
        self._origins = Origins(self._path, project, text)
        self._base = f"{self._origins.prefix}{escaped(self._path.name)}/"
        self._module = Scope(ScopeKind.MODULE, self._base)
        self._binder = Binder(self._module)
        self._binder.bind_imports = ImportBinder(self._origins, self._path, self._binder.local).bind
        facts = ModuleFacts()
        self._survey = ClassSurvey(self._binder, self._base, facts)
        self._values = Values(self._origins, facts)
        self._members = Members(self._values, facts, self._binder)
        self._facts = facts
        self._rows = PythonWriter(text)
        self._called: set[ast.expr] = set()
        self._keywords: list[tuple[ast.keyword, str]] = []

    def emit(self, tree: ast.Module) -> tuple[Columns, Columns]:
        """Walk the tree; done once."""
        self._rows.module(f"{self._base}{MODULE_NAME}:", self._path.name, ast.get_docstring(tree))
        self._body(tree.body, self._module)
        for keyword, symbol in self._keywords:
            if self._rows.has_defined(symbol):
                name = keyword.arg or ""
                self._rows.reference(keyword.lineno, keyword.col_offset, name, symbol, name)
        return self._rows.columns()

    def _body(self, body: list[ast.stmt], scope: Scope) -> None:
        self._binder.bind_body(body, scope)
        self._survey.prepare(body, scope)
        self._visit_all(body, scope)

    def _visit_all(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        for node in nodes:
            if node is not None:
                self._visit(node, scope)

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        visitor = _VISITORS.get(type(node))
        if visitor is not None:
            visitor(self, node, scope)
            return
        for name in node._fields:
            part = getattr(node, name)
            if isinstance(part, ast.AST):
                self._visit(part, scope)
            elif isinstance(part, list):
                for inner in part:
                    if isinstance(inner, ast.AST):
                        self._visit(inner, scope)

    # imports

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            binding = scope.names.get(alias.asname or alias.name.partition(".")[0])
            symbol = self._origins.module_symbol(alias.name) if self._origins.is_known(alias.name) else ""
            if not symbol and binding is not None and alias.asname is None:
                symbol = binding.symbol
            if symbol:
                self._rows.reference(alias.lineno, alias.col_offset, alias.name, symbol, alias.name)
            if alias.asname is not None and binding is not None:
                column = (alias.end_col_offset or 0) - len(alias.asname.encode())
                self._rows.use(alias.end_lineno or alias.lineno, column, alias.asname, binding)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        self._source_module(node)
        for alias in node.names:
            binding = scope.names.get(alias.asname or alias.name)
            if binding is None:
                continue
            written = alias.name
            if (
                alias.asname is not None and alias.end_lineno == alias.lineno
            ):  # as scip-python: with the alias
                written = self._rows.between(alias.lineno, alias.col_offset, alias.end_col_offset or 0)
            self._rows.reference(
                alias.lineno, alias.col_offset, written, binding.symbol, alias.name, binding.is_inferred
            )

    def _source_module(self, node: ast.ImportFrom) -> None:
        """The module's name; scip-python names a relative one as if it were absolute."""
        written = "." * node.level + (node.module or "")
        column = self._rows.after(_FROM, node.lineno, node.col_offset)
        if column is not None:
            module = node.module or self._path.absolute(None, node.level)
            symbol = self._origins.module_symbol(module)
            self._rows.reference(node.lineno, column, written, symbol, module)

    # definitions

    def _function(self, node: FunctionNode, scope: Scope) -> None:
        self._visit_all(node.decorator_list, scope)
        symbol = self._binder.define_function(node.name, scope).symbol
        self._rows.head(node, symbol)
        inner = Scope(ScopeKind.FUNCTION, symbol, scope)
        if scope.kind is ScopeKind.CLASS:
            self._survey.own(node, inner, scope)
        self._arguments(node.args, inner, scope)
        self._annotation(node.returns, scope)
        self._body(node.body, inner)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> None:
        inner = Scope(ScopeKind.FUNCTION, self._binder.local(), scope)
        self._arguments(node.args, inner, scope)
        self._visit(node.body, inner)

    def _arguments(self, node: ast.arguments, inner: Scope, scope: Scope) -> None:
        for argument in all_arguments(node):
            symbol = self._binder.define_parameter(argument, inner).symbol
            self._rows.definition(argument.lineno, argument.col_offset, argument.arg, symbol)
            self._annotation(argument.annotation, scope)
        self._visit_all(node.defaults, scope)
        self._visit_all(node.kw_defaults, scope)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        self._visit_all(node.decorator_list, scope)
        inner = self._survey.scope_of(node, scope)
        bases = self._values.bases(self._facts.classes[inner.prefix])
        self._rows.head(node, inner.prefix, tuple(base.name for base in bases))
        self._visit_all(node.bases, scope)
        self._visit_all((keyword.value for keyword in node.keywords), scope)
        self._visit_all(node.body, inner)

    # names

    def _name(self, node: ast.Name, scope: Scope) -> None:
        binding = self._members.of_name(node.id, scope, self._base)
        if binding is not None:
            is_store = isinstance(node.ctx, ast.Store)
            self._rows.use(node.lineno, node.col_offset, node.id, binding, is_store)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        self._visit(node.value, scope)
        binding = self._members.of_attribute(node, scope, node in self._called)
        column = (node.end_col_offset or 0) - len(node.attr.encode())
        is_store = isinstance(node.ctx, ast.Store)
        self._rows.use(node.end_lineno or node.lineno, column, node.attr, binding, is_store)

    def _call(self, node: ast.Call, scope: Scope) -> None:
        self._called.add(node.func)
        self._visit(node.func, scope)
        self._visit_all(node.args, scope)
        called = self._values.value_of(node.func, scope) if node.keywords else None
        for keyword in node.keywords:
            if keyword.arg is not None:
                symbol, is_known = self._members.parameter(called, keyword.arg)
                self._keyword(keyword, keyword.arg, symbol, is_known)
            self._visit(keyword.value, scope)

    def _keyword(self, keyword: ast.keyword, name: str, symbol: str, is_known: bool) -> None:
        """Parameters of the document's own functions are complete at its end only."""
        if is_known and symbol.startswith(self._base):
            self._keywords.append((keyword, symbol))
        else:
            self._rows.reference(keyword.lineno, keyword.col_offset, name, symbol, name, is_inferred=True)

    def _comprehension(self, node: Any, scope: Scope) -> None:
        inner = Scope(ScopeKind.COMPREHENSION, scope.prefix, scope)
        for generator in node.generators:
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    inner.names.setdefault(target.id, Binding(self._binder.local()))
        for generator in node.generators:
            self._visit_all((generator.iter, generator.target, *generator.ifs), inner)
        self._visit_all((getattr(node, part, None) for part in ("elt", "key", "value")), inner)

    def _walrus(self, node: ast.NamedExpr, scope: Scope) -> None:
        self._binder.define_target(node.target, scope.enclosing(), node.value)
        self._visit_all((node.target, node.value), scope)

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.type is not None:
            self._visit(node.type, scope)
            line = node.type.end_lineno or node.lineno
            column = self._rows.after(_AS, line, node.type.end_col_offset or 0)
            binding = self._values.resolve(node.name, scope) if node.name is not None else None
            if node.name is not None and column is not None and binding is not None:
                self._rows.use(line, column, node.name, binding, is_store=True)
        self._visit_all(node.body, scope)

    def _declaration(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        """`global a, b`: each name where it stands."""
        for name in node.names:
            column = self._rows.after(
                re.compile(rf".*?\b(?={re.escape(name)}\b)"), node.lineno, node.col_offset
            )
            is_global = isinstance(node, ast.Global)
            binding = self._module.names.get(name) if is_global else self._values.resolve(name, scope)
            if column is not None and binding is not None:
                self._rows.use(node.lineno, column, name, binding)

    def _pattern(self, node: ast.MatchAs | ast.MatchStar, scope: Scope) -> None:
        if isinstance(node, ast.MatchAs) and node.pattern is not None:
            self._visit(node.pattern, scope)
        name = captured_name(node)
        binding = self._values.resolve(name, scope) if name is not None else None
        if name is not None and binding is not None:
            self._rows.use(
                node.end_lineno, node.end_col_offset - len(name.encode()), name, binding, is_store=True
            )

    # annotations

    def _annotated_assignment(self, node: ast.AnnAssign, scope: Scope) -> None:
        self._visit(node.target, scope)
        self._annotation(node.annotation, scope)
        self._visit_all((node.value,), scope)

    def _annotation(self, node: ast.expr | None, scope: Scope) -> None:
        """An annotation; quoted parts are looked into where they stand in one piece."""
        if node is None:
            return
        for quoted in _quoted(node):
            parsed = parsed_annotation(str(quoted.value)) if quoted.lineno == quoted.end_lineno else None
            if parsed is not None:
                _move(parsed, quoted.lineno, quoted.col_offset + 1)
                self._visit(parsed, scope)
        self._visit(node, scope)

    # what would be deep

    def _binary(self, node: ast.BinOp, scope: Scope) -> None:
        """A long chain leans to the left: it is walked, not descended."""
        waiting: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            waiting.append(left.right)
            left = left.left
        self._visit(left, scope)
        self._visit_all(reversed(waiting), scope)

    def _if(self, node: ast.If, scope: Scope) -> None:
        """A long `elif` chain is nested to the right: it is walked, too."""
        while True:
            self._visit(node.test, scope)
            self._visit_all(node.body, scope)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                break
            node = node.orelse[0]
        self._visit_all(node.orelse, scope)


def _quoted(node: ast.expr) -> Iterator[ast.Constant]:
    """The strings of an annotation that stand for types; those of `Literal` are values."""
    waiting: list[ast.AST] = [node]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Constant):
            if isinstance(inner.value, str):
                yield inner
        elif not (isinstance(inner, ast.Subscript) and _last_name(inner.value) == "Literal"):
            waiting += ast.iter_child_nodes(inner)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else name_of(node)


def _move(tree: ast.expr, line: int, column: int) -> None:
    """Put the nodes of a quoted expression where they stand in the document."""
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.keyword):
            node.lineno = node.end_lineno = line
            node.col_offset += column
            node.end_col_offset = (node.end_col_offset or 0) + column


_VISITORS: dict[type[ast.AST], Callable[[_Emitter, Any, Scope], None]] = {
    ast.Name: _Emitter._name,
    ast.Attribute: _Emitter._attribute,
    ast.Call: _Emitter._call,
    ast.FunctionDef: _Emitter._function,
    ast.AsyncFunctionDef: _Emitter._function,
    ast.Lambda: _Emitter._lambda,
    ast.ClassDef: _Emitter._class,
    ast.ListComp: _Emitter._comprehension,
    ast.SetComp: _Emitter._comprehension,
    ast.GeneratorExp: _Emitter._comprehension,
    ast.DictComp: _Emitter._comprehension,
    ast.NamedExpr: _Emitter._walrus,
    ast.AnnAssign: _Emitter._annotated_assignment,
    ast.ExceptHandler: _Emitter._handler,
    ast.Global: _Emitter._declaration,
    ast.Nonlocal: _Emitter._declaration,
    ast.MatchAs: _Emitter._pattern,
    ast.MatchStar: _Emitter._pattern,
    ast.BinOp: _Emitter._binary,
    ast.If: _Emitter._if,
    ast.Import: _Emitter._import,
    ast.ImportFrom: _Emitter._import_from,
}
