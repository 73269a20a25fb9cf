"""Every constant of ranking in one value, so that a benchmark can vary them; how they are used is ranking.py's."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Weights:
    """The constants of ranking, in units of "first in a channel of weight 1".

    All were chosen on the 21 development repositories by leave-one-language-out (benchmarks/tune_ranking.py).
    """

    bm25: float = 1.0
    dense: float = 1.0
    """Contextual vectors, times the share of chunks that have one."""
    static: float = 0.8
    """Static vectors, times the share of chunks that have no contextual one yet."""
    rank_constant: float = 20.0
    """k of reciprocal rank fusion (Cormack et al. 2009); smaller trusts the top of a channel more."""
    candidates: int = 200
    """How many hits of each channel are considered."""
    boosts: dict[str, float] = field(
        default_factory=lambda: {"body": 1.0, "symbols": 2.0, "path": 1.0, "stem": 1.0}
    )
    definition: float = 0.6
    definition_named: float = 1.2
    stem: float = 0.3
    path: float = 0.15
    coherence: float = 0.3
    test: float = 0.5
    example: float = 0.4
    vendor: float = 0.2
    doc: float = 0.3
    data: float = 0.2
    repeat: float = 0.3


DEFAULT_WEIGHTS = Weights()
