"""Where the names of a Python document stand, as rows: from what its parser says of nodes to checked spans."""

from __future__ import annotations

import ast
import re

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.python_scopes import Binding, FunctionNode
from codeintel.analysis.scip.rows import DEFINITION, READ_ACCESS, Origin, Rows, Span
from codeintel.analysis.scip.source_text import SourceText

_FUNCTION_HEAD = re.compile(r"(?:async\s+)?def\s+")
_CLASS_HEAD = re.compile(r"class\s+")


class PythonWriter:
    """The rows of one document in the making; a name that does not stand where it should gets none.

    Lines are those of `ast`, from 1; columns are bytes of the line.
    """

    def __init__(self, text: str) -> None:
        self._source = SourceText(text)
        self._rows = Rows()
        self._defined: set[str] = set()

    def columns(self) -> tuple[Columns, Columns]:
        """All rows so far."""
        return self._rows.columns()

    def has_defined(self, symbol: str) -> bool:
        """Whether a definition of the symbol was written."""
        return symbol in self._defined

    def module(self, symbol: str, name: str, documentation: str | None) -> None:
        """The document itself, at its first character."""
        self._rows.add_occurrence(symbol, name, Span(0, 0, 0, 0, 0), DEFINITION, "fast")
        self._rows.add_symbol(symbol, documentation)

    def use(self, line: int, column: int, name: str, binding: Binding, is_store: bool = False) -> None:
        """A name; the first that stores into its variable defines it."""
        is_definition = is_store and not binding.is_inferred and binding.symbol not in self._defined
        if is_definition:
            self.definition(line, column, name, binding.symbol)
        else:
            self.reference(line, column, name, binding.symbol, name, binding.is_inferred)

    def definition(self, line: int, column: int, name: str, symbol: str) -> None:
        """A name that its symbol is defined by."""
        span = self._source.span(line - 1, column, name)
        if span is not None:
            self._defined.add(symbol)
            self._rows.add_occurrence(symbol, name, span, DEFINITION, "fast")
            self._rows.add_symbol(symbol)

    def reference(
        self, line: int, column: int, written: str, symbol: str, name: str, is_inferred: bool = False
    ) -> None:
        """A use of a symbol, written in this way."""
        span = self._source.span(line - 1, column, written)
        if span is not None:
            origin: Origin = "inferred" if is_inferred else "fast"
            self._rows.add_occurrence(symbol, name, span, READ_ACCESS, origin)

    def head(self, node: FunctionNode | ast.ClassDef, symbol: str, implements: tuple[str, ...] = ()) -> None:
        """The name of a function or class after its keyword, with the whole definition, decorators included."""
        pattern = _CLASS_HEAD if isinstance(node, ast.ClassDef) else _FUNCTION_HEAD
        column = self.after(pattern, node.lineno, node.col_offset)
        span = self._source.span(node.lineno - 1, column, node.name) if column is not None else None
        if span is None:
            return
        first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
        start = self._source.byte_of(first - 1, node.col_offset)
        end = self._source.byte_of((node.end_lineno or node.lineno) - 1, node.end_col_offset or 0)
        self._defined.add(symbol)
        self._rows.add_occurrence(symbol, node.name, span, DEFINITION, "fast", (start, end))
        self._rows.add_symbol(symbol, ast.get_docstring(node), self._signature(node), implements)

    def after(self, pattern: re.Pattern[str], line: int, column: int) -> int | None:
        """The column behind what the pattern matches at a column; None where it does not."""
        text = self._source.lines[line - 1]
        if text.isascii():
            found = pattern.match(text, column)
            return found.end() if found is not None else None
        start = len(text.encode()[:column].decode("utf-8", "ignore"))
        found = pattern.match(text, start)
        return len(text[: found.end()].encode()) if found is not None else None

    def between(self, line: int, start: int, end: int) -> str:
        """The text of a line between two columns."""
        text = self._source.lines[line - 1]
        return text[start:end] if text.isascii() else text.encode()[start:end].decode("utf-8", "replace")

    def _signature(self, node: FunctionNode | ast.ClassDef) -> str:
        """The head of a definition as it stands in the text, on one line, without the colon."""
        first = node.body[0]
        decorators = getattr(first, "decorator_list", [])
        last = min((decorator.lineno for decorator in decorators), default=first.lineno)
        lines = self._source.lines[node.lineno - 1 : last - 1]
        lines.append(self.between(last, 0, first.col_offset) if last == first.lineno else "")
        written = (line for line in lines if not line.lstrip().startswith("#"))
        return " ".join(" ".join(written).split()).rstrip(": ")
