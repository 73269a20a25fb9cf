"""The judgments that stand in a workspace: made, found again after edits, counted and exported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from codeintel.catalog.rows import Chunk
from codeintel.judgments import journal
from codeintel.judgments.anchors import Anchor, Anchors
from codeintel.judgments.place import judgments_file
from codeintel.judgments.records import Judgment, Verdict
from codeintel.search.query import parse
from codeintel.snapshot import Snapshot
from codeintel.workspace.roots import Root


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict that stands, `good` or `bad`, and where its chunk is now."""

    root: Root
    judgment: Judgment
    anchor: Anchor


def judge(snapshot: Snapshot, chunk: Chunk, query: str, verdict: Verdict, at: datetime | None = None) -> None:
    """Keep a verdict on a chunk. Raises QueryError for a query that could not be asked, WorkspaceError."""
    parse(query)
    moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
    journal.append(judgments_file(snapshot.root), Judgment.of(query, verdict, chunk, moment))


def standing(snapshots: Sequence[Snapshot]) -> list[Standing]:
    """What stands of every root, oldest first: of several verdicts on one chunk for one query, the last.

    Costs a pass over all chunks of a root where some judged chunk was edited or moved. Raises WorkspaceError.
    """
    return [one for snapshot in snapshots for one in _standing_in(snapshot)]


def _standing_in(snapshot: Snapshot) -> Iterable[Standing]:
    anchors = Anchors(snapshot.chunks)
    last: dict[tuple[str, object], Standing] = {}
    for judgment in journal.read(judgments_file(snapshot.root)):
        found = anchors.find(judgment)
        place = found.chunk.id if found.chunk else (judgment.uri, judgment.content_hash)
        earlier = last.get((judgment.query, place))
        if earlier is not None and found.how == "line" and earlier.anchor.how != "line":
            continue  # about a chunk that is gone, whose neighbour has a verdict of its own
        last.pop((judgment.query, place), None)
        if judgment.verdict != "none":
            last[judgment.query, place] = Standing(snapshot.root, judgment, found)
    return last.values()
