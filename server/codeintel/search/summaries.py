"""An explanation in one line, and the depths to which one can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # surfaces name a depth before they load the engines
    from codeintel.search.answers import Explanation, Hit

Depth = Literal["one", "signals", "full"]
"""One line of reasons; every part of the score, and the next hit; the evidence and each channel's absence too."""


def reasons(hit: Hit) -> str:
    """Why a hit ranks where it does, the weightiest reason first."""
    weighty = sorted(hit.contributions, key=lambda part: -abs(part.contribution))
    return " · ".join(part.reason for part in weighty)


def summary(explanation: Explanation) -> str:
    """The place of a chunk and the reasons for it, or why it has none, in one line."""
    if explanation.hit is None or explanation.rank is None:
        return explanation.note
    return f"rank {explanation.rank:,} of {explanation.candidates:,}: {reasons(explanation.hit)}"
