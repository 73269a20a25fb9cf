"""Every constant of ranking in one value, so that a benchmark can vary them; how they are used is ranking.py's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# What a match in a field says about a chunk. Names count double, since a definition is what most people look for.
FIELD_BOOSTS: Mapping[str, float] = MappingProxyType({"body": 1.0, "symbols": 2.0, "path": 1.0, "stem": 1.0})


@dataclass(frozen=True, slots=True)
class Weights:
    """The constants of ranking, in units of "first in a channel of weight 1".

    Chosen on the 21 development repositories as the middle of the plateau that leave-one-language-out tuning found,
    not as its best point: the best point gained .003 to .008 in sample and lost .014 on languages it had not seen
    (benchmarks/tune_ranking.py, docs/decisions/0003).
    """

    bm25: float = 1.0
    dense: float = 1.0
    """Contextual vectors, times the share of chunks that have one; .7 to 1.2 measured the same."""
    static: float = 1.0
    """Static vectors, times the share of chunks that have no contextual one yet."""
    lone_name: float = 0.7
    """Share of both vectors' weights that a query of one name leaves them: where it stands counts for more than what is
    near it. .983 instead of .977 on 69 such queries; .3 to .5 measured .984."""
    pasted: float = 0.3
    """Share of both vectors' weights that an error message or a line of a file leaves them: +.02 for messages and for
    traces on the meaning tier (benchmarks/query_kinds.py)."""
    late: float = 0.1
    """Late interaction, for who switches it on: .1 costs .002, .3 .010 (benchmarks/late_ranking.py), so that it is off
    by default (docs/decisions/0014)."""
    splade: float = 0.3
    """Term weights, times the share of chunks that have them, for who switches them on: -.002 [-.007, +.003]
    (benchmarks/ablation.py), so that they are off by default (docs/decisions/0015)."""
    rank_constant: float = 12.0
    """k of reciprocal rank fusion (Cormack et al. 2009, who used 60); smaller trusts the top of a channel more."""
    candidates: int = 150
    """How many hits of each channel are considered; all of them are ranked. 200 measured the same and take a third more
    time; 120 and 100 cost .003 (docs/decisions/0016)."""
    boosts: Mapping[str, float] = field(default_factory=lambda: FIELD_BOOSTS)
    definition: float = 0.75
    """Defines something whose name the query's words make up."""
    definition_named: float = 1.1
    """Defines a name that the query spells out."""
    references: float = 0.1
    """Defines what the code refers to often: between definitions that are alike otherwise. +.0008 in sample and 0 to .8
    alike elsewhere (benchmarks/tune_ranking.py), so no more than that."""
    stem: float = 1.0
    """The file is named after what the query asks; without it, -.028."""
    path: float = 0.4
    coherence: float = 0.7
    """Much of the file matches; without it, -.02; .6 to .8 measured the same."""
    test: float = 0.6
    example: float = 0.4
    vendor: float = 0.3
    doc: float = 0.6
    data: float = 0.2
    generated: float = 0.4
    verbatim: float = 1.5
    """Has words of the query as they stand there, three or more in a row: messages of errors are found at .83, not at
    .56 (benchmarks/query_kinds.py); 2 gives them .02 more and costs the benchmark .001."""
    location: float = 3.0
    """Stands at a place that the query names, such as a frame of a stack trace, which says more than likeness does."""
    repeat: float = 0.6
    """Share of the score that each further chunk of one file, or of one text, loses; 0 costs .02, .5 to .8 measure the
    same."""


DEFAULT_WEIGHTS = Weights()
