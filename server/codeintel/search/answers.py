"""What a search returns: hits, the contributions that add up to their scores, and how complete the answer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from codeintel.catalog.rows import Chunk
from codeintel.snapshot import Freshness, Snapshot
from codeintel.workspace.roots import Root


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of the chunk's text behind a contribution; byte offsets are the file's, `share` its part of the score.

    `query` is the query's own word where the channel aligns one with it. `imputed` says that finding the chunk did
    without this piece, of which only an estimate was known then; the share is exact all the same.
    `expanded` says of a term that a model brought it in: the query, or the chunk, does not have it itself.
    """

    text: str
    start_byte: int
    end_byte: int
    share: float
    query: str = ""
    imputed: bool = False
    expanded: bool = False


class Contribution(NamedTuple):
    """What one channel or prior added to a hit's score; a tuple, since a query makes thousands of them.

    `rank` is 1-based within the channel and `score` the channel's own (BM25, cosine); priors have neither. A channel
    that could not compare the chunk yet gives no score and the rank that the chunk has by the others.
    """

    source: str
    kind: Literal["channel", "prior"]
    contribution: float
    reason: str
    weight: float | None = None
    rank: int | None = None
    score: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk of an answer; the contributions sum to `score` within 1e-6."""

    root: Root
    chunk: Chunk
    score: float
    contributions: tuple[Contribution, ...]
    freshness: Freshness = "saved"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the tiers reach, over every root: chunks searchable by text, and those with contextual vectors;
    of the `documents` that have any, those that are `structured`.

    `live` counts documents with unsaved text, `stale` those known to have changed since they were read.
    """

    chunks: int
    meaning: int
    live: int = 0
    stale: int = 0
    structured: int = 0
    documents: int = 0

    @classmethod
    def over(cls, snapshots: Iterable[Snapshot]) -> Coverage:
        """That of some roots together."""
        found = list(snapshots)
        return cls(
            sum(len(one.chunks) for one in found),
            sum(len(one.contextual) for one in found),
            sum(len(one.live) for one in found),
            sum(len(one.stale) for one in found),
            sum(one.structured for one in found),
            sum(one.documents for one in found),
        )

    @property
    def share(self) -> float:
        """The part of the chunks that the meaning tier has reached, 0 to 1."""
        return self.meaning / self.chunks if self.chunks else 1.0

    @property
    def structure_share(self) -> float:
        """The part of the documents that the structure tier has reached, 0 to 1."""
        return self.structured / self.documents if self.documents else 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of a query, best first, with what it took and how complete the index was.

    `uncompared` are chunks among the best candidates whose token vectors are not there yet, though late interaction is
    on: once they are, the order may be a better one.
    """

    query: str
    plan: str
    hits: tuple[Hit, ...]
    coverage: Coverage
    candidates: int
    elapsed_ms: float
    uncompared: tuple[tuple[Root, Chunk], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one chunk stands where it does for a query.

    `hit` and the 1-based `rank` are None where it is not among the `candidates`; then `note` says why, for a hit what a
    channel could not look at yet. `next_hit` is the one below; `without` has the rank it would have without each
    channel, None where it would not be found.
    """

    query: str
    chunk: Chunk
    hit: Hit | None
    rank: int | None
    candidates: int
    next_hit: Hit | None
    without: Mapping[str, int | None]
    note: str
