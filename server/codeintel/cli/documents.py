"""What `--format json` and `jsonl` print: the one place where an answer becomes a document.

Lines are 1-based and inclusive here, columns 1-based, as editors show them; paths are relative to their
workspace folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from codeintel.cli.console import write_line
from codeintel.cli.options import Format
from codeintel.errors import CodeIntelError, QueryError, UsageError
from codeintel.search.summaries import summary

if TYPE_CHECKING:
    from codeintel.catalog.check import Finding
    from codeintel.indexing.reports import IndexReport, RootStatus, Status
    from codeintel.search.answers import Answer, Contribution, Coverage, Evidence, Explanation, Hit
    from codeintel.search.why_not import WhyNot

Document = dict[str, Any]


def answer_document(answer: Answer, *, rooted: bool) -> Document:
    """An answer; with `rooted`, hits name their workspace folder too, since paths alone may be ambiguous."""
    return {
        "query": answer.query,
        "hits": [hit_document(hit, rooted=rooted) for hit in answer.hits],
        "tiers": tiers_document(answer.coverage),
        "elapsedMs": round(answer.elapsed_ms, 3),
    }


def hit_document(hit: Hit, *, rooted: bool) -> Document:
    """A hit; its contributions sum to its score."""
    chunk = hit.chunk
    return {
        **({"root": hit.root.name} if rooted else {}),
        "path": chunk.uri,
        "startLine": chunk.start_line + 1,
        "endLine": chunk.end_line + 1,
        "score": hit.score,
        "contributions": [contribution_document(part) for part in hit.contributions],
    }


def contribution_document(part: Contribution) -> Document:
    """What one channel or prior added; `evidence` only where there is some."""
    document: Document = {
        "source": part.source,
        "kind": part.kind,
        "rank": part.rank,
        "score": part.score,
        "weight": part.weight,
        "contribution": part.contribution,
        "reason": part.reason,
    }
    if part.evidence:
        document["evidence"] = [_evidence_document(piece) for piece in part.evidence]
    return document


def _evidence_document(piece: Evidence) -> Document:
    document = {
        "text": piece.text,
        "startByte": piece.start_byte,
        "endByte": piece.end_byte,
        "share": piece.share,
        **({"expanded": True} if piece.expanded else {}),
    }
    aligned = {"query": piece.query, "imputed": piece.imputed} if piece.query else {}
    return {**document, **aligned}


def tiers_document(coverage: Coverage) -> Document:
    """How much of the index each tier reaches, 0 to 1."""
    return {"text": 1.0, "structure": round(coverage.structure_share, 4), "meaning": round(coverage.share, 4)}


def explanation_document(explanation: Explanation, *, rooted: bool) -> Document:
    """Why one chunk stands where it does for a query."""
    hit, following = explanation.hit, explanation.next_hit
    return {
        "query": explanation.query,
        "rank": explanation.rank,
        "candidates": explanation.candidates,
        "hit": hit_document(hit, rooted=rooted) if hit else None,
        "next": hit_document(following, rooted=rooted) if following else None,
        "rankWithout": dict(explanation.without),
        "note": explanation.note,
        "summary": summary(explanation),
    }


def why_not_document(found: WhyNot, *, rooted: bool) -> Document:
    """What became of something expected among the hits; null is what does not apply."""
    hit, last = found.hit, found.last_shown
    return {
        "query": found.query,
        "kind": found.kind,
        "note": found.note,
        "rank": found.rank,
        "shown": found.shown,
        "hit": hit_document(hit, rooted=rooted) if hit else None,
        "lastShown": hit_document(last, rooted=rooted) if last else None,
        "qualifier": found.qualifier,
        "reason": found.reason,
    }


def error_document(query: str, error: CodeIntelError) -> Document:
    """A query that could not be answered, in place of its answer."""
    found: Document = {"message": str(error) if not isinstance(error, QueryError) else _without_column(error)}
    if isinstance(error, UsageError) and error.field:
        found["field"] = error.field
    if isinstance(error, QueryError):
        found["column"] = error.column + 1
    return {"query": query, "error": found}


def _without_column(error: QueryError) -> str:
    return f"{error.message} {error.remedy}".rstrip()


def report_document(report: IndexReport) -> Document:
    """What indexing did."""
    return {
        "files": report.files,
        "changed": report.changed,
        "removed": report.removed,
        "skipped": dict(report.skipped),
        "chunks": report.chunks,
        "encoded": report.encoded,
        "tier": report.tier.name.lower(),
        "seconds": round(report.seconds, 3),
    }


def status_document(status: Status) -> Document:
    """The state of every workspace folder's index."""
    return {
        "roots": [_root_document(root) for root in status.roots],
        "models": {"encoder": status.encoder, "static": status.static},
        "warnings": list(status.warnings),
    }


def _root_document(root: RootStatus) -> Document:
    return {
        "name": root.name,
        "path": str(root.path),
        "indexFolder": None if root.index_folder is None else str(root.index_folder),
        "generation": root.generation,
        "files": root.files,
        "skipped": dict(root.skipped),
        "chunks": root.chunks,
        "meaning": root.meaning,
        "outputs": dict(root.outputs),
        "sizeBytes": root.size_bytes,
        "lastIndexedAt": root.last_indexed_at or None,
        "languages": dict(root.languages),
    }


def finding_document(finding: Finding) -> Document:
    """Something wrong with the index on disk, and what to do about it."""
    return {
        "artifact": finding.artifact,
        "severity": finding.severity,
        "problem": finding.problem,
        "remedy": finding.remedy,
    }


def print_document(document: object, form: Format) -> None:
    """One document on stdout: indented, or for `jsonl` on one line."""
    write_line(json.dumps(document, indent=None if form == "jsonl" else 2))


def print_documents(documents: Iterable[object], form: Format) -> None:
    """Several documents: an object a line, each written as soon as it is there, or one array."""
    if form == "jsonl":
        for document in documents:
            print_document(document, form)
    else:
        print_document(list(documents), form)
