"""Which lines of a text stand unchanged in its next version, in order.

As in Bram Cohen's patience diff, what lies between two anchors is matched in the same way again. Anchors are lines that
occur equally often on both sides, each time paired with its like: a text of repeated lines has no others. Unlike a
shortest edit script that takes n log n for any text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

Pair = tuple[int, int]
"""A line of the old text and the line of the new one that it is."""

MAX_GAPS = 10_000
"""So many stretches between anchors are looked at; a guess far above any edit, which has a handful."""


def unchanged_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """The new line of each old line that is still there; both sides increase."""
    matched: dict[int, int] = {}
    gaps = [(0, len(old), 0, len(new))]
    for _ in range(MAX_GAPS):
        if not gaps:
            break
        first, last, begin, end = gaps.pop()
        while first < last and begin < end and old[first] == new[begin]:
            matched[first] = begin
            first, begin = first + 1, begin + 1
        while first < last and begin < end and old[last - 1] == new[end - 1]:
            last, end = last - 1, end - 1
            matched[last] = end
        if anchors := _anchors(old, new, (first, last, begin, end)):
            starts = [(first, begin), *anchors]
            stops = [*anchors, (last, end)]
            gaps += [(a, b, c, d) for (a, c), (b, d) in zip(starts, stops, strict=True)]
    return matched


def _anchors(old: Sequence[str], new: Sequence[str], gap: tuple[int, int, int, int]) -> list[Pair]:
    """The longest increasing run of pairs of lines that occur equally often on each side of the gap."""
    first, last, begin, end = gap
    here, there = _places(old, first, last), _places(new, begin, end)
    pairs = [
        pair
        for line, places in here.items()
        if len(others := there.get(line, ())) == len(places)
        for pair in zip(places, others, strict=True)
    ]
    return _longest_increasing(sorted(pairs))


def _places(lines: Sequence[str], start: int, stop: int) -> dict[str, list[int]]:
    """Where each line stands in a stretch of a text."""
    places: dict[str, list[int]] = {}
    for number in range(start, stop):
        places.setdefault(lines[number], []).append(number)
    return places


def _longest_increasing(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest subsequence whose second parts increase too (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for number, (_, line) in enumerate(pairs):
        pile = bisect_left(tops, line)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [line]
        piles[pile : pile + 1] = [number]
    chain = []
    number = piles[-1] if piles else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
