"""A judgment as a value and as a line of JSON; files are journal.py's, where the code is now anchors.py's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from codeintel.catalog.rows import Chunk
from codeintel.errors import UsageError

Verdict = Literal["good", "bad", "none"]
"""`none` takes an earlier verdict about the same place and query back."""

VERDICTS: Final[tuple[str, ...]] = get_args(Verdict)

FORMAT: Final = 1
"""Of a line. A reader ignores lines of a later one, so that an older codeintel beside a newer one loses nothing."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A verdict on a chunk as it was then. Lines are 0-based, end inclusive; `at` is UTC in ISO 8601.

    It holds no text of the workspace but the query and names, so that what was deleted or secret is not kept here.
    """

    query: str
    verdict: Verdict
    uri: str
    start_line: int
    end_line: int
    chunk_id: int
    content_hash: int
    kind: str
    breadcrumb: str
    symbols: tuple[str, ...]
    at: str

    @classmethod
    def of(cls, query: str, verdict: Verdict, chunk: Chunk, at: str) -> Judgment:
        """A verdict on a chunk as it is now."""
        return cls(
            normalized(query),
            verdict,
            chunk.uri,
            chunk.start_line,
            chunk.end_line,
            chunk.id,
            chunk.content_hash,
            chunk.kind,
            chunk.breadcrumb,
            chunk.symbols,
            at,
        )


def moment(at: datetime) -> str:
    """A moment as judgments have it: in UTC and to the millisecond, so that the later text is the later moment."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def normalized(query: str) -> str:
    """A query as judgments compare it: blanks around and between its words say nothing."""
    return " ".join(query.split())


def checked_verdict(text: str) -> Verdict:
    """The verdict that `text` names. Raises UsageError."""
    for verdict in get_args(Verdict):
        if text == verdict:
            found: Verdict = verdict
            return found
    raise UsageError(f"{text!r} is no verdict.", f"Choose one of {', '.join(VERDICTS)}.", "verdict")


def to_line(judgment: Judgment) -> str:
    """The judgment as one line of JSON. Hashes and ids are hexadecimal: JavaScript would round them as numbers."""
    return json.dumps(
        {
            "format": FORMAT,
            "query": judgment.query,
            "verdict": judgment.verdict,
            "path": judgment.uri,
            "startLine": judgment.start_line + 1,
            "endLine": judgment.end_line + 1,
            "chunkId": f"{judgment.chunk_id:016x}",
            "contentHash": f"{judgment.content_hash:016x}",
            "kind": judgment.kind,
            "breadcrumb": judgment.breadcrumb,
            "symbols": list(judgment.symbols),
            "at": judgment.at,
        }
    )


def from_line(line: str) -> Judgment | None:
    """The judgment of a line; None for one that is torn, foreign or of a later format."""
    try:
        read = json.loads(line)
        return judgment_of(read) if read["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError, RecursionError, UsageError):
        return None


def judgment_of(read: Mapping[str, Any]) -> Judgment:
    """The judgment that a JSON object stands for. Raises UsageError, KeyError, ValueError, TypeError."""
    return Judgment(
        str(read["query"]),
        checked_verdict(read["verdict"]),
        str(read["path"]),
        int(read["startLine"]) - 1,
        int(read["endLine"]) - 1,
        int(read["chunkId"], 16),
        int(read["contentHash"], 16),
        str(read["kind"]),
        str(read["breadcrumb"]),
        tuple(map(str, read["symbols"])),
        str(read["at"]),
    )
