"""What concrete_nodes.py answers, for those who have no Python and need not load LibCST: 0.1 s and 20 MB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from codeintel.analysis.columns import Columns

COLUMNS: Final = ("node_id", "kind", "start_byte", "end_byte", "parent_id", "text_hash")


@dataclass(frozen=True, slots=True)
class ConcreteNodes:
    """The rows of one document, None where it has a syntax error; `status` is '' or says why there are none."""

    columns: Columns | None
    status: str = ""
