"""What the grammar tables share: comment types, and finders of definitions that have a plain name."""

from typing import Final

from codeintel.analysis import kinds
from codeintel.analysis.naming import named

COMMENTS: Final = frozenset({"comment", "line_comment", "block_comment", "multiline_comment"})
FUNCTION: Final = named(kinds.FUNCTION)
METHOD: Final = named(kinds.METHOD)
TYPE: Final = named(kinds.TYPE)
