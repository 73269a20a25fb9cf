"""SCIP rows: which symbol stands where in a document, from its own text (`occurrences_of`) or an indexer's file."""

from __future__ import annotations

from tree_sitter import Tree

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip.python_emitter import emit_python
from codeintel.analysis.scip.python_fallback import emit_broken_python
from codeintel.analysis.scip.tags import emit_tags
from codeintel.analysis.syntax import Language
from codeintel.workspace.decoding import without_lone_surrogates

__all__ = ["occurrences_of"]


def occurrences_of(
    uri: str, text: str, language: Language, project: str, tree: Tree | None = None
) -> tuple[Columns, Columns]:
    """The occurrences and symbols of one document; never raises on any text, and depends on the arguments alone.

    `uri` is relative to the root, with '/'; `project` is the name that symbols carry; `tree` is the text's syntax
    tree, where it is there already. Columns are those of rows.py.
    """
    text = without_lone_surrogates(text)
    if language.name != "python":
        return emit_tags(uri, text, language, project, tree)
    return emit_python(uri, text, project) or emit_broken_python(uri, text, language, project, tree)
