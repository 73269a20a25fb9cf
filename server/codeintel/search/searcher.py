"""A query over snapshots, from its text to explained hits; also "similar" and "explain", which differ in the probe."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from codeintel.cancellation import CancelCheck, never, stop_if
from codeintel.catalog.rows import Chunk
from codeintel.errors import NotReady, UsageError
from codeintel.models.folder import Models
from codeintel.models.outputs import Encoded, gives_outputs
from codeintel.models.passage import query_text
from codeintel.models.vectors import Vectors
from codeintel.search.answers import Answer, Contribution, Coverage, Explanation, Hit
from codeintel.search.channel_outputs import OFF, WIDE, LateMode
from codeintel.search.channels import (
    Gathered,
    Probe,
    Scope,
    candidates,
    gathered_by_words,
    lacking_tokens,
    without_channel,
)
from codeintel.search.evidence import (
    alignment_evidence,
    passage_evidence,
    passage_of,
    run_evidence,
    term_evidence,
    weighed_term_evidence,
)
from codeintel.search.filters import allowed_chunks, ids_of
from codeintel.search.intent import Intent, Rarity, intent_of
from codeintel.search.late_ranks import LATE
from codeintel.search.query import Query, parse
from codeintel.search.ranking import PLACE_REASONS, Candidate, ChannelHit, rank
from codeintel.search.summaries import Depth
from codeintel.search.term_query import TermQuery, term_query
from codeintel.search.weights import DEFAULT_WEIGHTS, Weights
from codeintel.snapshot import Snapshot
from codeintel.workspace.roots import Root

MAX_LIMIT = 1_000  # more is a report, not an answer; the whole ranking is never longer than its candidates

# The best candidates whose missing token vectors are worth encoding while somebody waits: three pages of hits, and half
# a second at 60 chunks/s. Comparing lifts a candidate by no more than the weight of the channel. A guess.
ON_DEMAND = 32

# Queries that are read at once, each by one thread, while their words are looked up.
READERS = 2


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A query as a surface passes it on; `explain` adds the matched terms and their places to each hit."""

    query: str
    limit: int = 10
    explain: bool = True


class Searcher:
    """Answers queries with one set of models and weights; holds nothing of a query, so any thread may use it."""

    def __init__(self, models: Models, weights: Weights = DEFAULT_WEIGHTS, *, late: LateMode = OFF) -> None:
        self._models = models
        self._weights = weights
        self._late = late
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read-query")

    def search(
        self, snapshots: Sequence[Snapshot], request: SearchRequest, cancelled: CancelCheck = never
    ) -> Answer:
        """The best hits of every root. Raises UsageError, QueryError, NotReady, Cancelled."""
        started = time.perf_counter()
        check_limit(request.limit)
        query = parse(request.query)
        ranked, probe = self.ranked(snapshots, query, cancelled)
        hits = [
            self.hit(candidate, snapshots, probe, request.explain) for candidate in ranked[: request.limit]
        ]
        answer = _answer(request.query, query.plan(), hits, snapshots, len(ranked), started)
        return replace(answer, uncompared=self._uncompared(ranked, snapshots))

    def similar(
        self,
        snapshots: Sequence[Snapshot],
        root: Root,
        chunk: Chunk,
        limit: int = 10,
        cancelled: CancelCheck = never,
    ) -> Answer:
        """The chunks most like `chunk`, which is left out; its own words and vectors are the query."""
        started = time.perf_counter()
        check_limit(limit)
        intent = _intent_of_chunk(chunk)
        scopes = [Scope(snapshot, None) for snapshot in snapshots]
        found, probe = self._found(snapshots, scopes, intent, chunk, cancelled)
        others = [one for one in found if (one.root, one.chunk.id) != (root, chunk.id)]
        ranked = rank(others, intent, self._weights)
        hits = [self.hit(candidate, snapshots, probe, True) for candidate in ranked[:limit]]
        place = f"{chunk.uri}:{chunk.start_line + 1}"
        answer = _answer(place, f"similar({place})", hits, snapshots, len(ranked), started)
        return replace(answer, uncompared=self._uncompared(ranked, snapshots))

    def _uncompared(
        self, ranked: Sequence[Candidate], snapshots: Sequence[Snapshot]
    ) -> tuple[tuple[Root, Chunk], ...]:
        """Of the best candidates those that late interaction could not compare, in roots where it can compare some."""
        if self._late == OFF:
            return ()
        best = [one for one in ranked[:ON_DEMAND] if one.found or one.located]
        lacking = lacking_tokens(best, (snapshot for snapshot in snapshots if snapshot.late))
        return tuple((one.root, one.chunk) for one in lacking)

    def explain(
        self,
        snapshots: Sequence[Snapshot],
        text: str,
        root: Root,
        chunk: Chunk,
        depth: Depth = "full",
        cancelled: CancelCheck = never,
    ) -> Explanation:
        """Why `chunk` stands where it does for the query: the trace of one hit.

        At depth `full` costs one encoder pass over the chunk (about 10 ms) and one ranking per channel.
        """
        query = parse(text)
        ranked, probe = self.ranked(snapshots, query, cancelled)
        place = _place(ranked, root, chunk)
        if place is None:
            return Explanation(
                text, chunk, None, None, len(ranked), None, {}, _absence(snapshots, root, chunk, query)
            )
        hit = self.hit(ranked[place], snapshots, probe, True)
        following = ranked[place + 1] if depth != "one" and place + 1 < len(ranked) else None
        return Explanation(
            text,
            chunk,
            replace(
                hit,
                contributions=tuple(
                    self._with_tokens(part, chunk, probe.intent, _of_root(snapshots, root))
                    if depth == "full"
                    else part._replace(evidence=())
                    for part in hit.contributions
                ),
            ),
            place + 1,
            len(ranked),
            self.hit(following, snapshots, probe, False) if following else None,
            self._without_each_channel(ranked, probe.intent, root, chunk) if depth == "full" else {},
            self._late_note(_of_root(snapshots, root), chunk),
        )

    def _late_note(self, snapshot: Snapshot, chunk: Chunk) -> str:
        """That late interaction passed a hit over, where it did."""
        late = snapshot.late if self._late != OFF else None
        if late is None or late.rows.holds([chunk.id])[0]:
            return ""
        return "Its token vectors are not there yet, so that it was not compared word by word."

    def ranked(
        self, snapshots: Sequence[Snapshot], query: Query, cancelled: CancelCheck = never
    ) -> tuple[list[Candidate], Probe]:
        """Every candidate for the query, best first, and what was looked for. Raises NotReady, Cancelled."""
        if not any(len(snapshot.chunks) for snapshot in snapshots):
            raise NotReady("Nothing is indexed yet.", "Try again when indexing has begun to report progress.")
        intent = intent_of(query.text, _rarity(snapshots))
        allowed = [
            allowed_chunks(snapshot.chunks, query.qualifiers, snapshot.symbols) for snapshot in snapshots
        ]
        stop_if(cancelled)
        if not query.text:
            return self._listed(snapshots, allowed, intent, query), Probe(intent)
        scopes = [
            Scope(snapshot, None if chunks is None else ids_of(chunks))
            for snapshot, chunks in zip(snapshots, allowed, strict=True)
            if chunks is None or chunks
        ]
        found, probe = self._found(snapshots, scopes, intent, intent.text, cancelled)
        stop_if(cancelled)
        return rank(found, intent, self._weights), probe

    def alone(
        self, snapshots: Sequence[Snapshot], query: Query, root: Root, chunk: Chunk
    ) -> Sequence[ChannelHit]:
        """How each channel scores one chunk that may be far from its best; a channel that finds nothing is left out."""
        intent = intent_of(query.text, _rarity(snapshots))
        scope = Scope(_of_root(snapshots, root), ids_of([chunk]))
        found, _ = self._found(snapshots, [scope], intent, intent.text)
        return next((candidate.found for candidate in found), ())

    def _found(
        self,
        snapshots: Sequence[Snapshot],
        scopes: Sequence[Scope],
        intent: Intent,
        asked: str | Chunk,
        cancelled: CancelCheck = never,
    ) -> tuple[list[Candidate], Probe]:
        """What the channels find; words are looked up while the models read what is asked, without Python's lock."""
        reading = self._readers.submit(self._probe, snapshots, intent, asked)
        by_words = gathered_by_words(scopes, intent, self._weights)
        probe = reading.result()
        stop_if(cancelled)
        return candidates(scopes, probe, self._weights, by_words), probe

    def _listed(
        self,
        snapshots: Sequence[Snapshot],
        allowed: Sequence[list[Chunk] | None],
        intent: Intent,
        query: Query,
    ) -> list[Candidate]:
        """Qualifiers alone list what they admit: plain code first, then by path."""
        gathered = Gathered(intent)
        found = [
            gathered.of(snapshot, chunk)
            for snapshot, chunks in zip(snapshots, allowed, strict=True)
            for chunk in chunks or ()
        ]
        flat = replace(self._weights, coherence=0.0, repeat=0.0)
        admitted = Contribution("qualifiers", "prior", 1.0, f"matches {query.plan()}", 1.0, None, 1.0)
        return rank(found, intent, flat, base=admitted)

    def _probe(self, snapshots: Sequence[Snapshot], intent: Intent, asked: str | Chunk) -> Probe:
        """Ask only the models that some snapshot has vectors of; a query costs 2-3 ms of encoding."""
        contextual = any(len(snapshot.contextual) for snapshot in snapshots)
        pending = any(snapshot.coverage < 1 for snapshot in snapshots)
        has_tokens = self._late != OFF and any(len(one.late.rows) for one in snapshots if one.late)
        has_terms = any(len(snapshot.impacts) for snapshot in snapshots)
        encoded = self._encoded(asked) if contextual or has_tokens or has_terms else None
        tokens = encoded.tokens[0] if encoded and has_tokens and encoded.tokens else None
        return Probe(
            intent,
            encoded.dense[0] if encoded and contextual else None,
            self._static_vector(asked) if pending else None,
            tokens if tokens is not None and len(tokens) else None,
            self._late == WIDE,
            self._weighed(encoded, asked) if encoded and has_terms else None,
        )

    def _encoded(self, asked: str | Chunk) -> Encoded:
        """What the encoder makes of a query, or of a chunk as one, in one pass."""
        model = self._models.encoder
        if isinstance(asked, Chunk):
            return self._models.encode([passage_of(model, asked)])
        return self._models.encode_query(asked)

    def _static_vector(self, asked: str | Chunk) -> Vectors:
        model = self._models.static
        if isinstance(asked, str):
            return model.encode_query(asked)
        vector: Vectors = model.encode([passage_of(model, asked)])[0]
        return vector

    def _weighed(self, encoded: Encoded, asked: str | Chunk) -> TermQuery | None:
        """The terms of what was encoded, None from an encoder that weighs none."""
        encoder = self._models.encoder
        if not encoded.terms or not gives_outputs(encoder):
            return None
        text = passage_of(encoder, asked) if isinstance(asked, Chunk) else query_text(asked)
        return term_query(encoder, encoded.terms[0], text)

    def hit(self, candidate: Candidate, snapshots: Sequence[Snapshot], probe: Probe, explain: bool) -> Hit:
        """A candidate as a hit; with `explain` with the terms that matched and their places."""
        contributions = tuple(candidate.contributions)
        if explain:
            contributions = tuple(
                self._with_terms(part, candidate, snapshots, probe) for part in contributions
            )
        snapshot = _of_root(snapshots, candidate.root)
        freshness = snapshot.freshness(candidate.chunk.uri)
        return Hit(candidate.root, candidate.chunk, candidate.score, contributions, freshness)

    def _with_terms(
        self, part: Contribution, candidate: Candidate, snapshots: Sequence[Snapshot], probe: Probe
    ) -> Contribution:
        snapshot, chunk = _of_root(snapshots, candidate.root), candidate.chunk
        if part.source == "bm25":
            scores = snapshot.lexical.explain(probe.intent.terms, chunk.id, self._weights.boosts)
            evidence = term_evidence(chunk, scores)
        elif part.source == "splade" and probe.weighed and gives_outputs(self._models.encoder):
            sums = snapshot.impacts.explain(probe.weighed.query, chunk.id)
            evidence = weighed_term_evidence(chunk, self._models.encoder, probe.weighed, sums)
        elif part.source == "verbatim" and candidate.signals:
            return part._replace(evidence=run_evidence(chunk, candidate.signals.verbatim.names[0]))
        else:
            return part
        words = ", ".join(f"{found.text} (expanded)" if found.expanded else found.text for found in evidence)
        return part._replace(evidence=evidence, reason=f"{part.reason}: {words}" if words else part.reason)

    def _with_tokens(
        self, part: Contribution, chunk: Chunk, intent: Intent, snapshot: Snapshot
    ) -> Contribution:
        if part.source == LATE:
            evidence = alignment_evidence(chunk, self._models.encoder, intent.text, snapshot.late)
            return part._replace(evidence=evidence)
        model = {"dense": self._models.encoder, "static": self._models.static}.get(part.source)
        if model is None:
            return part
        return part._replace(evidence=passage_evidence(chunk, model, model.encode_query(intent.text)))

    def _without_each_channel(
        self, ranked: Sequence[Candidate], intent: Intent, root: Root, chunk: Chunk
    ) -> Mapping[str, int | None]:
        """The rank that `chunk` would have if one channel had not been asked."""
        channels = {hit.channel for candidate in ranked for hit in candidate.found}
        ranks: dict[str, int | None] = {}
        for channel in sorted(channels):
            kept = without_channel(ranked, channel, self._weights, wide=self._late == WIDE)
            place = _place(rank(kept, intent, self._weights), root, chunk)
            ranks[channel] = None if place is None else place + 1
        return ranks


def check_limit(limit: int) -> None:
    """Raise UsageError for a number of hits that no answer can have."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit is {limit:,}.", f"Choose 1 to {MAX_LIMIT:,}.", "limit")


def _intent_of_chunk(chunk: Chunk) -> Intent:
    """A chunk as a query: its terms for BM25, but no words that would favour its own names and folders."""
    intent = intent_of(f"{' '.join(chunk.symbols)} {chunk.content}")
    stem = PurePosixPath(chunk.uri).stem
    return Intent(stem, intent.terms, {}, frozenset(), frozenset(PLACE_REASONS))


def _rarity(snapshots: Sequence[Snapshot]) -> Rarity:
    """A term's idf, over several roots that of the root with most chunks: shares only, so near enough."""
    return max(snapshots, key=lambda snapshot: len(snapshot.chunks)).lexical.idf


def _of_root(snapshots: Sequence[Snapshot], root: Root) -> Snapshot:
    return next(snapshot for snapshot in snapshots if snapshot.root == root)


def _place(ranked: Sequence[Candidate], root: Root, chunk: Chunk) -> int | None:
    wanted = (root.name, chunk.id)
    places = (at for at, one in enumerate(ranked) if (one.root.name, one.chunk.id) == wanted)
    return next(places, None)


def _absence(snapshots: Sequence[Snapshot], root: Root, chunk: Chunk, query: Query) -> str:
    snapshot = _of_root(snapshots, root)
    for qualifier in query.qualifiers:
        admitted = allowed_chunks(snapshot.chunks, [qualifier], snapshot.symbols) or []
        if all(other.id != chunk.id for other in admitted):
            return f"{qualifier} leaves it out."
    return "No channel has it among its best candidates: neither its words nor its meaning are close enough."


def _answer(
    text: str, plan: str, hits: Sequence[Hit], snapshots: Sequence[Snapshot], found: int, started: float
) -> Answer:
    coverage = Coverage.over(snapshots)
    return Answer(text, plan, tuple(hits), coverage, found, (time.perf_counter() - started) * 1000)
