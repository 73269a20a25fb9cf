"""Verdicts as they leave a workspace and enter another: an object of JSON each; files and streams are the caller's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from codeintel.errors import CodeIntelError, UsageError
from codeintel.judgments.ledger import Standing
from codeintel.judgments.records import Judgment, judgment_of, moment, normalized
from codeintel.search.query import parse


@dataclass(frozen=True, slots=True)
class Imported:
    """A verdict that was made elsewhere, and the name of the workspace root there."""

    root: str
    judgment: Judgment


def exported(standing: Standing) -> dict[str, Any]:
    """A verdict with where its code is now and how it was found; with where it was when judged, if it is lost.

    Lines are 1-based and inclusive, ids and hashes hexadecimal.
    """
    judgment, chunk = standing.judgment, standing.anchor.chunk
    return {
        "query": judgment.query,
        "verdict": judgment.verdict,
        "root": standing.root.name,
        "path": chunk.uri if chunk else judgment.uri,
        "startLine": (chunk.start_line if chunk else judgment.start_line) + 1,
        "endLine": (chunk.end_line if chunk else judgment.end_line) + 1,
        "anchor": standing.anchor.how,
        "chunkId": f"{judgment.chunk_id:016x}",
        "contentHash": f"{judgment.content_hash:016x}",
        "kind": judgment.kind,
        "symbols": list(judgment.symbols),
        "breadcrumb": judgment.breadcrumb,
        "at": judgment.at,
    }


def read_exported(lines: Iterable[str]) -> list[Imported]:
    """The verdicts of an export, a line each; blank lines say nothing. Raises UsageError about the first bad line."""
    return [_imported(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _imported(line: str, number: int) -> Imported:
    try:
        read = json.loads(line)
        parse(str(read["query"]))
        judgment = judgment_of(read)
        at = moment(datetime.fromisoformat(read["at"]))
        judgment = replace(judgment, query=normalized(judgment.query), at=at)
        return Imported(str(read["root"]), judgment)
    except CodeIntelError as error:
        raise UsageError(f"Line {number}: {error}", field="file") from error
    except KeyError as error:
        raise UsageError(f"Line {number} has no {error}.", "Give what `export` wrote.", "file") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(
            f"Line {number} is no verdict: {error}", "Give what `export` wrote.", "file"
        ) from error
