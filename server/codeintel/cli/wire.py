"""An answer of the protocol read back into the values that are printed; positions must be UTF-8."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeintel.catalog.rows import Chunk
from codeintel.search.answers import Answer, Contribution, Coverage, Evidence, Hit
from codeintel.workspace.decoding import decode
from codeintel.workspace.positions import LineIndex
from codeintel.workspace.roots import Root

Wire = Mapping[str, Any]


def answer_of(query: str, result: Wire, folder: Path) -> Answer:
    """The answer in a `codeintel/search` result on one folder; the hits' text is read from the disk."""
    found = result["coverage"]
    coverage = Coverage(
        found["chunks"], found["meaning"], structured=found["structured"], documents=found["documents"]
    )
    hits = tuple(_hit(hit, folder) for hit in result["hits"])
    return Answer(query, result["plan"], hits, coverage, result["candidates"], result["elapsedMs"])


def _hit(hit: Wire, folder: Path) -> Hit:
    data = decode((folder / hit["path"]).read_bytes()).text
    lines = LineIndex(data)
    start, end = _bytes_of(lines, hit["range"])
    chunk = Chunk(
        id=0,
        uri=hit["path"],
        root=hit["root"],
        start_line=hit["range"]["start"]["line"],
        end_line=hit["range"]["end"]["line"],
        start_byte=start,
        end_byte=end,
        content=data.encode()[start:end].decode(errors="replace"),
        lang=hit["lang"],
        kind=hit["kind"],
        breadcrumb=hit["breadcrumb"],
        content_hash=0,
        symbols=tuple(hit["symbols"]),
    )
    parts = tuple(_contribution(part, lines) for part in hit["contributions"])
    return Hit(Root(hit["root"], folder), chunk, hit["score"], parts, hit["freshness"])


def _contribution(part: Wire, lines: LineIndex) -> Contribution:
    return Contribution(
        source=part["source"],
        kind=part["kind"],
        contribution=part["contribution"],
        reason=part["reason"],
        weight=part.get("weight"),
        rank=part.get("rank"),
        score=part.get("score"),
        evidence=tuple(
            Evidence(piece["text"], *_bytes_of(lines, piece["range"]), piece["share"])
            for piece in part.get("evidence") or ()
        ),
    )


def _bytes_of(lines: LineIndex, extent: Wire) -> tuple[int, int]:
    start, end = extent["start"], extent["end"]
    return (
        lines.byte_of(start["line"], start["character"], "utf-8"),
        lines.byte_of(end["line"], end["character"], "utf-8"),
    )
