"""The judgments that stand in a workspace: made, found again after edits, counted and exported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from codeintel.catalog.rows import Chunk
from codeintel.judgments import journal
from codeintel.judgments.anchors import Anchor, Anchors
from codeintel.judgments.place import judgments_file
from codeintel.judgments.records import Judgment, Verdict, moment
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
    now = moment(at or datetime.now(UTC))
    journal.append(judgments_file(snapshot.root), Judgment.of(query, verdict, chunk, now))


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of verdicts that were made elsewhere."""

    taken: int
    known: int
    """About code and a query on which there is a verdict here that is as new."""
    elsewhere: int
    """About code that this workspace has not."""

    def __add__(self, other: Intake) -> Intake:
        return Intake(self.taken + other.taken, self.known + other.known, self.elsewhere + other.elsewhere)


def take_in(snapshot: Snapshot, judgments: Iterable[Judgment]) -> Intake:
    """Keep verdicts that were made elsewhere, each beside those of here as if it had been made when it was.

    Raises WorkspaceError, and keeps none then.
    """
    file, anchors = judgments_file(snapshot.root), Anchors(snapshot.chunks)
    newest: dict[tuple[str, object], str] = {}
    for judgment in journal.read(file):
        about = (judgment.query, _code(judgment, anchors.find(judgment)))
        newest[about] = max(judgment.at, newest.get(about, ""))
    taken: list[Judgment] = []
    known = elsewhere = 0
    for judgment in sorted(judgments, key=lambda one: one.at):
        anchor = anchors.find(judgment)
        about = (judgment.query, _code(judgment, anchor))
        if anchor.chunk is None:
            elsewhere += 1
        elif judgment.at <= newest.get(about, ""):
            known += 1
        else:
            newest[about] = judgment.at
            taken.append(_settled(judgment, anchor))
    if taken:
        journal.append(file, *taken)
    return Intake(len(taken), known, elsewhere)


def _code(judgment: Judgment, anchor: Anchor) -> object:
    """What a verdict is about, to compare: the chunk, or the text that it was where only a neighbour is left."""
    if anchor.chunk is None or anchor.how == "line":
        return (judgment.uri, judgment.content_hash)
    return anchor.chunk.id


def _settled(judgment: Judgment, anchor: Anchor) -> Judgment:
    """The verdict on the chunk as it is here; as it came where that is only a neighbour of what was judged."""
    if anchor.chunk is None or anchor.how == "line":
        return judgment
    return Judgment.of(judgment.query, judgment.verdict, anchor.chunk, judgment.at)


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
