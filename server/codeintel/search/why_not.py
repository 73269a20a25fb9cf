"""Why something that a person expected is not among the hits: not indexed, filtered, too far off, or ranked below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from codeintel.cancellation import CancelCheck, never
from codeintel.catalog.rows import Chunk
from codeintel.search.answers import Hit
from codeintel.search.channels import Probe
from codeintel.search.exclusions import Excluder, Exclusion, without
from codeintel.search.expectations import Expected, Meant, NotThere, Whereabouts, meant
from codeintel.search.query import Query, parse
from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.searcher import Searcher, check_limit
from codeintel.snapshot import Snapshot
from codeintel.workspace.naming import printable
from codeintel.workspace.roots import Root

Kind = Literal["found", "below", "filtered", "notIndexed", "notCandidate", "deleted", "unknown"]

CHANNEL_WORDS: Final = {
    "bm25": "words",
    "dense": "meaning",
    "static": "similar words",
    "late": "token vectors",
    "splade": "weighed terms",
}
NOTHING_SHARED: Final = {
    "bm25": "none of the query's words stand in it",
    "splade": "none of the query's terms weigh anything in it",
}
"""Of channels in which a chunk that is known may still have no score."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What became of something expected, and `note`, which says it and what to do in sentences.

    `rank` (1-based) and `hit` are there where it is ranked, `shown` and `last_shown` where the query was asked.
    """

    query: str
    kind: Kind
    note: str
    rank: int | None = None
    shown: int | None = None
    hit: Hit | None = None
    last_shown: Hit | None = None
    qualifier: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Ranking:
    """A query's candidates, best first, and how it was read."""

    query: Query
    candidates: Sequence[Candidate]
    probe: Probe

    def place(self, chunks: Sequence[tuple[Root, Chunk]]) -> int | None:
        """Where the first of the chunks stands, from 0."""
        wanted = {(root.name, chunk.id) for root, chunk in chunks}
        places = (at for at, one in enumerate(self.candidates) if (one.root.name, one.chunk.id) in wanted)
        return next(places, None)


class WhyNotInquiry:
    """Asks about one moment of the index; `limit` is how many hits the person was shown."""

    def __init__(
        self,
        searcher: Searcher,
        snapshots: Sequence[Snapshot],
        limit: int = 10,
        cancelled: CancelCheck = never,
    ) -> None:
        check_limit(limit)
        self._searcher = searcher
        self._snapshots = snapshots
        self._limit = limit
        self._cancelled = cancelled

    def ask(self, text: str, expected: Expected, whereabouts: Whereabouts) -> WhyNot:
        """What became of what was expected of the query. Raises UsageError, QueryError, NotReady, Cancelled.

        Costs a search, for something filtered two, and for that a pass over all chunks a qualifier.
        """
        query = parse(text)
        found = meant(self._snapshots, expected, whereabouts)
        if isinstance(found, NotThere):
            return _not_there(text, found)
        ranking = self._ranking(query)
        place = ranking.place(found.chunks)
        if place is not None:
            return self._ranked(ranking, place, found)
        excluded = self._least_excluded(query, found.chunks)
        if excluded:
            return self._filtered(ranking, found, excluded)
        return self._no_candidate(ranking, found)

    def _ranking(self, query: Query) -> _Ranking:
        candidates, probe = self._searcher.ranked(self._snapshots, query, self._cancelled)
        return _Ranking(query, candidates, probe)

    def _hit(self, ranking: _Ranking, place: int) -> Hit:
        return self._searcher.hit(ranking.candidates[place], self._snapshots, ranking.probe, True)

    def _last_shown(self, ranking: _Ranking) -> tuple[int, Hit | None]:
        shown = min(self._limit, len(ranking.candidates))
        return shown, self._hit(ranking, shown - 1) if shown else None

    def _ranked(self, ranking: _Ranking, place: int, found: Meant) -> WhyNot:
        hit, (shown, last) = self._hit(ranking, place), self._last_shown(ranking)
        text, total = ranking.query.raw, len(ranking.candidates)
        name = _called(found, hit.chunk)
        if place < shown:
            note = f"{name} is among the hits: the {ordinal(place + 1)} of {shown:,} shown."
            return WhyNot(text, "found", _sentences(note, found.remark), place + 1, shown, hit)
        assert last is not None
        note = f"{name} ranks {ordinal(place + 1)} of {total:,}, and {shown:,} are shown."
        remedy = f"{_addition(hit.chunk, ranking.query)}, or ask for {place + 1:,} hits."
        return WhyNot(
            text,
            "below",
            _sentences(note, separation(hit, last), remedy, found.remark),
            place + 1,
            shown,
            hit,
            last,
        )

    def _least_excluded(
        self, query: Query, chunks: Sequence[tuple[Root, Chunk]]
    ) -> list[tuple[Root, Chunk, list[Exclusion]]]:
        """Of the chunks, those that fewest qualifiers leave out, with these; empty where one is left out by none."""
        excluders = {snapshot.root.name: Excluder(snapshot, query) for snapshot in self._snapshots}
        found = [(root, chunk, excluders[root.name].exclusions(chunk)) for root, chunk in chunks]
        fewest = min(len(exclusions) for *_, exclusions in found)
        return [one for one in found if len(one[2]) == fewest] if fewest else []

    def _filtered(
        self, ranking: _Ranking, found: Meant, excluded: Sequence[tuple[Root, Chunk, list[Exclusion]]]
    ) -> WhyNot:
        _, _, exclusions = excluded[0]
        shown, last = self._last_shown(ranking)
        causes = ", and ".join(str(exclusion) for exclusion in exclusions)
        note = f"{_called(found, excluded[0][1])} is indexed, but {causes}."
        otherwise = self._rank_without(ranking.query, excluded)
        which = "it" if len(exclusions) == 1 else "them"
        remedy = (
            f"Without {which}, it would rank {ordinal(otherwise)}." if otherwise else f"Leave {which} out."
        )
        return WhyNot(
            ranking.query.raw,
            "filtered",
            _sentences(note, remedy, found.remark),
            None,
            shown,
            None,
            last,
            exclusions[0].written,
            exclusions[0].reason,
        )

    def _rank_without(
        self, query: Query, excluded: Sequence[tuple[Root, Chunk, list[Exclusion]]]
    ) -> int | None:
        """The best rank of the first chunk, and of those that the same qualifiers leave out, without these."""
        exclusions = excluded[0][2]
        rest = without(query, exclusions)
        if rest is None:
            return None
        alike = [(root, chunk) for root, chunk, others in excluded if others == exclusions]
        place = self._ranking(rest).place(alike)
        return None if place is None else place + 1

    def _no_candidate(self, ranking: _Ranking, found: Meant) -> WhyNot:
        root, chunk = found.chunks[0]
        shown, last = self._last_shown(ranking)
        own = self._searcher.alone(self._snapshots, ranking.query, root, chunk)
        snapshot = next(one for one in self._snapshots if one.root == root)
        waiting = () if snapshot.impacts.holds([chunk.id])[0] else ("splade",)
        reason, name = _distance(own, ranking.candidates, waiting), _called(found, chunk)
        note = (
            f"{name} is indexed and no qualifier leaves it out, but it is too far from the query: {reason}."
        )
        remedy = f"{_addition(chunk, ranking.query)}."
        return WhyNot(
            ranking.query.raw,
            "notCandidate",
            _sentences(note, remedy, found.remark),
            None,
            shown,
            None,
            last,
            None,
            reason,
        )


def _not_there(text: str, found: NotThere) -> WhyNot:
    absence = found.absence
    kind = KINDS[absence.kind]
    verb = {"deleted": "is gone", "unknown": "is unknown"}.get(kind, "is not indexed")
    note = f"{found.name} {verb}: {absence.reason}."
    return WhyNot(text, kind, _sentences(note, absence.remedy), reason=absence.reason)


KINDS: Final[dict[str, Kind]] = {
    "left out": "notIndexed",
    "unread": "notIndexed",
    "deleted": "deleted",
    "unknown": "unknown",
}


def separation(hit: Hit, last: Hit) -> str:
    """By how much the last hit shown is ahead, and what makes most of the difference."""
    ahead = last.score - hit.score
    own, other = _by_source(hit), _by_source(last)
    lead = {source: other.get(source, 0.0) - own.get(source, 0.0) for source in {*own, *other}}
    most = max(sorted(lead), key=lambda source: lead[source], default="")
    sentence = f"The last one, {printable(last.chunk.uri)}:{last.chunk.start_line + 1}, is {ahead:.3f} ahead"
    if ahead <= 0 or not most:
        return f"{sentence}."
    return f"{sentence}, mostly by {most} ({other.get(most, 0.0):+.3f} against {own.get(most, 0.0):+.3f})."


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th, 12th, 13th … 1,001st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _by_source(hit: Hit) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for part in hit.contributions:
        sums[part.source] += part.contribution
    return sums


def _distance(own: Sequence[ChannelHit], candidates: Sequence[Candidate], waiting: Sequence[str]) -> str:
    """How far a chunk's scores are from those of the last candidate of each channel; some are `waiting` for it."""
    last: dict[str, tuple[int, float]] = {}
    for hit in (hit for candidate in candidates for hit in candidate.found):
        if hit.score is not None and hit.rank > last.get(hit.channel, (0, 0.0))[0]:
            last[hit.channel] = hit.rank, hit.score
    scores = {hit.channel: hit.score for hit in own}
    return (
        ", ".join(
            _clause(name, *place, scores.get(name), name in waiting) for name, place in sorted(last.items())
        )
        or "nothing matches"
    )


def _clause(channel: str, rank: int, least: float, score: float | None, is_waiting: bool) -> str:
    words = CHANNEL_WORDS[channel]
    if score is None:
        unknown = f"its {words} are not indexed yet"
        return unknown if is_waiting else NOTHING_SHARED.get(channel, unknown)
    return f"by {words} it scores {score:.2f}, the {ordinal(rank)} and last candidate {least:.2f}"


def _addition(chunk: Chunk, query: Query) -> str:
    """What to add to the query: a name that the chunk defines and the query does not have, else its words."""
    names = (symbol.rpartition(".")[2] for symbol in chunk.symbols)
    untried = next((name for name in names if name.lower() not in query.text.lower()), "")
    return f"Add its name, {untried}" if untried else "Add words that stand in it"


def _called(found: Meant, chunk: Chunk) -> str:
    """What is meant, with the place of the one chunk that the answer is about."""
    return found.name if found.is_place else f"{found.name} ({printable(chunk.uri)}:{chunk.start_line + 1})"


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)
