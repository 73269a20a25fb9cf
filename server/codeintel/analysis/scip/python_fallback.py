"""Rows of Python that its parser refuses, as while it is typed: what tree-sitter still finds, marked as inferred."""

from __future__ import annotations

from tree_sitter import Tree

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.python_imports import SCHEME, module_path
from codeintel.analysis.scip.symbols import PROJECT_VERSION, escaped, prefix
from codeintel.analysis.scip.tags import Naming, emit_tree
from codeintel.analysis.syntax import Language


def emit_broken_python(
    uri: str, text: str, language: Language, project: str, tree: Tree | None
) -> tuple[Columns, Columns]:
    """Definitions under the symbols that they will have again, and references to them by name."""
    package = prefix(SCHEME, "python", project, PROJECT_VERSION)
    base = f"{package}{escaped(module_path(uri).name)}/"
    return emit_tree(text, language, Naming(base, "", "inferred"), tree)
