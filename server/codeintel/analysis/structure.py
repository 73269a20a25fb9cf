"""The structure tier of one document: syntax nodes, concrete nodes, occurrences, symbols and its module.

Each part is a pure function of (uri, text, language, project), so that an updated index equals a rebuilt one.
"""

from dataclasses import dataclass
from logging import getLogger

from tree_sitter import Tree

from codeintel.analysis.columns import Columns, empty_columns
from codeintel.analysis.concrete_rows import COLUMNS as CONCRETE_COLUMNS
from codeintel.analysis.concrete_rows import ConcreteNodes
from codeintel.analysis.imports import imports_of
from codeintel.analysis.languages import parse
from codeintel.analysis.modules import ModuleRow, module_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.syntax import Language
from codeintel.analysis.syntax_nodes import syntax_nodes
from codeintel.workspace.decoding import without_lone_surrogates

__all__ = ["Columns", "ModuleRow", "Structure", "structure_of"]

_log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Structure:
    """One document's rows by table.

    `cst` is None where the text cannot be parsed now: the last rows stay, marked stale. Empty lists mean that
    there is no concrete tree for this language, or that the document is over its limits (`module.status`).
    """

    ast: Columns
    cst: Columns | None
    occurrences: Columns
    symbols: Columns
    module: ModuleRow


def structure_of(uri: str, text: str, language: Language, project: str) -> Structure:
    """Everything that the structure tier knows of one document; never raises on any text.

    `uri` is relative to the root, with '/'; `project` is the name that symbols carry. Time and memory are bounded by
    the text's length and the limits of each part; what was left out for them is in `module.status`.
    """
    text = without_lone_surrogates(text)
    data = text.encode()
    tree, trouble = _tree(data, language)
    nodes = syntax_nodes(tree, data, language)
    concrete = _concrete_nodes(text, language, tree)
    status = "; ".join(filter(None, (trouble, nodes.status, concrete.status)))
    module = module_of(uri, text, language, imports_of(nodes.importing, language), status)
    occurrences, symbols = occurrences_of(uri, text, language, project, tree)
    return Structure(nodes.columns, concrete.columns, occurrences, symbols, module)


def _tree(data: bytes, language: Language) -> tuple[Tree | None, str]:
    """The syntax tree where there is one, and what went wrong where there should be."""
    if language.syntax is None:
        return None, ""
    try:
        return parse(data, language.syntax), ""
    except (ValueError, ImportError, AttributeError) as trouble:
        _log.warning("no %s parser: %s", language.name, trouble)
        return None, "no syntax nodes: the parser gave up"


def _concrete_nodes(text: str, language: Language, tree: Tree | None) -> ConcreteNodes:
    if language.name != "python":
        return ConcreteNodes(empty_columns(CONCRETE_COLUMNS))
    from codeintel.analysis.concrete_nodes import (
        concrete_nodes,  # in the process that needs LibCST, and there alone
    )

    return concrete_nodes(text, is_broken=tree is not None and tree.root_node.has_error)
