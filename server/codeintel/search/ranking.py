"""From channel hits to an order: fusion, priors, file coherence and repeats, each kept as a contribution.

The score is the sum of the contributions by construction; nothing is added that is not listed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from codeintel.catalog.rows import Chunk
from codeintel.search.answers import Contribution
from codeintel.search.intent import Intent
from codeintel.search.locations import Located
from codeintel.search.signals import SignalReader, Signals
from codeintel.search.weights import Weights
from codeintel.symbol_table import SymbolTable
from codeintel.workspace.roots import Root


class ChannelHit(NamedTuple):
    """A candidate's place in one channel: 1-based rank, the channel's own score, and the channel's weight.

    Without a score the candidate could not be compared yet: it holds the place that it has by the other channels.
    """

    channel: str
    rank: int
    score: float | None
    weight: float

    def share(self, weights: Weights) -> float:
        """What it adds by reciprocal rank fusion, scaled so that the first of a channel adds exactly its weight."""
        return self.weight * (weights.rank_constant + 1) / (weights.rank_constant + self.rank)


@dataclass(slots=True)
class Candidate:
    """A chunk that some channel found or the query names the place of, gathering what speaks for it."""

    root: Root
    chunk: Chunk
    found: list[ChannelHit] = field(default_factory=list)
    symbols: SymbolTable | None = None
    """Where the names of its document are known, and of this text; else its own `chunk.symbols` have to do."""
    head: str = ""
    """How its file begins, where generators say that they wrote it."""
    located: Located | None = None
    signals: Signals | None = None
    contributions: list[Contribution] = field(default_factory=list)
    score: float = 0.0
    """The sum of the contributions; `add` keeps it."""

    def add(self, contribution: Contribution) -> None:
        """Let one more thing speak for or against the chunk."""
        self.contributions.append(contribution)
        self.score += contribution.contribution

    @property
    def file(self) -> tuple[str, str]:
        """Which file it is a part of, across roots."""
        return self.root.name, self.chunk.uri


def rank(
    candidates: Sequence[Candidate], intent: Intent, weights: Weights, base: Contribution | None = None
) -> list[Candidate]:
    """Order the candidates, best first, and fill in their contributions; `base` is given to each alike."""
    read_signals(candidates, SignalReader(intent))
    for candidate in candidates:
        candidate.contributions, candidate.score = [], 0.0
        for contribution in chain(
            [base] if base else _fused(candidate, weights), _priors(candidate, intent, weights)
        ):
            candidate.add(contribution)
    _add_references(candidates, weights)
    _add_coherence(candidates, weights)
    _demote_repeats(candidates, weights)
    return sorted(candidates, key=_order)


def read_signals(candidates: Iterable[Candidate], reader: SignalReader) -> None:
    """Have the reader read the signals of those that have none yet."""
    for one in candidates:
        if one.signals is None:
            has_words = any(hit.channel == "bm25" for hit in one.found)
            one.signals = reader.read(one.chunk, one.symbols, one.head, has_words=has_words)


def _order(candidate: Candidate) -> tuple[float, str, int]:
    return -candidate.score, candidate.chunk.uri, candidate.chunk.start_byte


def _fused(candidate: Candidate, weights: Weights) -> Iterable[Contribution]:
    """What each channel adds; `ChannelHit.share` is the formula."""
    for hit in candidate.found:
        known = hit.score is not None
        reason = f"{CHANNEL_NAMES[hit.channel] if known else HELD} rank {hit.rank}"
        yield Contribution(
            hit.channel, "channel", hit.share(weights), reason, hit.weight, hit.rank, hit.score
        )


CHANNEL_NAMES = {
    "bm25": "matching words,",
    "dense": "similar meaning,",
    "static": "similar words,",
    "late": "word by word,",
    "splade": "weighed terms,",
}
HELD = "not compared yet, as"


def _priors(candidate: Candidate, intent: Intent, weights: Weights) -> Iterable[Contribution]:
    signals = candidate.signals
    assert signals is not None
    if signals.definition.strength:
        named = signals.definition.strength == 1.0  # only a name that the query spells out agrees in full
        weight = weights.definition_named if named else weights.definition
        reason = f"defines {signals.definition.names[0]}"
        yield _prior("definition", weight, signals.definition.strength, reason)
    if signals.stem.strength:
        reason = f"the file's name has {_quoted(signals.stem.names)}"
        yield _prior("stem", weights.stem, signals.stem.strength, reason)
    if signals.path.strength:
        reason = f"its folder has {_quoted(signals.path.names)}"
        yield _prior("path", weights.path, signals.path.strength, reason)
    if signals.verbatim.strength and weights.verbatim:
        reason = f"has {_quoted(signals.verbatim.names)}"
        yield _prior("verbatim", weights.verbatim, signals.verbatim.strength, reason)
    if candidate.located:
        reason = f"the query names {candidate.located.location.name}"
        yield _prior("location", weights.location, candidate.located.strength, reason)
    if signals.place and signals.place not in intent.asks:
        yield _prior(signals.place, -getattr(weights, signals.place), 1.0, PLACE_REASONS[signals.place])


PLACE_REASONS = {
    "test": "a test, and the query does not ask for tests",
    "example": "an example, and the query does not ask for examples",
    "vendor": "vendored or legacy code",
    "doc": "documentation, and the query does not ask for it",
    "data": "data rather than code",
    "generated": "a program wrote this file",
}


def _prior(source: str, weight: float, strength: float, reason: str) -> Contribution:
    return Contribution(source, "prior", weight * strength, reason, weight, None, strength)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _add_references(candidates: Sequence[Candidate], weights: Weights) -> None:
    """Of what the query may mean, that is likelier meant which the code refers to more often, on a log scale."""
    counts = [candidate.signals.references.strength if candidate.signals else 0.0 for candidate in candidates]
    most = max(counts, default=0.0)
    if not most or not weights.references:
        return
    for candidate, count in zip(candidates, counts, strict=True):
        if count and (signals := candidate.signals) is not None:
            share = signals.definition.strength * math.log1p(count) / math.log1p(most)
            name, times = signals.references.names[0], "once" if count == 1 else f"{count:,.0f} times"
            candidate.add(_prior("references", weights.references, share, f"{name} is referred to {times}"))


def _add_coherence(candidates: Sequence[Candidate], weights: Weights) -> None:
    """A file in which much matches is likelier the subject: its best chunk gains by the file's share of the most."""
    mass: dict[tuple[str, str], float] = defaultdict(float)
    best: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        file = candidate.file
        mass[file] += max(candidate.score, 0.0)
        held = best.get(file)
        if held is None or _order(candidate) < _order(held):
            best[file] = candidate
    most = max(mass.values(), default=0.0)
    if most <= 0 or not weights.coherence:
        return
    for file, candidate in best.items():
        share = mass[file] / most
        reason = "much of this file matches" if share > 0.5 else "some of this file matches"
        candidate.add(_prior("coherence", weights.coherence, share, reason))


def _demote_repeats(candidates: Sequence[Candidate], weights: Weights) -> None:
    """Each further chunk of a file or of a text loses a share of its score, so that none of them fills the page."""
    of_file: dict[tuple[str, str], int] = defaultdict(int)
    of_text: dict[int, int] = defaultdict(int)
    for candidate in sorted(candidates, key=_order):
        file, text = candidate.file, candidate.chunk.content_hash
        in_file, copies = of_file[file], of_text[text]
        of_file[file], of_text[text] = in_file + 1, copies + 1
        earlier = in_file + copies
        if earlier and weights.repeat and candidate.score > 0:
            lost = candidate.score * (1 - (1 - weights.repeat) ** earlier)
            reasons = [_better(in_file, "in the same file"), _better(copies, "with the same text")]
            reason = ", ".join(filter(None, reasons))
            candidate.add(
                Contribution("repeat", "prior", -lost, reason, -weights.repeat, None, float(earlier))
            )


def _better(count: int, where: str) -> str:
    return f"{count} better {'hit' if count == 1 else 'hits'} {where}" if count else ""
