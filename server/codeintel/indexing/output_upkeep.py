"""What becomes of an encoder's outputs once they are written: settled, merged, listed; files are output_segments'."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from codeintel.cancellation import CancelCheck
from codeintel.catalog.store import Store
from codeintel.engines.late_lists import build_lists
from codeintel.engines.ragged_view import Held, RaggedView
from codeintel.indexing.output_segments import Written, merge_segments, segment_of
from codeintel.indexing.state import IndexState
from codeintel.indexing.token_lists import is_held, unlisted, write_token_lists
from codeintel.models.outputs import Output


class OutputUpkeep:
    """Steps between generations of one root; `publishing` is the lock under which generations are made."""

    def __init__(self, state: IndexState, store: Store, publishing: threading.RLock, *, wide: bool) -> None:
        self._state = state
        self._store = store
        self._publishing = publishing
        self._wide = wide

    def adopt(self, store: Store) -> None:
        """Go on with the index as it was opened again."""
        self._store = store

    def settle(self, segments: Mapping[Output, Written]) -> None:
        """Look for rows that have just been written where they lie now."""

        def settled(output: Output, view: RaggedView) -> RaggedView:
            written = segments.get(output)
            return view.settled(written.segment, written.rows) if written else view

        self._state.lay_outputs(settled)

    def merge(self) -> None:
        """Make one segment of those that have worn out or are many and small; under the lock."""
        crowds = {output: view.crowded() for output, view in self._state.saved.outputs.items()}
        self._merge({output: crowd for output, crowd in crowds.items() if crowd})

    def list_tokens(self, cancelled: CancelCheck) -> None:
        """Have lists over token vectors where comparing each with a query would take too long.

        Clustering takes seconds, so that it is not done under the lock that a save waits for. Raises Cancelled.
        """
        if not self._wide or not self._store.writable or not unlisted(self._state.saved):
            return
        with self._publishing:
            crowd = unlisted(self._state.saved)
            if len(crowd) > 1:
                self._merge({Output.TOKENS: crowd})
                crowd = unlisted(self._state.saved)
        if not crowd:
            return
        lists = build_lists(crowd[0].segment, cancelled)
        with self._publishing:
            if self._store.writable and is_held(self._state.saved, lists.segment):
                artifacts = write_token_lists(self._store, lists)
                self._store.publish({}, artifacts=[*self._store.manifest.artifacts, *artifacts])
                self._state.lay_lists({lists.segment.name: lists})

    def _merge(self, crowds: Mapping[Output, Sequence[Held]]) -> None:
        merged = merge_segments(self._store, self._state.saved, crowds)
        if not merged:
            return
        outdated = {name for one in merged.values() for name in one.outdated}
        kept = [one for one in self._store.manifest.artifacts if segment_of(one.name) not in outdated]
        self._store.publish({}, artifacts=[*kept, *(one.artifact for one in merged.values())])

        def laid(output: Output, view: RaggedView) -> RaggedView:
            one = merged.get(output)
            return view.merged(one.outdated, one.segment) if one else view

        self._state.lay_outputs(laid)
