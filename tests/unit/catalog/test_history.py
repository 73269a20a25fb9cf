from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.catalog import history as module
from codeintel.catalog.history import History

URIS = st.sampled_from(["a.py", "b/a.py", "b/b.py", "ä.py", "z/🙂.py", "zz.py"])
STEPS = st.lists(st.one_of(st.none(), st.sets(URIS, max_size=3)), max_size=12)
"""What happened in each generation: documents changed, or None for a fold."""


@given(STEPS, st.integers(0, 9))
def test_it_tells_all_that_changed_or_that_it_cannot(steps: list[set[str] | None], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_RECENT", most)
        history = History()
        for generation, uris in enumerate(steps, 1):
            history = history.folded() if uris is None else history.changing(uris, generation)
            assert len(history.recent) + len(history.changed) <= max(most, len(history.changed))
    for before in range(len(steps) + 1):
        truth = set().union(*(uris for uris in steps[before:] if uris is not None))
        told = history.since(before)
        assert told is None or told == truth
        assert told is not None or len(set().union(*filter(None, steps))) > most


@given(st.dictionaries(URIS, st.integers(1, 5)), URIS, URIS)
def test_documents_between_two_are_found(changed: dict[str, int], low: str, high: str) -> None:
    assert set(History(changed).between(low, high)) == {uri for uri in changed if low <= uri <= high}


def test_what_was_untold_stays_untold_and_rows_stay_current() -> None:
    history = History().changing(["a.py"], 1).folded().changing(["b.py"], 2).untold(3)
    assert history.changed == {"b.py": 2}
    assert history.since(2) is None
    assert history.changing(["c.py"], 4).since(3) == {"c.py"}


def test_the_oldest_changes_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RECENT", 3)
    history = History()
    for generation, uri in enumerate(["d.py", "c.py", "b.py", "a.py", "d.py"], 1):
        history = history.changing([uri], generation).folded()
    assert history.recent == {"b.py": 3, "a.py": 4, "d.py": 5}
    assert history.since(2) == {"a.py", "b.py", "d.py"}
    assert history.since(1) is None
