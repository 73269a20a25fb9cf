"""The one hierarchy of errors that reach a person; every other exception is a bug.

CodeIntelError
|- UsageError            what was asked cannot be done as asked (exit 2, JSON-RPC -32602)
|  `- QueryError         a qualifier or quote of the query language, with its column
|- WorkspaceError        a folder that is missing, unreadable or not a folder
|- IndexTrouble          the index on disk cannot be used as it is (exit 3)
|  |- SchemaTooNew       written by a newer codeintel
|  |- IndexLocked        another process is writing it
|  `- IndexCorrupt       an artifact is damaged, foreign or missing
|- NotReady              nothing is searchable yet; ask again shortly
|- ModelError            a model folder that cannot be used
`- Cancelled             the caller asked to stop; nothing was lost
"""

from __future__ import annotations


class CodeIntelError(Exception):
    """Something a person can act on: what happened and where, then what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UsageError(CodeIntelError):
    """A request that cannot be carried out as asked; `field` names the offending parameter."""

    def __init__(self, message: str, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy)
        self.field = field


class QueryError(UsageError):
    """A fault in the query language at `column` (0-based, in characters of the query)."""

    def __init__(self, message: str, remedy: str = "", column: int = 0) -> None:
        super().__init__(message, remedy, field="query")
        self.column = column

    def __str__(self) -> str:
        return f"column {self.column + 1}: {super().__str__()}"


class WorkspaceError(CodeIntelError):
    """A workspace folder that cannot be opened, or a path that leads out of it."""


class IndexTrouble(CodeIntelError):
    """The index cannot be used as it is."""


class SchemaTooNew(IndexTrouble):
    """The index was written by a newer version; it is left untouched."""


class IndexLocked(IndexTrouble):
    """Another process holds the index's writer lock."""


class IndexCorrupt(IndexTrouble):
    """An artifact of the index is damaged, missing, or belongs to another index."""


class NotReady(CodeIntelError):
    """Nothing is searchable yet: indexing has not reached the first chunk."""


class ModelError(CodeIntelError):
    """A model folder that is missing, incomplete, or not of the expected form."""


class Cancelled(CodeIntelError):
    """The caller asked to stop."""

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)
