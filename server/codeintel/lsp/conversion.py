"""The service's answers as wire types; called in executors, since ranges need the indexed text of files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from codeintel import __version__
from codeintel.lsp import protocol
from codeintel.lsp.locations import Ranges, uri_of
from codeintel.search.summaries import summary

if TYPE_CHECKING:  # the catalog imports pyarrow, which would double the time to start
    from codeintel.catalog.person_sql import SqlAnswer
    from codeintel.indexing.progress import Progress
    from codeintel.indexing.reports import IndexReport, RootStatus, Status
    from codeintel.indexing.scip_refresh import IndexerRun
    from codeintel.search.answers import Answer, Contribution, Coverage, Explanation, Hit
    from codeintel.search.positions import Location
    from codeintel.search.why_not import WhyNot
    from codeintel.workspace.roots import Root


def hit(found: Hit, ranges: Ranges) -> protocol.Hit:
    """A hit with its contributions."""
    from codeintel.catalog.rows import preview  # not at the top for the same reason as above

    chunk = found.chunk
    return protocol.Hit(
        uri=uri_of(found.root.path / chunk.uri),
        range=ranges.of_chunk(found.root, chunk),
        path=chunk.uri,
        root=found.root.name,
        kind=chunk.kind,
        lang=chunk.lang,
        breadcrumb=chunk.breadcrumb,
        symbols=list(chunk.symbols),
        preview=preview(chunk.content),
        score=found.score,
        freshness=found.freshness,
        contributions=[_contribution(part, found, ranges) for part in found.contributions],
    )


def _contribution(part: Contribution, found: Hit, ranges: Ranges) -> protocol.Contribution:
    evidence = [
        protocol.Evidence(
            text=piece.text,
            range=ranges.of_bytes(found.root, found.chunk, piece.start_byte, piece.end_byte),
            share=piece.share,
            query=piece.query or None,
            imputed=piece.imputed,
            expanded=piece.expanded,
        )
        for piece in part.evidence
    ]
    return protocol.Contribution(
        source=part.source,
        kind=part.kind,
        contribution=part.contribution,
        reason=part.reason,
        weight=part.weight,
        rank=part.rank,
        score=part.score,
        evidence=evidence,
    )


def search_result(answer: Answer, hits: list[protocol.Hit]) -> protocol.SearchResult:
    """An answer around its hits, which are converted apart because they may have been streamed."""
    return protocol.SearchResult(
        hits=hits,
        coverage=_coverage(answer.coverage),
        candidates=answer.candidates,
        elapsed_ms=answer.elapsed_ms,
        plan=answer.plan,
    )


def _coverage(coverage: Coverage) -> protocol.Coverage:
    return protocol.Coverage(
        chunks=coverage.chunks,
        meaning=coverage.meaning,
        share=coverage.share,
        documents=coverage.documents,
        structured=coverage.structured,
        live=coverage.live,
        stale=coverage.stale,
    )


def explain_result(explanation: Explanation, ranges: Ranges) -> protocol.ExplainResult:
    """Why a place matched, or why not."""
    return protocol.ExplainResult(
        hit=hit(explanation.hit, ranges) if explanation.hit else None,
        rank=explanation.rank,
        candidates=explanation.candidates,
        next_hit=hit(explanation.next_hit, ranges) if explanation.next_hit else None,
        without=dict(explanation.without),
        note=explanation.note,
        summary=summary(explanation),
    )


def why_not_result(found: WhyNot, ranges: Ranges) -> protocol.WhyNotResult:
    """What became of something expected."""
    return protocol.WhyNotResult(
        kind=found.kind,
        note=found.note,
        rank=found.rank,
        shown=found.shown,
        hit=hit(found.hit, ranges) if found.hit else None,
        last_shown=hit(found.last_shown, ranges) if found.last_shown else None,
        qualifier=found.qualifier,
        reason=found.reason,
    )


def status_result(status: Status) -> protocol.StatusResult:
    """The state of the index."""
    return protocol.StatusResult(
        version=__version__,
        encoder=status.encoder,
        static_table=status.static,
        encoded=status.encoded,
        remembered=status.remembered,
        roots=[_root(root) for root in status.roots],
        stage=_stage(status.stage) if status.stage else None,
        warnings=list(status.warnings),
    )


def status_changed(state: str, message: str, coverage: Coverage, following: bool) -> protocol.StatusChanged:
    """The little that a status bar shows."""
    return protocol.StatusChanged(
        state=state,
        message=message,
        chunks=coverage.chunks,
        meaning=coverage.meaning,
        documents=coverage.documents,
        structured=coverage.structured,
        live=coverage.live,
        stale=coverage.stale,
        following=following,
    )


def _stage(progress: Progress) -> protocol.IndexingStage:
    return protocol.IndexingStage(
        stage=progress.stage,
        done=progress.done,
        total=progress.total,
        remaining_seconds=progress.remaining_s,
    )


def _root(root: RootStatus) -> protocol.RootStatus:
    return protocol.RootStatus(
        name=root.name,
        uri=uri_of(root.path),
        index_folder=str(root.index_folder) if root.index_folder else None,
        generation=root.generation,
        files=root.files,
        skipped=dict(root.skipped),
        chunks=root.chunks,
        documents=root.documents,
        structured=root.structured,
        meaning=root.meaning,
        size_bytes=root.size_bytes,
        last_indexed_at=root.last_indexed_at or None,
        languages=dict(root.languages),
        live=root.live,
        stale=root.stale,
        following=root.following,
        outputs=dict(root.outputs),
    )


def place(location: Location) -> types.Location:
    """A place in the encoding that was asked for."""
    span = types.Range(types.Position(*location.start), types.Position(*location.end))
    return types.Location(uri_of(location.root.path / location.uri), span)


def sql_result(answer: SqlAnswer) -> protocol.SqlResult:
    """What a statement answered."""
    return protocol.SqlResult(
        columns=list(answer.columns),
        types=list(answer.types),
        rows=[list(row) for row in answer.rows],
        truncated=answer.truncated,
        elapsed_ms=answer.elapsed_ms,
    )


def refresh_scip_result(runs: Sequence[tuple[Root, IndexerRun]]) -> protocol.RefreshScipResult:
    """What became of each indexer."""
    return protocol.RefreshScipResult(runs=[_indexer_run(root, run) for root, run in runs])


def _indexer_run(root: Root, run: IndexerRun) -> protocol.IndexerRun:
    return protocol.IndexerRun(
        root=root.name,
        indexer=run.indexer,
        copied=run.copied,
        documents=run.documents,
        seconds=run.seconds,
        error=run.error.message if run.error else None,
        remedy=(run.error.remedy or None) if run.error else None,
    )


def index_result(report: IndexReport) -> protocol.IndexResult:
    """What an indexing run did."""
    return protocol.IndexResult(
        files=report.files,
        changed=report.changed,
        removed=report.removed,
        skipped=dict(report.skipped),
        chunks=report.chunks,
        encoded=report.encoded,
        seconds=report.seconds,
    )
