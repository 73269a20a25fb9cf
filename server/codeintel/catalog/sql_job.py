"""What is handed to the process that runs a person's SQL, and what it may come back with; light on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Job:
    """One statement and what it may see.

    `views` are statements that make the views over `files`, the only ones that may be opened, and over `overlays`,
    tables as Arrow IPC streams by name. `memory` is in DuckDB's words.
    """

    text: str
    views: Sequence[str]
    files: Sequence[str]
    overlays: Sequence[tuple[str, bytes]]
    max_rows: int
    timeout_s: float
    threads: int
    memory: str


class Trouble(StrEnum):
    """Why there is no answer: the statement is refused, wrong, too slow or large; its process or a file is broken."""

    REFUSED = "refused"
    STATEMENT = "statement"
    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"
    FILE = "file"
