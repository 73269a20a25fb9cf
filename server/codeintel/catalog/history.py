"""Which documents changed in which generation: what makes rows current, and what followers catch up on.

Parts and files are not known here. Both maps together list a bounded number of documents, so that a manifest, which
holds them, stays small however long the index lives.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice

MOST_RECENT = 4_096
"""Changed documents that are remembered beyond folding; a follower that missed more opens the index again."""


@dataclass(frozen=True)
class History:
    """The last generation that changed each document.

    `changed` lists those whose older rows may still lie in parts. `recent` lists others, oldest first, whose rows
    were folded since. What changed after generation `recent_from` is in one of the two.
    """

    changed: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)
    recent_from: int = 0

    def since(self, generation: int) -> frozenset[str] | None:
        """The documents that changed after `generation`; None where that is no longer known."""
        if generation < self.recent_from:
            return None
        known = chain(self.recent.items(), self.changed.items())
        return frozenset(uri for uri, changed in known if changed > generation)

    def between(self, low: str, high: str) -> list[str]:
        """The documents of `changed` from `low` to `high`."""
        return self._sorted[bisect_left(self._sorted, low) : bisect_right(self._sorted, high)]

    def changing(self, uris: Collection[str], generation: int) -> History:
        """With `uris` changed in `generation`, the newest."""
        changed = {**self.changed, **dict.fromkeys(sorted(uris), generation)}
        recent = self.recent
        if not recent.keys().isdisjoint(uris):
            recent = {uri: at for uri, at in recent.items() if uri not in changed}
        return _bounded(changed, recent, self.recent_from)

    def folded(self) -> History:
        """Without rows that a later generation superseded: nothing needs `changed` any more but followers."""
        latest = dict(sorted(self.changed.items(), key=lambda change: change[1]))
        return _bounded({}, {**self.recent, **latest}, self.recent_from)

    def untold(self, generation: int) -> History:
        """As a history that says nothing of what changed up to `generation`."""
        return History(self.changed, {}, generation)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.changed)


def _bounded(changed: Mapping[str, int], recent: Mapping[str, int], recent_from: int) -> History:
    """Without the oldest of `recent` where there are too many."""
    excess = min(len(changed) + len(recent) - MOST_RECENT, len(recent))
    if excess <= 0:
        return History(changed, recent, recent_from)
    forgotten = max(islice(recent.values(), excess))
    return History(changed, dict(islice(recent.items(), excess, None)), max(recent_from, forgotten))
