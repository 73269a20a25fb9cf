"""What a check says: one finding for each artifact, or promise, that does not hold; finding them is check.py's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]

REPAIR = "Run `indexctl index`: what is damaged is taken out and indexed again."
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an artifact (a path in the index folder, or a table), and what to do about it."""

    artifact: str
    problem: str
    remedy: str = REPAIR
    severity: Severity = "error"


def counted(things: Iterable[Any], noun: str) -> str:
    """'2 documents (a.py, b.py)', the first few of them named."""
    names = sorted(things)
    named = ", ".join(str(name) for name in names[:_EXAMPLES])
    more = ", …" if len(names) > _EXAMPLES else ""
    return f"{len(names)} {noun}{'' if len(names) == 1 else 's'} ({named}{more})"
