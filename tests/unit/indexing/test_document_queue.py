"""Documents wait once each, the most urgent first, in the order in which they came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codeintel.indexing.document_queue import DocumentQueue, Urgency

STEP = st.one_of(st.tuples(st.sampled_from("abcde"), st.sampled_from(Urgency)), st.none())


@given(st.lists(STEP, max_size=30))
def test_a_queue_is_a_sorted_list_of_distinct_documents(steps: list[tuple[str, Urgency] | None]) -> None:
    queue, model = DocumentQueue(), list[tuple[Urgency, int, str]]()
    for number, step in enumerate(steps):
        if step is None:
            expected = min(model, default=None)
            taken = queue.take()
            assert taken == (None if expected is None else (expected[2], expected[0]))
            model = [one for one in model if one != expected]
        else:
            uri, urgency = step
            known = next((one for one in model if one[2] == uri), None)
            if known is None or urgency < known[0]:
                model = [one for one in model if one[2] != uri] + [(urgency, number, uri)]
            queue.put([uri], urgency)
        assert len(queue) == len(model)
        assert queue.urgency == min((one[0] for one in model), default=None)
