"""The ranks of late interaction where some candidates have no token vectors yet; who is compared is channels'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from codeintel.search.ranking import Candidate, ChannelHit
from codeintel.search.weights import Weights

LATE = "late"
"""The channel of late interaction."""

Scored = Sequence[tuple[float, Candidate]]


def rank_late(
    scored: Scored,
    lacking: Iterable[Candidate],
    everyone: Iterable[Candidate],
    weight: float,
    weights: Weights,
) -> None:
    """Give a place to candidates that were compared, and to those `lacking` what it takes.

    These hold the place that the channels before give them among `everyone`; the others share the places that are left,
    by their scores. So who is not known yet neither gains nor loses by it, and where all are known the places are those
    of the scores alone.
    """
    waiting = {id(candidate) for candidate in lacking}
    held = {
        place: candidate
        for place, candidate in enumerate(_in_order(everyone, weights) if waiting else (), 1)
        if id(candidate) in waiting
    }
    free = (place for place in count(1) if place not in held)
    for place, (score, candidate) in zip(free, sorted(scored, key=_by_score), strict=False):
        candidate.found.append(ChannelHit(LATE, place, score, weight))
    for place, candidate in held.items():
        candidate.found.append(ChannelHit(LATE, place, None, weight))


def _in_order(candidates: Iterable[Candidate], weights: Weights) -> list[Candidate]:
    """Those that some channel found or the query names the place of, the best first by fusion alone."""
    fused = [
        (sum(hit.share(weights) for hit in one.found), one) for one in candidates if one.found or one.located
    ]
    return [one for _, one in sorted(fused, key=_by_score)]


def _by_score(entry: tuple[float, Candidate]) -> tuple[float, int]:
    return -entry[0], entry[1].chunk.id
